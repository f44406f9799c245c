// Who runs for how many steps: a schedule in a form that can be cut and edited.
//
// A path (path.h) names one execution and fits nothing else. A rota is a wish:
// it can be followed in a scenario that has changed a little, so that a failing
// schedule is carried over to a smaller scenario, or to a simpler schedule.
#ifndef RACEWALK_SCENARIOS_EXPLORE_ROTA_H_
#define RACEWALK_SCENARIOS_EXPLORE_ROTA_H_

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/platform/decisions.h"
#include "scenarios/explore/path.h"
#include "scenarios/explore/strategy.h"

namespace racewalk {

struct Turn {
  uint32_t thread = 0;
  uint32_t steps = 0;
  bool operator==(const Turn&) const = default;
};

// By thread: what it chose, in order, where there was something to choose.
using ThreadChoices = std::array<std::vector<uint32_t>, kMaxThreads>;

struct Rota {
  std::vector<Turn> turns{};
  ThreadChoices choices{};
  bool operator==(const Rota&) const = default;
};

// Neighbours of one thread become one turn, empty ones go.
void MergeTurns(Rota& rota);

// How hard an execution is to follow: the smaller is the simpler.
struct RotaCost {
  uint64_t preemptions = 0;  // see WouldPreempt
  uint64_t unusual = 0;      // choices other than 0
  uint64_t steps = 0;
  auto operator<=>(const RotaCost&) const = default;
};

// Hands the choices of one execution out again. A choice that is not offered, or
// beyond what is known, is 0. Thread-compatible; allocates nothing.
class ChoiceReader {
 public:
  void Begin() { next_ = {}; }
  uint32_t Next(const ThreadChoices& choices, std::size_t thread, uint32_t n) {
    const std::size_t index = next_[thread]++;
    const std::vector<uint32_t>& known = choices[thread];
    return index < known.size() && known[index] < n ? known[index] : 0;
  }

 private:
  std::array<std::size_t, kMaxThreads> next_{};
};

// Lets threads run as a rota says, whatever the key. A turn whose thread cannot
// go on ends; beyond the rota all decisions are the usual ones. So it never diverges.
// Thread-compatible; allocates nothing while an execution runs.
class RotaStrategy final : public Strategy {
 public:
  explicit RotaStrategy(Rota rota) : rota_(std::move(rota)) {}

  void Begin(uint64_t key) override;
  int Pick(const PickView& view) override;
  void Forced(const PickView& view) override;
  uint32_t Choose(uint32_t n, Choice kind) override;
  // Not a spec for MakeStrategy: a path names the execution that it leads to.
  std::string spec() const override { return "rota"; }

 private:
  // Notes a step of `thread`, as part of the turn if it is that thread's.
  void Step(uint32_t thread);

  Rota rota_;
  std::size_t turn_ = 0;
  uint32_t taken_ = 0;  // steps of that turn
  std::size_t thread_ = 0;
  ChoiceReader reader_{};
};

// Picks as another strategy does, and makes choices that are given: so that an
// enumeration goes through the schedules only. Thread-compatible.
class GivenChoices final : public Strategy {
 public:
  // `inner` must outlive this.
  GivenChoices(Strategy& inner, ThreadChoices choices)
      : inner_(inner), choices_(std::move(choices)) {}

  void Begin(uint64_t key) override;
  int Pick(const PickView& view) override;
  void Forced(const PickView& view) override;
  uint32_t Choose(uint32_t n, Choice kind) override;
  void End() override { inner_.End(); }
  std::string spec() const override { return inner_.spec(); }
  std::optional<Divergence> divergence() const override { return inner_.divergence(); }
  bool exhausted() const override { return inner_.exhausted(); }

 private:
  Strategy& inner_;
  ThreadChoices choices_;
  std::size_t thread_ = 0;
  ChoiceReader reader_{};
};

// Passes everything on to another strategy and writes down what came of it.
// Thread-compatible. Vectors grow while an execution runs.
class RotaRecorder final : public Strategy {
 public:
  // `inner` must outlive this.
  explicit RotaRecorder(Strategy& inner) : inner_(inner) {}

  void Begin(uint64_t key) override;
  int Pick(const PickView& view) override;
  void Forced(const PickView& view) override;
  uint32_t Choose(uint32_t n, Choice kind) override;
  void End() override { inner_.End(); }
  std::string spec() const override { return inner_.spec(); }
  std::optional<Divergence> divergence() const override { return inner_.divergence(); }
  bool exhausted() const override { return inner_.exhausted(); }

  // Of the execution that has ended.
  const Rota& rota() const { return rota_; }
  const RotaCost& cost() const { return cost_; }
  // Without the usual decisions at the end.
  std::vector<PathStep> Path() const;

 private:
  void Step(uint32_t thread);

  Strategy& inner_;
  Rota rota_{};
  RotaCost cost_{};
  std::vector<PathStep> path_{};
  std::size_t path_size_ = 0;  // up to the last decision that was not the usual one
  std::size_t thread_ = 0;
  uint32_t started_ = 0;
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_ROTA_H_
