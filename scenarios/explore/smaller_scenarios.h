// What a scenario could be made into to become easier to read.
#ifndef RACEWALK_SCENARIOS_EXPLORE_SMALLER_SCENARIOS_H_
#define RACEWALK_SCENARIOS_EXPLORE_SMALLER_SCENARIOS_H_

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "scenarios/scenario.h"

namespace racewalk {

// How much there is to read, the most important number first. Fewer threads
// come before fewer operations, these before headers, and all before smaller
// numbers.
struct ScenarioSize {
  uint64_t threads = 0;
  uint64_t operations = 0;  // with repeats unrolled, setup, after and checks included
  uint64_t racing = 0;      // those of threads
  uint64_t words = 0;       // as written: a repeat counts once, and its body once
  uint64_t headers = 0;     // that differ from their default
  uint64_t frames = 0;
  uint64_t unusual = 0;  // words that a simpler one may stand for
  uint64_t width = 0;    // of all ranges
  uint64_t numbers = 0;  // their sum
  auto operator<=>(const ScenarioSize&) const = default;
};
ScenarioSize SizeOf(const Scenario& scenario);

// Valid scenarios that are smaller, by SizeOf, without duplicates, the boldest
// first: whole threads, halves of operation lists, single operations, then
// headers, frames, words and numbers. Whether they fit an MMU is not looked at.
// Thread indices stay what they are unless a thread goes.
std::vector<Scenario> SmallerScenarios(const Scenario& scenario);

// The same scenario for one MMU and variant, said with as few headers as
// possible, without name and summary.
Scenario Narrowed(Scenario scenario, const std::string& mmu, const std::string& variant);

// With names as the library gives them: vcpu a, b, ...; host h, i; vmm m, n.
Scenario WithPlainNames(Scenario scenario);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_SMALLER_SCENARIOS_H_
