// For tests of what runs inputs: features that can be told from the text, without a machine.
#ifndef RACEWALK_FUZZ_TOY_INPUTS_H_
#define RACEWALK_FUZZ_TOY_INPUTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/platform/decisions.h"
#include "core/violation.h"
#include "fuzz/coverage.h"
#include "fuzz/fit.h"
#include "fuzz/input.h"
#include "fuzz/runner.h"
#include "scenarios/parser.h"
#include "scenarios/words.h"

namespace racewalk {

inline Input ToyInput(const std::string& text, const std::string& mmu = "tdp",
                      const std::string& variant = "owned") {
  Input input{
      .subject = {.scenario = ParseScenario(text, "").value(), .mmu = mmu, .variant = variant}};
  Fit(input.subject);
  return input;
}

// Each word of a thread has a pair with each word of each thread after it. What is weakened fails
// where the guest writes.
inline InputResult RunToyInput(const Input& input, uint64_t executions, Coverage& coverage) {
  InputResult result{.executions = executions};
  coverage.Begin();
  const std::vector<ScenarioThread>& threads = input.subject.scenario.threads;
  uint32_t word = 0;
  const auto step = [&](std::size_t thread, const Operation& operation) {
    coverage.Begins(static_cast<int>(thread), operation.verb);
    coverage.Step(static_cast<int>(thread), {.kind = OpKind::kRmw, .location = word});
  };
  for (std::size_t i = 0; i < threads.size(); ++i) {
    for (const Operation& first : threads[i].operations) {
      for (std::size_t j = i + 1; j < threads.size(); ++j) {
        for (const Operation& second : threads[j].operations) {
          ++word;
          step(i, first);
          step(j, second);
        }
      }
      if (first.verb == Verb::kWrite && input.subject.weakened.any()) {
        result.executions = 1;
        result.violation = InputViolation{
            .key = input.key,
            .strategy = input.strategy,
            .violation = {.kind = ViolationKind::kLeak, .what = "a page is left over"}};
      }
    }
  }
  return result;
}

}  // namespace racewalk

#endif  // RACEWALK_FUZZ_TOY_INPUTS_H_
