#include "fuzz/tree.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "scenarios/scenario.h"
#include "scenarios/validate.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

void Add(const Place& place, std::vector<Place>& places) {
  places.push_back(place);
  for (Operation& operation : *place.list) {
    if (operation.verb != Verb::kRepeat) continue;
    Place body = place;
    body.list = &operation.body;
    ++body.depth;
    Add(body, places);
  }
}

template <typename Pointer, typename List>
void AddOperations(List& list, std::vector<Pointer>& operations) {
  for (auto& operation : list) {
    operations.push_back(&operation);
    AddOperations(operation.body, operations);
  }
}

template <typename Pointer, typename Tree>
std::vector<Pointer> Collect(Tree& scenario) {
  std::vector<Pointer> operations;
  AddOperations(scenario.setup, operations);
  for (auto& thread : scenario.threads) AddOperations(thread.operations, operations);
  AddOperations(scenario.after, operations);
  return operations;
}

}  // namespace

std::vector<Place> PlacesOf(Scenario& scenario) {
  std::vector<Place> places;
  Add({.kind = Place::Kind::kSetup, .list = &scenario.setup}, places);
  for (ScenarioThread& thread : scenario.threads) {
    Add({.kind = Place::Kind::kThread, .roles = RoleBit(thread.role), .list = &thread.operations},
        places);
  }
  Add({.kind = Place::Kind::kAfter, .list = &scenario.after}, places);
  return places;
}

std::vector<Operation*> OperationsOf(Scenario& scenario) { return Collect<Operation*>(scenario); }

std::vector<const Operation*> OperationsOf(const Scenario& scenario) {
  return Collect<const Operation*>(scenario);
}

uint64_t RunsOf(const Scenario& scenario) {
  uint64_t runs = RunsOf(scenario.setup) + RunsOf(scenario.after);
  for (const ScenarioThread& thread : scenario.threads) runs += RunsOf(thread.operations);
  return runs;
}

std::size_t RacersOf(const Scenario& scenario) {
  return static_cast<std::size_t>(
      std::count_if(scenario.threads.begin(), scenario.threads.end(),
                    [](const ScenarioThread& thread) { return !thread.operations.empty(); }));
}

}  // namespace racewalk
