// For tests: what every scenario that the fuzzer makes must be.
#ifndef RACEWALK_FUZZ_SOUNDNESS_H_
#define RACEWALK_FUZZ_SOUNDNESS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "fuzz/fit.h"
#include "scenarios/parser.h"
#include "scenarios/printer.h"
#include "scenarios/subject.h"
#include "scenarios/words.h"

namespace racewalk {

// What is wrong with it; "" if nothing is.
inline std::string Unsoundness(const Subject& subject) {
  const Scenario& scenario = subject.scenario;
  if (const absl::Status status = CheckSubject(subject); !status.ok()) {
    return absl::StrCat(status.message(), "\n", PrintOneLine(scenario));
  }
  for (const std::string& text : {PrintScenario(scenario), PrintOneLine(scenario)}) {
    const absl::StatusOr<Scenario> parsed = ParseScenario(text, "");
    if (!parsed.ok()) return absl::StrCat(parsed.status().message(), "\n", text);
    if (!(*parsed == scenario)) return absl::StrCat("is parsed as another:\n", text);
  }
  if (!scenario.checks.empty()) return "promises what nobody knows to hold";
  if (scenario.mmu != MmuNamed(subject.mmu) ||
      scenario.variants != std::vector<std::string>{subject.variant}) {
    return "does not name its MMU and variant: " + PrintOneLine(scenario);
  }
  Subject again = subject;
  Fit(again);
  if (again.mmu != subject.mmu || again.variant != subject.variant || !(again.scenario == scenario))
    return absl::StrCat("is changed by Fit:\n", PrintOneLine(scenario), "\n",
                        PrintOneLine(again.scenario));
  return "";
}

// As text, to be compared.
inline std::string TextOf(const Subject& subject) {
  return absl::StrCat(PrintOneLine(subject.scenario), " @", subject.mmu, "+", subject.variant);
}

// A subject of a text that holds for `mmu`.
inline Subject SubjectOf(const std::string& text, const std::string& mmu = "tdp",
                         const std::string& variant = "owned") {
  Subject subject{.scenario = ParseScenario(text, "").value(), .mmu = mmu, .variant = variant};
  Fit(subject);
  return subject;
}

}  // namespace racewalk

#endif  // RACEWALK_FUZZ_SOUNDNESS_H_
