#include "ci/report/sarif.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "ci/escape.h"
#include "ci/report/kind_texts.h"
#include "ci/report/night_words.h"
#include "ci/report/nights.h"
#include "ci/report/source_paths.h"

namespace racewalk {
namespace {

using Sarif = nlohmann::ordered_json;

// Of a violation; viewers step through them one by one.
constexpr std::size_t kMostFlowSteps = 300;

// With a backslash before each bracket, and before each backslash that stands before one: it
// would take away the bracket's.
std::string BracketsEscaped(absl::string_view text) {
  std::string escaped;
  std::size_t backslashes = 0;  // right before this character
  for (const char c : text) {
    if (c == '[') escaped.append(backslashes + 1, '\\');
    backslashes = c == '\\' ? backslashes + 1 : 0;
    escaped += c;
  }
  return escaped;
}

// Section 3.11.5 of the standard: braces in a message are doubled, because single ones stand for
// arguments; 3.11.6: a backslash keeps a bracket from beginning a link.
Sarif Message(absl::string_view text) {
  if (text.empty()) text = "-";
  std::string escaped = absl::StrReplaceAll(text, {{"{", "{{"}, {"}", "}}"}});
  if (absl::StrContains(escaped, "](")) escaped = BracketsEscaped(escaped);
  return {{"text", escaped}};
}

// A relative reference of RFC 3986: what has no place in one is percent-encoded.
std::string UriReference(absl::string_view path) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string uri;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || absl::StrContains("/._-~", absl::string_view(&c, 1))) {
      uri += c;
    } else {
      uri += '%';
      uri += kDigits[byte >> 4];
      uri += kDigits[byte & 15];
    }
  }
  return uri;
}

Sarif Physical(const std::string& path, uint64_t line) {
  return {{"artifactLocation", {{"uri", UriReference(path)}, {"uriBaseId", "SRCROOT"}}},
          {"region", {{"startLine", line}}}};
}

SourcePlace PlaceIn(absl::string_view place, const UnitName& unit) {
  return FindPlace(place, unit.mmu, unit.engine != "stress");
}

Sarif Logical(const UnitName& unit) {
  return Sarif::array({{{"fullyQualifiedName", UnitText(unit)}, {"kind", "scenario"}}});
}

Sarif Locations(const NightViolation& violation) {
  Sarif location = {{"logicalLocations", Logical(violation.unit)}};
  const SourcePlace place = PlaceIn(violation.place, violation.unit);
  if (!place.paths.empty()) {
    location["physicalLocation"] = Physical(place.paths.front(), place.line);
  }
  return Sarif::array({std::move(location)});
}

// The other side, and files of the same name that may be meant.
Sarif RelatedLocations(const NightViolation& violation) {
  Sarif related = Sarif::array();
  const auto add = [&](const SourcePlace& place, std::size_t from, const char* first) {
    for (std::size_t i = from; i < place.paths.size(); ++i) {
      related.push_back(
          {{"id", related.size() + 1},
           {"physicalLocation", Physical(place.paths[i], place.line)},
           {"message", Message(i == 0 ? first : "or here: a file of the same name")}});
    }
  };
  add(PlaceIn(violation.place, violation.unit), 1, "");
  add(PlaceIn(violation.other_place, violation.unit), 0, "this step made it wrong");
  return related;
}

// The lines of a timeline that name a place, in their order.
Sarif CodeFlows(const NightViolation& violation) {
  Sarif steps = Sarif::array();
  for (absl::string_view line : absl::StrSplit(violation.timeline, '\n')) {
    // Columns of threads that are not at work are bars.
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t|"), absl::SkipEmpty());
    if (words.size() < 2 || steps.size() == kMostFlowSteps) continue;
    for (auto word = words.rbegin(); word != words.rend(); ++word) {
      if (!absl::StrContains(*word, ".h:") && !absl::StrContains(*word, ".cc:")) continue;
      const SourcePlace place = PlaceIn(*word, violation.unit);
      if (place.paths.empty()) continue;
      steps.push_back({{"location",
                        {{"physicalLocation", Physical(place.paths.front(), place.line)},
                         {"message", Message(absl::StrJoin(words, " "))}}}});
      break;
    }
  }
  if (steps.empty()) return steps;
  return Sarif::array({{{"threadFlows", Sarif::array({{{"locations", std::move(steps)}}})}}});
}

Sarif Result(const NightReport& report, const NightViolation& violation, std::size_t rule) {
  Sarif result = {
      {"ruleId", violation.kind},
      {"ruleIndex", rule},
      {"kind", "fail"},
      {"level", "error"},
      {"message", Message(violation.explanation.empty()
                              ? violation.sentence
                              : absl::StrCat(violation.sentence, " Why: ", violation.explanation))},
      {"locations", Locations(violation)},
      {"occurrenceCount", std::clamp<uint64_t>(violation.count, 1, INT32_MAX)},
      {"partialFingerprints", {{"racewalkClass/v1", violation.name}}}};
  if (report.store.nights.size() > 1) {
    result["baselineState"] = violation.is_new() ? "new" : "unchanged";
  }
  if (Sarif related = RelatedLocations(violation); !related.empty()) {
    result["relatedLocations"] = std::move(related);
  }
  if (Sarif flows = CodeFlows(violation); !flows.empty()) result["codeFlows"] = std::move(flows);
  result["properties"] = {{"invariant", violation.invariant},
                          {"points", violation.points},
                          {"token", violation.token},
                          {"replay", ReplayCommand(violation.token)}};
  return result;
}

}  // namespace

std::string SarifJson(const NightReport& report) {
  const Night& night = report.store.told();
  std::vector<std::string> kinds;
  Sarif rules = Sarif::array();
  Sarif results = Sarif::array();
  for (const NightViolation& violation : report.store.violations) {
    const auto known = std::find(kinds.begin(), kinds.end(), violation.kind);
    const auto rule = static_cast<std::size_t>(known - kinds.begin());
    if (known == kinds.end()) {
      kinds.push_back(violation.kind);
      rules.push_back({{"id", violation.kind},
                       {"shortDescription", Message(KindText(violation.kind))},
                       {"defaultConfiguration", {{"level", "error"}}}});
    }
    results.push_back(Result(report, violation, rule));
  }
  const Sarif driver = {
      {"name", "racewalk"}, {"version", night.version}, {"rules", std::move(rules)}};
  const Sarif run = {{"tool", {{"driver", driver}}},
                     {"automationDetails", {{"id", absl::StrCat("racewalk/", night.name)}}},
                     {"invocations", Sarif::array({{{"commandLine", report.command},
                                                    {"startTimeUtc", IsoTimeText(night.started)},
                                                    {"executionSuccessful", night.complete()}}})},
                     {"originalUriBaseIds",
                      {{"SRCROOT", {{"description", Message("the top of racewalk's tree")}}}}},
                     {"columnKind", "utf16CodeUnits"},
                     {"results", std::move(results)}};
  const Sarif log = {
      {"$schema",
       "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"},
      {"version", "2.1.0"},
      {"runs", Sarif::array({run})}};
  return log.dump(2, ' ', false, Sarif::error_handler_t::replace) + "\n";
}

}  // namespace racewalk
