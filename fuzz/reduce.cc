#include "fuzz/reduce.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "fuzz/fit.h"
#include "scenarios/explore/smaller_scenarios.h"
#include "scenarios/scenario.h"

namespace racewalk {
namespace {

bool HasAll(const std::vector<Feature>& features, const std::vector<Feature>& wanted) {
  return std::includes(features.begin(), features.end(), wanted.begin(), wanted.end());
}

// A smaller input that can be run, or false.
bool MakeSmaller(const Input& input, Scenario scenario, Input& smaller) {
  smaller = input;
  smaller.subject.scenario = std::move(scenario);
  Fit(smaller.subject);
  return SizeOf(smaller.subject.scenario) < SizeOf(input.subject.scenario) &&
         CheckSubject(smaller.subject).ok();
}

}  // namespace

Reduced Reduce(CorpusEntry entry, const std::vector<Feature>& wanted, const ReduceLimits& limits,
               const InputFunction& run) {
  Reduced reduced;
  for (bool again = true; again;) {
    again = false;
    for (Scenario& scenario : SmallerScenarios(entry.input.subject.scenario)) {
      Input smaller;
      if (!MakeSmaller(entry.input, std::move(scenario), smaller)) continue;
      if (reduced.tries == limits.tries ||
          reduced.executions + kFuzzExecutions > limits.executions) {
        break;
      }
      Coverage coverage;
      const InputResult result = run(smaller, kFuzzExecutions, coverage);
      ++reduced.tries;
      reduced.executions += result.executions;
      if (result.violation) {
        reduced.violations.push_back({.input = std::move(smaller),
                                      .violation = *result.violation,
                                      .execution = reduced.executions});
        continue;
      }
      if (!result.status.ok()) continue;
      std::vector<Feature> features = coverage.Features();
      if (!HasAll(features, wanted)) continue;
      entry = {.input = std::move(smaller), .features = std::move(features)};
      again = true;
      break;
    }
  }
  reduced.entry = std::move(entry);
  return reduced;
}

}  // namespace racewalk
