#include "scenarios/explore/smaller_scenarios.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/explore/scenario_numbers.h"
#include "scenarios/validate.h"
#include "scenarios/variants.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

using Operations = std::vector<Operation>;

// Threads, then setup, then after.
std::size_t ListCount(const Scenario& scenario) { return scenario.threads.size() + 2; }
Operations& ListAt(Scenario& scenario, std::size_t index) {
  if (index < scenario.threads.size()) return scenario.threads[index].operations;
  return index == scenario.threads.size() ? scenario.setup : scenario.after;
}

// Words that another of the same range may stand for, and by how much that is simpler.
uint64_t Oddity(const Operation& operation) {
  switch (operation.verb) {
    case Verb::kWrite:
    case Verb::kMigrate:
    case Verb::kSwap:
    case Verb::kInvalidateRoots:
    case Verb::kTestYoung:
      return 1;
    case Verb::kExec:
    case Verb::kPrefetch:
      return 2;
    case Verb::kFault:
      return 3 + static_cast<uint64_t>(operation.access);
    default:
      return 0;
  }
}

// The words to try in its place, the simplest first.
std::vector<Verb> SimplerVerbs(Verb verb) {
  switch (verb) {
    case Verb::kWrite:
      return {Verb::kRead};
    case Verb::kExec:
    case Verb::kPrefetch:
    case Verb::kFault:
      return {Verb::kRead, Verb::kWrite};
    case Verb::kMigrate:
    case Verb::kSwap:
      return {Verb::kUnmap};
    case Verb::kTestYoung:
      return {Verb::kAge};
    case Verb::kInvalidateRoots:
      return {Verb::kZapAll};
    default:
      return {};
  }
}

uint64_t WrittenWords(const Operations& operations) {
  uint64_t words = 0;
  for (const Operation& operation : operations) words += 1 + WrittenWords(operation.body);
  return words;
}

uint64_t OddityOf(const Operations& operations) {
  uint64_t sum = 0;
  for (const Operation& operation : operations) {
    sum += Oddity(operation) + OddityOf(operation.body);
  }
  return sum;
}

uint64_t HeadersOf(const Scenario& scenario) {
  const Scenario usual;
  const auto differs = [](bool same) { return same ? uint64_t{0} : uint64_t{1}; };
  return differs(scenario.levels == usual.levels && scenario.index_bits == usual.index_bits) +
         differs(scenario.host == usual.host) + differs(scenario.logging == usual.logging) +
         differs(scenario.access_kind == usual.access_kind) +
         differs(scenario.split == usual.split) + differs(scenario.flush == usual.flush) +
         differs(scenario.slots.empty()) + differs(scenario.roles == usual.roles) +
         differs(scenario.devices.empty());
}

// Where an operation stands: a list, and the indices that lead to it.
using OperationEdit = std::function<void(Operations& list, std::size_t index)>;

// Applies `edit` to operation `ordinal`, counted in the order of the text; a
// body comes after its repeat. False if there are not as many.
bool EditAt(Operations& list, std::size_t& ordinal, const OperationEdit& edit) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (ordinal == 0) {
      edit(list, i);
      return true;
    }
    --ordinal;
    if (EditAt(list[i].body, ordinal, edit)) return true;
  }
  return false;
}

class Candidates {
 public:
  explicit Candidates(const Scenario& scenario) : scenario_(scenario), size_(SizeOf(scenario)) {}

  std::vector<Scenario> Take() {
    DropThreads();
    DropHalves();
    ForEachOperation([](Operations& list, std::size_t i) { list.erase(At(list, i)); });
    DropChecks();
    MergeThreads();
    MoveOut();
    SimplifyRepeats();
    SimplifyHeaders();
    for (Scenario& fewer : WithFewerFrames(scenario_)) Add(std::move(fewer));
    SimplifyWords();
    for (Scenario& lower : WithLowerNumbers(scenario_)) Add(std::move(lower));
    return std::move(found_);
  }

 private:
  static Operations::iterator At(Operations& list, std::size_t index) {
    return list.begin() + static_cast<std::ptrdiff_t>(index);
  }

  template <typename Edit>
  void Try(const Edit& edit) {
    Scenario copy = scenario_;
    edit(copy);
    Add(std::move(copy));
  }

  void Add(Scenario candidate) {
    if (SizeOf(candidate) >= size_ || !ValidateScenario(candidate).ok()) return;
    if (std::find(found_.begin(), found_.end(), candidate) != found_.end()) return;
    found_.push_back(std::move(candidate));
  }

  // Tries `edit` on a copy for each operation, those inside repeats included.
  void ForEachOperation(const OperationEdit& edit) {
    Scenario original = scenario_;
    for (std::size_t list = 0; list < ListCount(scenario_); ++list) {
      const uint64_t words = WrittenWords(ListAt(original, list));
      // From the end: what comes later needs what comes before.
      for (uint64_t i = words; i-- > 0;) {
        Try([&](Scenario& copy) {
          std::size_t ordinal = i;
          EditAt(ListAt(copy, list), ordinal, edit);
          DropEmptyThreads(copy);
        });
      }
    }
  }

  static void DropEmptyThreads(Scenario& scenario) {
    std::erase_if(scenario.threads,
                  [](const ScenarioThread& thread) { return thread.operations.empty(); });
  }

  void DropThreads() {
    for (std::size_t i = 0; i < scenario_.threads.size(); ++i) {
      Try([&](Scenario& copy) {
        copy.threads.erase(copy.threads.begin() + static_cast<std::ptrdiff_t>(i));
      });
    }
  }

  // Whole lists and halves; of threads only halves, since whole ones have been tried.
  void DropHalves() {
    Try([](Scenario& copy) {
      copy.after.clear();
      copy.checks.clear();
    });
    for (std::size_t list = ListCount(scenario_); list-- > 0;) {
      Scenario original = scenario_;
      const std::size_t size = ListAt(original, list).size();
      if (list >= scenario_.threads.size()) {
        Try([&](Scenario& copy) { ListAt(copy, list).clear(); });
      }
      if (size < 4) continue;
      Try([&](Scenario& copy) {
        Operations& operations = ListAt(copy, list);
        operations.erase(At(operations, size / 2), operations.end());
      });
      Try([&](Scenario& copy) {
        Operations& operations = ListAt(copy, list);
        operations.erase(operations.begin(), At(operations, size / 2));
      });
    }
  }

  void DropChecks() {
    for (std::size_t i = 0; i < scenario_.checks.size(); ++i) {
      Try([&](Scenario& copy) {
        copy.checks.erase(copy.checks.begin() + static_cast<std::ptrdiff_t>(i));
      });
    }
  }

  // One thread does what two of its role did.
  void MergeThreads() {
    for (std::size_t i = 0; i < scenario_.threads.size(); ++i) {
      for (std::size_t j = 0; j < scenario_.threads.size(); ++j) {
        if (i == j || scenario_.threads[i].role != scenario_.threads[j].role) continue;
        Try([&](Scenario& copy) {
          Operations& from = copy.threads[j].operations;
          Operations& to = copy.threads[i].operations;
          to.insert(to.end(), from.begin(), from.end());
          copy.threads.erase(copy.threads.begin() + static_cast<std::ptrdiff_t>(j));
        });
      }
    }
  }

  // What need not race is done before or after the race.
  void MoveOut() {
    for (std::size_t i = 0; i < scenario_.threads.size(); ++i) {
      if (scenario_.threads[i].operations.empty()) continue;
      Try([&](Scenario& copy) {
        Operations& list = copy.threads[i].operations;
        copy.setup.push_back(list.front());
        list.erase(list.begin());
        DropEmptyThreads(copy);
      });
      Try([&](Scenario& copy) {
        Operations& list = copy.threads[i].operations;
        copy.after.insert(copy.after.begin(), list.back());
        list.pop_back();
        DropEmptyThreads(copy);
      });
    }
  }

  void SimplifyRepeats() {
    const auto with_count = [&](const std::function<uint32_t(uint32_t)>& count) {
      ForEachOperation([&](Operations& list, std::size_t i) {
        if (list[i].verb == Verb::kRepeat) list[i].number = std::max(count(list[i].number), 1u);
      });
    };
    ForEachOperation([](Operations& list, std::size_t i) {
      if (list[i].verb != Verb::kRepeat) return;
      const Operations body = list[i].body;
      list.insert(list.erase(At(list, i)), body.begin(), body.end());
    });
    with_count([](uint32_t count) { return count / 2; });
    with_count([](uint32_t count) { return count - 1; });
  }

  void SimplifyHeaders() {
    Try([](Scenario& copy) { copy.slots.clear(); });
    Try([](Scenario& copy) { copy.devices.clear(); });
    Try([](Scenario& copy) { copy.roles = 1; });
    Try([](Scenario& copy) { copy.host = Scenario().host; });
    Try([](Scenario& copy) { copy.logging = Scenario().logging; });
    Try([](Scenario& copy) { copy.access_kind = Scenario().access_kind; });
    Try([](Scenario& copy) { copy.split = Scenario().split; });
    Try([](Scenario& copy) { copy.flush = Scenario().flush; });
    Try([](Scenario& copy) {
      copy.levels = Scenario().levels;
      copy.index_bits = Scenario().index_bits;
    });
  }

  void SimplifyWords() {
    for (std::size_t choice = 0; choice < 2; ++choice) {
      ForEachOperation([&](Operations& list, std::size_t i) {
        const std::vector<Verb> verbs = SimplerVerbs(list[i].verb);
        if (choice < verbs.size()) list[i].verb = verbs[choice];
        list[i].access = Access::kRead;
      });
    }
    for (Access access : {Access::kRead, Access::kWrite}) {
      ForEachOperation([&](Operations& list, std::size_t i) { list[i].access = access; });
    }
  }

  const Scenario& scenario_;
  ScenarioSize size_;
  std::vector<Scenario> found_{};
};

}  // namespace

ScenarioSize SizeOf(const Scenario& scenario) {
  ScenarioSize size;
  size.threads = scenario.threads.size();
  size.operations = RunsOf(scenario.setup) + RunsOf(scenario.after) + scenario.checks.size();
  size.words = WrittenWords(scenario.setup) + WrittenWords(scenario.after) + scenario.checks.size();
  size.unusual = OddityOf(scenario.setup) + OddityOf(scenario.after);
  for (const ScenarioThread& thread : scenario.threads) {
    size.racing += RunsOf(thread.operations);
    size.words += WrittenWords(thread.operations);
    size.unusual += OddityOf(thread.operations);
  }
  size.operations += size.racing;
  size.headers = HeadersOf(scenario);
  size.frames = scenario.frames;
  const NumberSums sums = SumsOf(scenario);
  size.width = sums.width;
  size.numbers = sums.numbers;
  return size;
}

std::vector<Scenario> SmallerScenarios(const Scenario& scenario) {
  return Candidates(scenario).Take();
}

Scenario Narrowed(Scenario scenario, const std::string& mmu, const std::string& variant) {
  scenario.name.clear();
  scenario.summary.clear();
  scenario.mmu = MmuNamed(mmu);
  scenario.variants.clear();
  if (variant != DefaultVariants(scenario.mmu).front()) scenario.variants.push_back(variant);
  return scenario;
}

Scenario WithPlainNames(Scenario scenario) {
  char vcpu = 'a';
  char host = 'h';
  char vmm = 'm';
  for (ScenarioThread& thread : scenario.threads) {
    char& next = thread.role == ThreadRole::kVcpu   ? vcpu
                 : thread.role == ThreadRole::kHost ? host
                                                    : vmm;
    thread.name = std::string(1, next++);
  }
  return scenario;
}

}  // namespace racewalk
