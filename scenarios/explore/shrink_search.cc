#include "scenarios/explore/shrink_search.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "scenarios/explore/exhaustive_strategy.h"
#include "scenarios/explore/strategy.h"

namespace racewalk {
namespace {

// Those that need few preemptions first: what they find is the easiest to read.
constexpr std::array<const char*, 4> kStrategies = {"pct:2", "random", "pct:3", "pos"};
// Of the first round; each round is twice as long as the one before.
constexpr uint64_t kFirstRound = 50;
// So many executions are run before the steps that they took are looked at.
constexpr uint64_t kSlice = 128;

// Runs executions from `first` on, at most `count`, past violations that are
// not the goal, until the goal is seen at a cost below `below`. `first` is
// advanced.
std::optional<Witness> RunUntilSeen(Explorer& explorer, const ShrinkGoal& goal, Strategy& strategy,
                                    uint64_t seed, uint64_t& first, uint64_t count,
                                    const std::optional<RotaCost>& below, SearchBudget& budget) {
  RotaRecorder recorder(strategy);
  const uint64_t end = first + count;
  while (first < end && !budget.spent() && !recorder.exhausted()) {
    const uint64_t asked = std::min({end - first, budget.executions, kSlice});
    const Batch batch = explorer.Run(recorder, seed, first, asked, nullptr);
    first += batch.executions;
    budget.executions -= std::min(batch.executions, budget.executions);
    budget.steps -= std::min(batch.steps, budget.steps);
    if (!batch.violated) continue;
    --budget.failures;
    if (!goal.MetBy(batch.violation)) continue;
    if (!below || recorder.cost() < *below) return Witness{recorder.rota(), recorder.cost()};
  }
  return std::nullopt;
}

// Drops turn `i`: its steps go to the thread's next turn, or to the usual end.
Rota Postponed(const Rota& rota, std::size_t i) {
  Rota edited = rota;
  const Turn turn = edited.turns[i];
  edited.turns.erase(edited.turns.begin() + static_cast<std::ptrdiff_t>(i));
  const auto next =
      std::find_if(edited.turns.begin() + static_cast<std::ptrdiff_t>(i), edited.turns.end(),
                   [&](const Turn& other) { return other.thread == turn.thread; });
  if (next != edited.turns.end()) next->steps += turn.steps;
  MergeTurns(edited);
  return edited;
}

// The thread's next turn comes at once; false if there is none.
bool Prolong(Rota& rota, std::size_t i) {
  const auto begin = rota.turns.begin() + static_cast<std::ptrdiff_t>(i);
  const auto next = std::find_if(begin + 1, rota.turns.end(),
                                 [&](const Turn& other) { return other.thread == begin->thread; });
  if (next == rota.turns.end()) return false;
  begin->steps += next->steps;
  next->steps = 0;
  MergeTurns(rota);
  return true;
}

// Turn `i` goes on for as long as its thread can.
Rota Endless(const Rota& rota, std::size_t i) {
  constexpr uint32_t kForGood = uint32_t{1} << 20;
  Rota edited = rota;
  edited.turns[i].steps = kForGood;
  for (std::size_t j = i + 1; j < edited.turns.size(); ++j) {
    if (edited.turns[j].thread == edited.turns[i].thread) edited.turns[j].steps = 0;
  }
  MergeTurns(edited);
  return edited;
}

// Without the turns of [begin, end).
Rota Without(const Rota& rota, std::size_t begin, std::size_t end) {
  Rota edited = rota;
  edited.turns.erase(edited.turns.begin() + static_cast<std::ptrdiff_t>(begin),
                     edited.turns.begin() + static_cast<std::ptrdiff_t>(end));
  MergeTurns(edited);
  return edited;
}

// Goes through what may be simpler than a witness, and makes one at a time:
// those of a livelock have thousands of turns.
class Simplifier {
 public:
  Simplifier(Explorer& explorer, const ShrinkGoal& goal, Witness witness, SearchBudget& budget)
      : explorer_(explorer), goal_(goal), best_(std::move(witness)), budget_(budget) {}

  Witness Run() {
    for (bool better = true; better && !budget_.spent();) {
      better = false;
      better |= Try(WithChoices({}));
      better |= CutTurns();
      better |= EditTurns();
      better |= EditChoices();
    }
    return best_;
  }

 private:
  bool Try(const Rota& rota) {
    if (budget_.spent() || rota == best_.rota) return false;
    std::optional<Witness> found = Follow(explorer_, goal_, rota, budget_);
    if (!found || found->cost >= best_.cost) return false;
    best_ = *std::move(found);
    return true;
  }

  std::size_t turns() const { return best_.rota.turns.size(); }

  Rota WithChoices(const ThreadChoices& choices) const {
    return {.turns = best_.rota.turns, .choices = choices};
  }

  // The end, then shorter and shorter parts.
  bool CutTurns() {
    bool better = false;
    for (std::size_t size = turns() / 2; size > 0; size /= 2) {
      for (std::size_t end = turns(); end > 0 && !budget_.spent();) {
        const std::size_t begin = end - std::min(size, end);
        better |= Try(Without(best_.rota, begin, end));
        end = std::min(begin, turns());
      }
    }
    return better;
  }

  bool EditTurns() {
    bool better = false;
    for (std::size_t i = 0; i < turns() && !budget_.spent(); ++i) {
      better |= Try(Postponed(best_.rota, i));
      if (i >= turns()) break;
      Rota prolonged = best_.rota;
      if (Prolong(prolonged, i)) better |= Try(prolonged);
      if (i < turns()) better |= Try(Endless(best_.rota, i));
    }
    return better;
  }

  bool EditChoices() {
    bool better = false;
    for (std::size_t thread = 0; thread < best_.rota.choices.size(); ++thread) {
      for (std::size_t i = 0; i < best_.rota.choices[thread].size(); ++i) {
        ThreadChoices choices = best_.rota.choices;
        if (std::exchange(choices[thread][i], 0) != 0) better |= Try(WithChoices(choices));
      }
    }
    return better;
  }

  Explorer& explorer_;
  const ShrinkGoal& goal_;
  Witness best_;
  SearchBudget& budget_;
};

// Other schedules may ask for more choices than a witness had to make.
constexpr std::size_t kChoicesTried = 8;

// The choices that are known, the usual ones, and the usual ones but one.
std::vector<ThreadChoices> LikelyChoices(const ThreadChoices& known, std::size_t threads) {
  std::vector<ThreadChoices> likely = {known, {}};
  for (std::size_t i = 0; i < kChoicesTried; ++i) {
    for (std::size_t thread = 0; thread < threads; ++thread) {
      ThreadChoices choices;
      choices[thread].resize(i, 0);
      choices[thread].push_back(1);
      likely.push_back(std::move(choices));
    }
  }
  return likely;
}

}  // namespace

std::optional<Witness> Follow(Explorer& explorer, const ShrinkGoal& goal, const Rota& rota,
                              SearchBudget& budget) {
  RotaStrategy strategy(rota);
  uint64_t first = 0;
  return RunUntilSeen(explorer, goal, strategy, 0, first, 1, std::nullopt, budget);
}

std::optional<Witness> FindAgain(Explorer& explorer, const ShrinkGoal& goal, uint64_t seed,
                                 uint64_t steps, const std::optional<RotaCost>& below,
                                 SearchBudget& budget) {
  // No pilot: of a broken subject most of its executions may fail.
  const Profile profile{.threads = static_cast<int>(explorer.thread_names().size()),
                        .steps = std::max<uint64_t>(steps, 1)};
  std::array<std::unique_ptr<Strategy>, kStrategies.size()> strategies;
  std::array<uint64_t, kStrategies.size()> first{};
  for (std::size_t i = 0; i < kStrategies.size(); ++i) {
    strategies[i] = MakeStrategy(kStrategies[i], profile).value();
  }
  for (uint64_t round = kFirstRound; !budget.spent(); round *= 2) {
    for (std::size_t i = 0; i < kStrategies.size(); ++i) {
      std::optional<Witness> found =
          RunUntilSeen(explorer, goal, *strategies[i], seed, first[i], round, below, budget);
      if (found) return found;
    }
  }
  return std::nullopt;
}

std::optional<Witness> FindBounded(Explorer& explorer, const ShrinkGoal& goal, uint32_t preemptions,
                                   const ThreadChoices& choices, SearchBudget& budget) {
  for (const ThreadChoices& given : LikelyChoices(choices, explorer.thread_names().size())) {
    ExhaustiveStrategy schedules(preemptions);
    GivenChoices strategy(schedules, given);
    uint64_t first = 0;
    std::optional<Witness> found =
        RunUntilSeen(explorer, goal, strategy, 0, first, budget.executions, std::nullopt, budget);
    if (found) return found;
  }
  return std::nullopt;
}

Witness Simplify(Explorer& explorer, const ShrinkGoal& goal, Witness witness,
                 SearchBudget& budget) {
  return Simplifier(explorer, goal, std::move(witness), budget).Run();
}

}  // namespace racewalk
