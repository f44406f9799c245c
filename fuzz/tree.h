// The operations of a scenario as one sees them who edits it.
#ifndef RACEWALK_FUZZ_TREE_H_
#define RACEWALK_FUZZ_TREE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "scenarios/scenario.h"
#include "scenarios/words.h"

namespace racewalk {

// A list of operations. Adding to or removing from any list of the scenario
// makes those invalid that stand in its repeats.
struct Place {
  enum class Kind : uint8_t { kSetup, kThread, kAfter };
  Kind kind = Kind::kSetup;
  RoleSet roles = kAnyRole;  // whose words may stand there
  int depth = 0;             // repeats around it
  std::vector<Operation>* list = nullptr;
};

// All of them: setup, each thread and after, each followed by the bodies of its repeats.
std::vector<Place> PlacesOf(Scenario& scenario);

// Every operation, repeats included; invalid as soon as a list changes.
std::vector<Operation*> OperationsOf(Scenario& scenario);
std::vector<const Operation*> OperationsOf(const Scenario& scenario);

// Of setup, threads and after, with repeats unrolled.
uint64_t RunsOf(const Scenario& scenario);

// Of threads that have operations.
std::size_t RacersOf(const Scenario& scenario);

}  // namespace racewalk

#endif  // RACEWALK_FUZZ_TREE_H_
