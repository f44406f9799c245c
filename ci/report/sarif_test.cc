// Goal: the log is what section 3 of SARIF 2.1.0 demands, and says where to look. Method: the
// members that are required, the values that are allowed and the form of URIs are checked for all
// objects of a log; the official schema is not part of the tree.
#include "ci/report/sarif.h"

#include <cctype>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/report/json.h"
#include "ci/report/kind_texts.h"
#include "ci/report/sample_report.h"
#include "ci/report/source_paths.h"
#include "core/violation.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

json Parsed(const std::string& text) {
  json parsed = json::parse(text, nullptr, false);
  EXPECT_FALSE(parsed.is_discarded()) << text.substr(0, 500);
  return parsed;
}

// Of RFC 3986, relative, and below the base.
void ExpectRelativeReference(const std::string& uri) {
  ASSERT_THAT(uri, Not(IsEmpty()));
  EXPECT_NE(uri[0], '/') << uri;
  EXPECT_THAT(uri, Not(HasSubstr("..")));
  for (std::size_t i = 0; i < uri.size(); ++i) {
    if (uri[i] == '%') {
      ASSERT_LT(i + 2, uri.size()) << uri;
      EXPECT_TRUE(std::isxdigit(static_cast<unsigned char>(uri[i + 1])) != 0) << uri;
      EXPECT_TRUE(std::isxdigit(static_cast<unsigned char>(uri[i + 2])) != 0) << uri;
    } else {
      EXPECT_TRUE(std::isalnum(static_cast<unsigned char>(uri[i])) != 0 ||
                  absl::StrContains("/._-~", absl::string_view(&uri[i], 1)))
          << uri;
    }
  }
}

void ExpectPhysicalLocation(const json& run, const json& location) {
  const json& artifact = location.at("artifactLocation");
  ExpectRelativeReference(artifact.at("uri").get<std::string>());
  EXPECT_TRUE(run.at("originalUriBaseIds").contains(artifact.at("uriBaseId").get<std::string>()));
  EXPECT_GE(location.at("region").at("startLine").get<int>(), 1);
}

// Placeholders and links of messages would change what is said.
void ExpectMessage(const json& message) {
  const std::string text = message.at("text").get<std::string>();
  EXPECT_THAT(text, Not(IsEmpty()));
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '{' && text[i] != '}') continue;
    ASSERT_LT(i + 1, text.size()) << text;
    EXPECT_EQ(text[i + 1], text[i]) << text;
    ++i;
  }
}

void ExpectResult(const json& run, const json& result) {
  const json& rules = run.at("tool").at("driver").at("rules");
  EXPECT_EQ(rules.at(result.at("ruleIndex").get<std::size_t>()).at("id"), result.at("ruleId"));
  EXPECT_EQ(result.at("kind"), "fail");
  EXPECT_THAT((std::set<std::string>{"none", "note", "warning", "error"}),
              ::testing::Contains(result.at("level").get<std::string>()));
  ExpectMessage(result.at("message"));
  EXPECT_GE(result.at("occurrenceCount").get<int64_t>(), 1);
  EXPECT_LE(result.at("occurrenceCount").get<int64_t>(), INT32_MAX);
  if (result.contains("baselineState")) {
    EXPECT_THAT((std::set<std::string>{"new", "unchanged", "updated", "absent"}),
                ::testing::Contains(result["baselineState"].get<std::string>()));
  }
  EXPECT_THAT(result.at("locations"), SizeIs(1));
  for (const json& location : result.at("locations")) {
    EXPECT_TRUE(location.at("logicalLocations").at(0).at("fullyQualifiedName").is_string());
    if (location.contains("physicalLocation")) {
      ExpectPhysicalLocation(run, location["physicalLocation"]);
    }
  }
  std::set<int> ids;
  for (const json& related : result.value("relatedLocations", json::array())) {
    EXPECT_TRUE(ids.insert(related.at("id").get<int>()).second);
    ExpectPhysicalLocation(run, related.at("physicalLocation"));
    ExpectMessage(related.at("message"));
  }
  for (const json& flow : result.value("codeFlows", json::array())) {
    EXPECT_THAT(flow.at("threadFlows"), SizeIs(1));
    for (const json& step : flow["threadFlows"][0].at("locations")) {
      ExpectPhysicalLocation(run, step.at("location").at("physicalLocation"));
      ExpectMessage(step["location"].at("message"));
    }
  }
  for (const auto& print : result.at("partialFingerprints")) EXPECT_TRUE(print.is_string());
}

// The run of a log that has all that the standard demands.
json CheckedRun(const NightReport& report) {
  const json log = Parsed(SarifJson(report));
  EXPECT_EQ(log.at("version"), "2.1.0");
  EXPECT_THAT(log.at("$schema").get<std::string>(), HasSubstr("sarif-schema-2.1.0.json"));
  EXPECT_THAT(log.at("runs"), SizeIs(1));
  json run = log["runs"][0];
  EXPECT_EQ(run.at("tool").at("driver").at("name"), "racewalk");
  EXPECT_TRUE(run.at("invocations").at(0).at("executionSuccessful").is_boolean());
  std::set<std::string> ids;
  for (const json& rule : run["tool"]["driver"].at("rules")) {
    EXPECT_TRUE(ids.insert(rule.at("id").get<std::string>()).second);
    ExpectMessage(rule.at("shortDescription"));
  }
  for (const json& result : run.at("results")) ExpectResult(run, result);
  return run;
}

TEST(SarifTest, ACleanNightIsARunWithoutResults) {
  const json run = CheckedRun(CleanReport());
  EXPECT_THAT(run["results"], IsEmpty());
  EXPECT_EQ(run["automationDetails"]["id"], "racewalk/second");
  EXPECT_EQ(run["invocations"][0]["startTimeUtc"], "2026-09-22T14:13:20Z");
}

TEST(SarifTest, AResultNamesBothPlacesItsStepsAndItsClass) {
  const json run = CheckedRun(HostileReport());
  ASSERT_THAT(run["results"], SizeIs(2));
  const json& result = run["results"][1];
  EXPECT_EQ(result["ruleId"], "use-after-free");
  EXPECT_EQ(result["baselineState"], "unchanged");
  EXPECT_EQ(run["results"][0]["baselineState"], "new");
  EXPECT_EQ(result["occurrenceCount"], 40);
  EXPECT_EQ(result["partialFingerprints"]["racewalkClass/v1"], "known");
  const json& place = result["locations"][0]["physicalLocation"];
  EXPECT_EQ(place["artifactLocation"]["uri"], "core/tdp/roots.h");
  EXPECT_EQ(place["region"]["startLine"], 233);
  // Two files are called so that a tdp scenario can reach.
  ASSERT_THAT(result["relatedLocations"], SizeIs(2));
  EXPECT_EQ(result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            "core/tdp/fault.h");
  EXPECT_EQ(result["relatedLocations"][1]["physicalLocation"]["artifactLocation"]["uri"],
            "core/vm/fault.h");
  const json& steps = result["codeFlows"][0]["threadFlows"][0]["locations"];
  ASSERT_THAT(steps, SizeIs(2));
  EXPECT_EQ(steps[0]["location"]["message"]["text"], "1 a store roots.h:233 @root_publish");
  EXPECT_EQ(steps[1]["location"]["physicalLocation"]["region"]["startLine"], 240);
  EXPECT_EQ(result["properties"]["token"], "a 'token'");
}

TEST(SarifTest, NoTextBecomesALinkAlsoWithBackslashes) {
  NightReport report = HostileReport();
  for (NightViolation& violation : report.store.violations) violation.explanation.clear();
  const auto message = [&](const char* sentence) {
    report.store.violations[1].sentence = sentence;
    return CheckedRun(report)["results"][1]["message"]["text"].get<std::string>();
  };
  EXPECT_EQ(message(R"(a [b](c))"), R"(a \[b](c))");
  EXPECT_EQ(message(R"(a \[b](c) \d)"), R"(a \\\[b](c) \d)");
  EXPECT_EQ(message(R"(\\[b](c))"), R"(\\\\\[b](c))");
  // Nothing here is a link.
  EXPECT_EQ(message(R"(\[1])"), R"(\[1])");
}

TEST(SarifTest, EveryKindHasASentence) {
  std::set<std::string> texts;
  for (const char* kind : kViolationKindNames) {
    const absl::string_view text = KindText(kind);
    if (std::string(kind) == "none") continue;
    EXPECT_NE(text, KindText("unknown")) << kind;
    EXPECT_TRUE(texts.insert(std::string(text)).second) << kind;
  }
}

TEST(SourcePathsTest, AFileIsThatOfTheMmuAndTheWorld) {
  EXPECT_THAT(FindPlace("state.h:7", "stage2", true).paths,
              ElementsAre("core/stage2/state.h", "core/vm/state.h"));
  EXPECT_THAT(FindPlace("rcu.h:7", "tdp", true).paths, ElementsAre("core/platform/relacy/rcu.h"));
  EXPECT_THAT(FindPlace("rcu.h:7", "tdp", false).paths, ElementsAre("core/platform/native/rcu.h"));
  EXPECT_EQ(FindPlace("rcu.h:7", "tdp", false).line, 7u);
  EXPECT_THAT(FindPlace("gone.h:7", "tdp", true).paths, ElementsAre("gone.h"));
  for (const char* none :
       {"", "rcu.h", ":7", "rcu.h:", "rcu.h:0", "rcu.h:x", "rcu.h:99999999999"}) {
    EXPECT_THAT(FindPlace(none, "tdp", true).paths, IsEmpty()) << none;
    EXPECT_EQ(FindPlace(none, "tdp", true).line, 0u) << none;
  }
}

TEST(ReportJsonTest, TheObjectHasWhatTheDocumentsSay) {
  const json report = Parsed(ReportJson(HostileReport()));
  EXPECT_EQ(report["verdict"], "regression");
  EXPECT_EQ(report["store"], "nights.store");
  ASSERT_THAT(report["nights"], SizeIs(2));
  const json& night = report["nights"][0];
  EXPECT_EQ(night["campaign"], "first");
  EXPECT_EQ(night["started"], "2026-09-21T14:13:20Z");
  EXPECT_EQ(night["engines"][0]["engine"], "explore");
  EXPECT_EQ(night["engines"][0]["executions"], 4000);
  ASSERT_THAT(report["violations"], SizeIs(2));
  const json& known = report["violations"][1];
  EXPECT_EQ(known["class"], "known");
  EXPECT_EQ(known["new"], false);
  EXPECT_EQ(known["scenario"], "fault_vs_fault");
  EXPECT_EQ(known["rows"][0]["strategy"], "random");
  EXPECT_EQ(known["explanation"], nullptr);
  EXPECT_EQ(report["mutants"][0]["killed"], false);
  EXPECT_EQ(report["mutants"][0]["token"], nullptr);
  EXPECT_EQ(report["mutants"][1]["replayed"], false);
  EXPECT_EQ(report["mutants"][1]["searches_killed"], 1);
  EXPECT_EQ(report["incidents"][0]["chunk"], 4);
  EXPECT_EQ(report["comparison"]["regressions"].size(), 3u);
  EXPECT_EQ(report["comparison"]["rate_ratio"], nullptr);
  EXPECT_EQ(Parsed(ReportJson(CleanReport()))["comparison"], nullptr);
}

}  // namespace
}  // namespace racewalk
