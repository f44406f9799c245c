#include "ci/report/junit.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "ci/escape.h"
#include "ci/report/night_words.h"
#include "ci/report/nights.h"
#include "ci/sentences.h"

namespace racewalk {
namespace {

// Two characters of UTF-8 that HTML takes and XML does not.
std::string Xml(absl::string_view text) {
  return absl::StrReplaceAll(HtmlEscaped(text), {{"\xEF\xBF\xBE", "?"}, {"\xEF\xBF\xBF", "?"}});
}

// Of an attribute: a line end would become a space.
std::string Attribute(absl::string_view text) {
  return absl::StrReplaceAll(Xml(text), {{"\n", "&#10;"}});
}

class Suite {
 public:
  explicit Suite(absl::string_view name) : name_(name) {}

  // `inside` is XML: nothing, or one of those below.
  void Case(absl::string_view classname, absl::string_view name, double seconds,
            const std::string& inside) {
    ++tests_;
    seconds_ += seconds;
    absl::StrAppend(&cases_, "    <testcase classname=\"", Attribute(classname), "\" name=\"",
                    Attribute(name), "\" time=\"", absl::StrFormat("%.3f", seconds), "\"",
                    inside.empty() ? "/>\n" : ">\n", inside,
                    inside.empty() ? "" : "    </testcase>\n");
  }

  std::string Failure(absl::string_view type, absl::string_view message, absl::string_view text) {
    ++failures_;
    return Element("failure", type, message, text);
  }
  std::string Error(absl::string_view type, absl::string_view message, absl::string_view text) {
    ++errors_;
    return Element("error", type, message, text);
  }
  std::string Skipped(absl::string_view message) {
    ++skipped_;
    return Element("skipped", "", message, "");
  }

  std::string Text(const Night& night) const {
    return absl::StrCat("  <testsuite name=\"racewalk.", Attribute(name_), "\" tests=\"", tests_,
                        "\" failures=\"", failures_, "\" errors=\"", errors_, "\" skipped=\"",
                        skipped_, "\" time=\"", absl::StrFormat("%.3f", seconds_),
                        "\" timestamp=\"", absl::StripSuffix(IsoTimeText(night.started), "Z"),
                        "\">\n", cases_, "  </testsuite>\n");
  }

  uint64_t tests() const { return tests_; }
  uint64_t failures() const { return failures_; }
  uint64_t errors() const { return errors_; }
  double seconds() const { return seconds_; }

 private:
  static std::string Element(absl::string_view element, absl::string_view type,
                             absl::string_view message, absl::string_view text) {
    std::string xml = absl::StrCat("      <", element);
    if (!type.empty()) absl::StrAppend(&xml, " type=\"", Attribute(type), "\"");
    absl::StrAppend(&xml, " message=\"", Attribute(message), "\">", Xml(text));
    return absl::StrCat(xml, "</", element, ">\n");
  }

  std::string name_;
  std::string cases_{};
  uint64_t tests_ = 0;
  uint64_t failures_ = 0;
  uint64_t errors_ = 0;
  uint64_t skipped_ = 0;
  double seconds_ = 0;
};

using Suites = std::map<std::string, Suite>;

Suite& Of(Suites& suites, const std::string& name) {
  return suites.try_emplace(name, name).first->second;
}

// Dots make the tree that viewers show.
std::string ClassName(const UnitName& unit) {
  const std::string scenario = unit.scenario.empty() ? unit.weaken : unit.scenario;
  return absl::StrCat("racewalk.", unit.engine, ".", scenario.empty() ? "all" : scenario);
}

std::string CaseName(const UnitName& unit) {
  UnitName rest = unit;
  rest.engine = "explore";  // which is not said
  rest.scenario.clear();
  if (unit.scenario.empty()) rest.weaken.clear();  // it is the class
  const std::string name = UnitText(rest);
  return name.empty() ? unit.engine : name;
}

std::string ViolationText(const NightViolation& violation) {
  std::string text =
      absl::StrCat(violation.kind, violation.invariant.empty() ? "" : " (invariant ",
                   violation.invariant, violation.invariant.empty() ? "" : ")",
                   violation.is_new() ? ", not seen before" : "", "\n", violation.sentence, "\n");
  if (!violation.explanation.empty()) absl::StrAppend(&text, "why: ", violation.explanation, "\n");
  if (!violation.place.empty()) {
    absl::StrAppend(&text, "at ", violation.place,
                    violation.other_place.empty() ? "" : ", made wrong at ", violation.other_place,
                    "\n");
  }
  if (!violation.token.empty()) {
    absl::StrAppend(&text, "replay: ", ReplayCommand(violation.token), "\n");
  }
  return text;
}

void AddRows(const NightReport& report, Suites& suites) {
  std::map<UnitName, std::vector<const NightViolation*>> found;
  for (const NightViolation& violation : report.store.violations) {
    for (const UnitName& unit : violation.units) found[unit].push_back(&violation);
  }
  std::map<UnitName, std::string> incidents;
  for (const NightIncident& incident : report.store.incidents) {
    absl::StrAppend(&incidents[incident.unit], "chunk ", incident.number, ": ", incident.text,
                    "\n");
  }
  for (const UnitWork& row : report.store.units) {
    const UnitName& unit = row.unit;
    if (unit.engine == "mutants") continue;  // told by what became of them
    Suite& suite = Of(suites, unit.engine);
    std::string inside;
    if (const auto violations = found.find(unit); violations != found.end()) {
      std::string text;
      for (const NightViolation* violation : violations->second) {
        absl::StrAppend(&text, text.empty() ? "" : "\n", ViolationText(*violation));
      }
      const NightViolation& first = *violations->second.front();
      inside = suite.Failure(first.kind, first.sentence, text);
    } else if (row.work.lost > 0) {
      const auto texts = incidents.find(unit);
      inside = suite.Error(
          "incident",
          absl::StrCat(Count(row.work.lost, "chunk"), " of ", row.work.chunks, " did not end"),
          texts == incidents.end() ? "" : texts->second);
    }
    suite.Case(ClassName(unit), CaseName(unit), row.work.seconds(), inside);
  }
}

void AddMutants(const NightReport& report, Suites& suites) {
  for (const NightMutant& mutant : report.store.mutants) {
    Suite& suite = Of(suites, "mutants");
    suite.Case(absl::StrCat("racewalk.mutants.", mutant.name.mmu, ".", mutant.name.variant),
               mutant.name.point, mutant.seconds,
               mutant.killed ? ""
                             : suite.Skipped(absl::StrCat("not killed in ",
                                                          Count(mutant.executions, "execution"))));
  }
}

void AddComparison(const NightReport& report, Suites& suites) {
  if (!report.comparison) return;
  Suite& suite = Of(suites, "trend");
  for (const char* kind : {"new-violation", "mutant-not-killed", "rate-fell"}) {
    std::string text;
    std::string first;
    for (const Regression& regression : report.comparison->regressions) {
      if (regression.kind != kind) continue;
      if (first.empty()) first = regression.what;
      absl::StrAppend(&text, regression.what, "\n  look: ", regression.look, "\n");
    }
    suite.Case("racewalk.trend", absl::StrCat("no ", kind), 0,
               text.empty() ? "" : suite.Failure(kind, first, text));
  }
}

}  // namespace

std::string JunitXml(const NightReport& report) {
  Suites suites;
  AddRows(report, suites);
  AddMutants(report, suites);
  AddComparison(report, suites);
  std::string text;
  uint64_t tests = 0;
  uint64_t failures = 0;
  uint64_t errors = 0;
  double seconds = 0;
  for (const auto& [name, suite] : suites) {
    text += suite.Text(report.store.told());
    tests += suite.tests();
    failures += suite.failures();
    errors += suite.errors();
    seconds += suite.seconds();
  }
  return absl::StrCat(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"racewalk\" "
      "tests=\"",
      tests, "\" failures=\"", failures, "\" errors=\"", errors, "\" time=\"",
      absl::StrFormat("%.3f", seconds), "\">\n", text, "</testsuites>\n");
}

}  // namespace racewalk
