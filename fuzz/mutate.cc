#include "fuzz/mutate.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/draw.h"
#include "fuzz/edit.h"
#include "fuzz/fit.h"
#include "fuzz/invent.h"
#include "fuzz/tree.h"
#include "scenarios/scenario.h"
#include "scenarios/slot_table.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

constexpr int kEditTries = 16;

using Operations = std::vector<Operation>;

Operations::iterator At(Operations& list, std::size_t index) {
  return list.begin() + static_cast<std::ptrdiff_t>(index);
}

bool TakesFrames(Operands operands) {
  return operands == Operands::kFrame || operands == Operands::kFrames ||
         operands == Operands::kFramesAccess || operands == Operands::kSlotFrames;
}

// One edit of one subject; false where there is nothing of the kind to edit.
class Editor {
 public:
  Editor(Subject& subject, const Limits& limits, Rng& rng)
      : subject_(subject), scenario_(subject.scenario), limits_(limits), rng_(rng) {}

  bool Apply(Mutation kind) {
    switch (kind) {
      case Mutation::kInsert:
        return InsertOperation(subject_, UsualPalette(), rng_);
      case Mutation::kDelete:
        return Delete();
      case Mutation::kDuplicate:
        return Duplicate();
      case Mutation::kMove:
        return Move();
      case Mutation::kSwap:
        return Swap();
      case Mutation::kWord:
        return ChangeWord();
      case Mutation::kFrames:
        return ChangeFrames();
      case Mutation::kNumber:
        return ChangeNumber();
      case Mutation::kRepeat:
        return ChangeRepeat();
      case Mutation::kSetting:
        return ChangeSetting();
      case Mutation::kVariant:
        subject_.variant = DrawFrom(rng_, EveryVariant(subject_.mmu));
        return true;
      case Mutation::kMmu:
        subject_.mmu = subject_.mmu == "tdp" ? "stage2" : "tdp";
        subject_.variant = DrawFrom(rng_, EveryVariant(subject_.mmu));
        return true;
      case Mutation::kAddThread:
        return AddThread();
      case Mutation::kRemoveThread:
        return RemoveThread();
    }
    return false;
  }

 private:
  // A list with at least `least` operations.
  std::optional<Place> DrawPlace(std::size_t least) {
    std::vector<Place> places = PlacesOf(scenario_);
    std::erase_if(places, [&](const Place& place) { return place.list->size() < least; });
    if (places.empty()) return std::nullopt;
    return DrawFrom(rng_, places);
  }

  bool Delete() {
    const std::optional<Place> place = DrawPlace(1);
    if (!place.has_value()) return false;
    Operations& list = *place->list;
    const std::size_t index = DrawIndex(rng_, list);
    list.erase(At(list, index), OneIn(rng_, 8) ? list.end() : At(list, index + 1));
    return true;
  }

  // Into any list that the word may stand in; Fit takes it out of others.
  void InsertSomewhere(Operation operation) {
    std::vector<Place> places = PlacesOf(scenario_);
    std::erase_if(places, [&](const Place& place) {
      return (place.roles & WordOf(operation.verb).roles) == 0;
    });
    Operations& list = *DrawFrom(rng_, places).list;
    const std::size_t at = Between(rng_, 0, static_cast<uint32_t>(list.size()));
    list.insert(At(list, at), std::move(operation));
  }

  bool Duplicate() {
    const std::optional<Place> place = DrawPlace(1);
    if (!place.has_value()) return false;
    Operations& list = *place->list;
    const std::size_t index = DrawIndex(rng_, list);
    Operation copy = list[index];
    if (OneIn(rng_, 2)) {
      list.insert(At(list, index), std::move(copy));
    } else {
      InsertSomewhere(std::move(copy));
    }
    return true;
  }

  bool Move() {
    const std::optional<Place> place = DrawPlace(1);
    if (!place.has_value()) return false;
    const std::size_t index = DrawIndex(rng_, *place->list);
    Operation operation = std::move((*place->list)[index]);
    place->list->erase(At(*place->list, index));
    InsertSomewhere(std::move(operation));
    return true;
  }

  bool Swap() {
    if (OneIn(rng_, 4)) {
      auto& threads = scenario_.threads;
      ScenarioThread& a = threads[DrawIndex(rng_, threads)];
      ScenarioThread& b = threads[DrawIndex(rng_, threads)];
      if (&a == &b || a.role != b.role) return false;
      std::swap(a.operations, b.operations);
      return true;
    }
    const std::optional<Place> place = DrawPlace(2);
    if (!place.has_value()) return false;
    std::swap((*place->list)[DrawIndex(rng_, *place->list)],
              (*place->list)[DrawIndex(rng_, *place->list)]);
    return true;
  }

  bool ChangeWord() {
    const std::optional<Place> place = DrawPlace(1);
    if (!place.has_value()) return false;
    Operation& operation = (*place->list)[DrawIndex(rng_, *place->list)];
    if (operation.verb == Verb::kRepeat) return false;
    const std::optional<Operation> other =
        InventOperation(subject_, place->roles, UsualPalette(), 0, rng_);
    if (!other.has_value() || other->verb == operation.verb) return false;
    const GfnRange range = operation.range;
    const bool keeps = TakesFrames(WordOf(operation.verb).operands);
    operation = *other;
    if (keeps && TakesFrames(WordOf(operation.verb).operands)) operation.range = range;
    return true;
  }

  bool ChangeFrames() {
    std::vector<GfnRange*> ranges;
    for (GfnRange& device : scenario_.devices) ranges.push_back(&device);
    for (Operation* operation : OperationsOf(scenario_)) {
      const Operands operands = WordOf(operation->verb).operands;
      if (TakesFrames(operands)) ranges.push_back(&operation->range);
      if (operands == Operands::kSlotTarget) ranges.push_back(&operation->target);
    }
    if (ranges.empty()) return false;
    GfnRange& range = *DrawFrom(rng_, ranges);
    switch (rng_.Below(4)) {
      case 0:
        if (range.last + 1 < scenario_.frames) ++range.last;
        break;
      case 1:
        if (range.first < range.last) ++range.first;
        break;
      case 2:
        if (range.first > 0) {
          --range.first;
          --range.last;
        }
        break;
      default:
        range = InventRange(scenario_, OneIn(rng_, 2), rng_);
        break;
    }
    return true;
  }

  bool ChangeNumber() {
    std::vector<Operation*> operations = OperationsOf(scenario_);
    std::erase_if(operations, [](const Operation* operation) {
      const Operands operands = WordOf(operation->verb).operands;
      return operands == Operands::kNone || operands == Operands::kFrame ||
             operands == Operands::kFrames;
    });
    if (operations.empty()) return false;
    Operation& operation = *DrawFrom(rng_, operations);
    const GfnRange range = operation.range;
    InventOperands(operation, subject_, rng_);
    operation.range = range;
    return true;
  }

  bool ChangeRepeat() {
    const std::optional<Place> place = DrawPlace(1);
    if (!place.has_value()) return false;
    Operations& list = *place->list;
    const std::size_t index = DrawIndex(rng_, list);
    if (list[index].verb == Verb::kRepeat) {
      Operations body = std::move(list[index].body);
      list.erase(At(list, index));
      list.insert(At(list, index), std::make_move_iterator(body.begin()),
                  std::make_move_iterator(body.end()));
      return true;
    }
    Operation repeat{.verb = Verb::kRepeat};
    InventOperands(repeat, subject_, rng_);
    repeat.body.push_back(std::move(list[index]));
    list[index] = std::move(repeat);
    return true;
  }

  bool ChangeSetting() {
    const Header header = DrawFrom(rng_, kHeaderSpellings);
    InventSetting(header, subject_, limits_, rng_);
    return true;
  }

  bool AddThread() {
    ScenarioThread thread;
    if (OneIn(rng_, 2)) {
      // The same again, or its end, is what races with itself.
      thread = DrawFrom(rng_, scenario_.threads);
      if (thread.operations.empty()) return false;
      thread.operations.erase(thread.operations.begin(),
                              At(thread.operations, DrawIndex(rng_, thread.operations)));
    } else {
      thread.role = DrawFrom(rng_, kRoleSpellings);
      for (uint32_t count = Between(rng_, 1, 3); count > 0; --count) {
        const std::optional<Operation> operation =
            InventOperation(subject_, RoleBit(thread.role), UsualPalette(), 1, rng_);
        if (operation.has_value()) thread.operations.push_back(*operation);
      }
    }
    scenario_.threads.push_back(std::move(thread));
    return true;
  }

  bool RemoveThread() {
    auto& threads = scenario_.threads;
    const std::size_t index = DrawIndex(rng_, threads);
    const ScenarioThread gone = std::move(threads[index]);
    threads.erase(threads.begin() + static_cast<std::ptrdiff_t>(index));
    if (threads.empty() || OneIn(rng_, 2)) return true;
    ScenarioThread& heir = threads[DrawIndex(rng_, threads)];
    if (heir.role == gone.role) {
      heir.operations.insert(heir.operations.end(), gone.operations.begin(), gone.operations.end());
    }
    return true;
  }

  Subject& subject_;
  Scenario& scenario_;
  const Limits& limits_;
  Rng& rng_;
};

}  // namespace

bool MutateBy(Mutation kind, Subject& subject, const Limits& limits, Rng& rng) {
  Fit(subject);
  return TryEdit(subject, limits, kEditTries,
                 [&](Subject& candidate) { return Editor(candidate, limits, rng).Apply(kind); });
}

Mutation Mutate(Subject& subject, const Limits& limits, Rng& rng) {
  // By Mutation. Another MMU makes another scenario of it, so that is rare.
  constexpr std::array<uint32_t, kMutations.size()> kWeights{8, 4, 3, 4, 3, 5, 6,
                                                             4, 1, 5, 2, 1, 2, 1};
  constexpr int kKinds = 32;
  for (int i = 0; i < kKinds; ++i) {
    const auto kind = static_cast<Mutation>(DrawWeighted(rng, kWeights));
    if (MutateBy(kind, subject, limits, rng)) return kind;
  }
  // Both ways to flush go with everything.
  FlushKind& flush = subject.scenario.flush;
  flush = flush == FlushKind::kAll ? FlushKind::kRange : FlushKind::kAll;
  return Mutation::kSetting;
}

}  // namespace racewalk
