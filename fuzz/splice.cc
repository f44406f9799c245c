#include "fuzz/splice.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "fuzz/draw.h"
#include "fuzz/edit.h"
#include "fuzz/mutate.h"
#include "fuzz/tree.h"
#include "scenarios/scenario.h"

namespace racewalk {
namespace {

constexpr int kSpliceTries = 16;

// Operations have their parent for a line while they are spliced.
constexpr uint32_t kFromA = 1;
constexpr uint32_t kFromB = 2;

void Mark(Scenario& scenario, uint32_t parent) {
  for (Operation* operation : OperationsOf(scenario)) {
    operation->line = parent;
    operation->column = 0;
  }
  for (ScenarioThread& thread : scenario.threads) thread.line = thread.column = 0;
}

bool Races(const Scenario& scenario, uint32_t parent) {
  return std::any_of(
      scenario.threads.begin(), scenario.threads.end(), [&](const ScenarioThread& thread) {
        return std::any_of(thread.operations.begin(), thread.operations.end(),
                           [&](const Operation& operation) { return operation.line == parent; });
      });
}

class Splicer {
 public:
  Splicer(const Scenario& a, const Scenario& b, const Limits& limits, Rng& rng)
      : a_(a), b_(b), limits_(limits), rng_(rng) {
    Mark(a_, kFromA);
    Mark(b_, kFromB);
  }

  // Turns `scenario`, which is `a` marked or not, into a child of both.
  void Splice(Scenario& scenario) {
    scenario = a_;
    if (OneIn(rng_, 2)) {
      TakeThreads(scenario);
    } else {
      JoinThreads(scenario);
    }
    TakeList(scenario.setup, b_.setup);
    TakeList(scenario.after, b_.after);
    Shorten(scenario);
  }

 private:
  using Threads = std::vector<ScenarioThread>;

  void TakeThreads(Scenario& scenario) {
    Threads& threads = scenario.threads;
    Threads others = b_.threads;
    const auto keep = [&](Threads& from, uint32_t most) {
      const uint32_t count = Between(rng_, 1, std::min(most, static_cast<uint32_t>(from.size())));
      while (from.size() > count) {
        from.erase(from.begin() + static_cast<std::ptrdiff_t>(DrawIndex(rng_, from)));
      }
    };
    keep(threads, limits_.threads - 1);
    keep(others, limits_.threads - static_cast<uint32_t>(threads.size()));
    threads.insert(threads.end(), others.begin(), others.end());
  }

  void JoinThreads(Scenario& scenario) {
    ScenarioThread& thread = scenario.threads[DrawIndex(rng_, scenario.threads)];
    const ScenarioThread& other = DrawFrom(rng_, b_.threads);
    if (thread.role != other.role) return;
    auto& list = thread.operations;
    const auto index = [&](std::size_t size) {
      return static_cast<std::ptrdiff_t>(Between(rng_, 0, static_cast<uint32_t>(size)));
    };
    list.erase(list.begin() + index(list.size()), list.end());
    list.insert(list.end(), other.operations.begin() + index(other.operations.size()),
                other.operations.end());
  }

  // Either's, or both one after the other.
  void TakeList(std::vector<Operation>& list, const std::vector<Operation>& other) {
    const uint32_t how = rng_.Below(3);
    if (how == 0) return;
    if (how == 1) list.clear();
    list.insert(list.end(), other.begin(), other.end());
  }

  void Shorten(Scenario& scenario) {
    while (RunsOf(scenario) > limits_.operations) {
      std::vector<Place> places = PlacesOf(scenario);
      std::erase_if(places, [](const Place& place) { return place.list->empty(); });
      auto& list = *DrawFrom(rng_, places).list;
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(DrawIndex(rng_, list)));
    }
  }

  Scenario a_;
  Scenario b_;
  Limits limits_;
  Rng& rng_;
};

}  // namespace

Subject Splice(const Subject& a, const Subject& b, const Limits& limits, Rng& rng) {
  Subject child = a;
  Fit(child);
  const Limits widened = Widened(limits, child.scenario);
  Splicer splicer(child.scenario, b.scenario, widened, rng);
  const bool spliced = TryEdit(child, limits, kSpliceTries, [&](Subject& subject) {
    splicer.Splice(subject.scenario);
    Fit(subject);
    if (!CheckSubject(subject).ok()) DropEndings(subject.scenario);
    return Races(subject.scenario, kFromA) && Races(subject.scenario, kFromB);
  });
  if (!spliced) Mutate(child, limits, rng);
  Mark(child.scenario, 0);
  return child;
}

}  // namespace racewalk
