#include "fuzz/edit.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "fuzz/draw.h"
#include "fuzz/tree.h"

namespace racewalk {
namespace {

// Deeper ones are unrolled too and tell no more.
constexpr int kDeepestRepeat = 2;

bool SameMeaning(const Subject& a, const Subject& b) {
  return a.mmu == b.mmu && a.variant == b.variant && a.scenario == b.scenario;
}

}  // namespace

Limits Widened(const Limits& limits, const Scenario& scenario) {
  return {.threads = std::max(limits.threads, static_cast<uint32_t>(scenario.threads.size())),
          .operations = std::max(limits.operations, static_cast<uint32_t>(RunsOf(scenario))),
          .frames = std::max(limits.frames, scenario.frames)};
}

bool TryEdit(Subject& subject, const Limits& limits, int tries,
             absl::FunctionRef<bool(Subject&)> edit) {
  const Limits widened = Widened(limits, subject.scenario);
  for (int i = 0; i < tries; ++i) {
    Subject candidate = subject;
    if (!edit(candidate)) continue;
    Fit(candidate);
    if (SameMeaning(candidate, subject) || !Within(candidate.scenario, widened)) continue;
    if (!CheckSubject(candidate).ok()) continue;
    subject = std::move(candidate);
    return true;
  }
  return false;
}

bool InsertOperation(Subject& subject, const Palette& palette, Rng& rng) {
  const std::vector<Place> places = PlacesOf(subject.scenario);
  std::vector<uint32_t> weights;
  for (const Place& place : places) {
    weights.push_back(place.kind == Place::Kind::kThread  ? 6
                      : place.kind == Place::Kind::kSetup ? 4
                                                          : 1);
  }
  const Place& place = places[DrawWeighted(rng, weights)];
  const std::optional<Operation> operation =
      InventOperation(subject, place.roles, palette, kDeepestRepeat - place.depth, rng);
  if (!operation.has_value()) return false;
  const auto at =
      static_cast<std::ptrdiff_t>(Between(rng, 0, static_cast<uint32_t>(place.list->size())));
  place.list->insert(place.list->begin() + at, *operation);
  return true;
}

}  // namespace racewalk
