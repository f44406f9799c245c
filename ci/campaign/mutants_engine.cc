#include "ci/campaign/mutants_engine.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/chunk.h"
#include "ci/kill_replay.h"
#include "ci/mutant_search.h"
#include "ci/plan.h"
#include "ci/sort_by_key.h"
#include "ci/terminal.h"
#include "core/violation.h"

namespace racewalk {
namespace {

using std::chrono::steady_clock;

// A replay leaves memory behind as a violation does, and so does what a search found; the explorers
// that a search makes leave none. A process that is replaced takes along what other engines have
// made ready in it.
constexpr int kKillsPerProcess = 32;

class MutantsEngine final : public CampaignEngine {
 public:
  MutantsEngine(std::vector<MutantUnit> mutants, std::vector<Kill> known, ExplorerFactory factory,
                const MutantLimits& limits)
      : mutants_(std::move(mutants)),
        known_(std::move(known)),
        factory_(std::move(factory)),
        limits_(limits) {
    for (const MutantUnit& mutant : mutants_) {
      units_.push_back({.engine = "mutants",
                        .mmu = mutant.mmu,
                        .variant = mutant.variant,
                        .weaken = mutant.point});
    }
  }

  const std::vector<CampaignUnit>& units() const override { return units_; }

  ChunkOutcome Run(std::size_t unit, uint64_t number, uint64_t seed) override {
    const auto start = steady_clock::now();
    ChunkOutcome outcome;
    outcome.mutant.emplace();
    if (number != 0 || !Replay(mutants_[unit], *outcome.mutant)) {
      Search(mutants_[unit], seed, outcome);
    }
    outcome.retire = kills_ >= kKillsPerProcess;
    const auto used = std::chrono::nanoseconds(steady_clock::now() - start);
    outcome.nanoseconds = static_cast<uint64_t>(used.count());
    if (outcome.executions == 0) outcome.executions = outcome.mutant->executions;
    outcome.mutant->nanoseconds = outcome.nanoseconds;
    if (!outcome.problem.empty()) outcome.mutant.reset();
    return outcome;
  }

 private:
  bool Replay(const MutantUnit& mutant, MutantOutcome& outcome) {
    for (const Kill& kill : known_) {
      if (kill.unit != mutant || !kill.result.killed()) continue;
      ++kills_;
      if (!CheckKill(kill, factory_).ok()) return false;
      outcome = {.killed = true,
                 .executions = 1,
                 .scenario = kill.result.scenario,
                 .kind = kill.result.kind,
                 .token = kill.result.token};
      return true;
    }
    return false;
  }

  void Search(const MutantUnit& mutant, uint64_t seed, ChunkOutcome& outcome) {
    absl::StatusOr<Plan> plan = PlanOfMutant(mutant, {"random", "pct:3", "pos"});
    if (!plan.ok()) {
      outcome.problem = std::string(plan.status().message());
      return;
    }
    const std::vector<std::string> likely = LikelyKillers(mutant, known_);
    const auto is_likely = [&](const Unit& unit) {
      return std::find(likely.begin(), likely.end(), unit.target.subject.scenario.name) !=
             likely.end();
    };
    std::vector<Unit>& units = plan->units;
    SortByKey(units, [&](const Unit& unit) { return is_likely(unit) ? 0 : 1; });
    const auto rest = units.begin() + std::count_if(units.begin(), units.end(), is_likely);
    if (SearchRows({units.begin(), rest}, seed, limits_.likely, outcome)) return;
    SearchRows({rest, units.end()}, seed, limits_.library, outcome);
  }

  // Whether there is no need to go on.
  bool SearchRows(const std::vector<Unit>& units, uint64_t seed, uint64_t count,
                  ChunkOutcome& outcome) {
    ChunkRunner runner(&units, factory_, TextStyle{});
    for (std::size_t i = 0; i < units.size(); ++i) {
      const ChunkResult result = runner.Run({.unit = i, .seed = seed, .count = count});
      outcome.executions += result.executions;
      outcome.steps += result.steps;
      outcome.mutant->executions = outcome.executions;
      if (!result.status.ok()) {
        outcome.problem = absl::StrCat(
            UnitName(units[i]), ": ",
            absl::string_view(result.status.message().data(), result.status.message().size()));
        return true;
      }
      if (!result.finding) continue;
      ++kills_;
      outcome.mutant->killed = true;
      outcome.mutant->scenario = result.finding->scenario;
      outcome.mutant->kind = Name(result.finding->kind);
      outcome.mutant->token = result.finding->token;
      return true;
    }
    return false;
  }

  const std::vector<MutantUnit> mutants_;
  const std::vector<Kill> known_;
  const ExplorerFactory factory_;
  const MutantLimits limits_;
  std::vector<CampaignUnit> units_{};
  int kills_ = 0;  // in this process, of replays and searches
};

}  // namespace

std::unique_ptr<CampaignEngine> MakeMutantsEngine(std::vector<MutantUnit> units,
                                                  std::vector<Kill> known, ExplorerFactory factory,
                                                  const MutantLimits& limits) {
  return std::make_unique<MutantsEngine>(std::move(units), std::move(known), std::move(factory),
                                         limits);
}

}  // namespace racewalk
