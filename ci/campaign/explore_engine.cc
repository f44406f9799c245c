#include "ci/campaign/explore_engine.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "ci/chunk.h"
#include "ci/terminal.h"

namespace racewalk {
namespace {

class ExploreEngine final : public CampaignEngine {
 public:
  ExploreEngine(std::vector<Unit> units, ExplorerFactory factory, uint64_t executions)
      : plan_(std::move(units)),
        executions_(executions),
        runner_(&plan_, std::move(factory), TextStyle{}) {
    for (const Unit& unit : plan_) {
      const Subject& subject = unit.target.subject;
      units_.push_back({.engine = "explore",
                        .scenario = ScenarioLabel(subject.scenario),
                        .mmu = subject.mmu,
                        .variant = subject.variant,
                        .strategy = unit.strategy,
                        .weaken = absl::StrJoin(unit.target.weaken, ",")});
    }
  }

  const std::vector<CampaignUnit>& units() const override { return units_; }

  void Leave() override { runner_.Close(); }

  ChunkOutcome Run(std::size_t unit, uint64_t, uint64_t seed) override {
    ChunkOutcome outcome;
    std::vector<uint64_t> interleavings;
    uint64_t choices = 0;
    uint64_t sightings = 0;
    // A violation ends what the runner does; the executions behind it are run as well.
    while (outcome.executions < executions_ && sightings < kMostSightings) {
      ChunkResult result = runner_.Run({.unit = unit,
                                        .seed = seed,
                                        .first = outcome.executions,
                                        .count = executions_ - outcome.executions});
      outcome.executions += result.executions;
      outcome.steps += result.steps;
      outcome.nanoseconds += result.nanoseconds;
      outcome.retire |= result.retire;
      choices += result.choices;
      interleavings.insert(interleavings.end(), result.interleavings.begin(),
                           result.interleavings.end());
      if (!result.status.ok()) {
        outcome.problem = std::string(result.status.message());
        break;
      }
      if (!result.finding) break;
      ++sightings;
      AddViolation(SeenOf(*result.finding), units_[unit].weaken, outcome.violations);
    }
    std::sort(interleavings.begin(), interleavings.end());
    outcome.distinct = static_cast<uint64_t>(
        std::unique(interleavings.begin(), interleavings.end()) - interleavings.begin());
    if (outcome.problem.empty() && sightings == 0 && choices == 0) {
      outcome.problem = "nothing to race: no decision had more than one option";
    }
    return outcome;
  }

 private:
  const std::vector<Unit> plan_;
  const uint64_t executions_;
  std::vector<CampaignUnit> units_{};
  ChunkRunner runner_;
};

}  // namespace

SeenViolation SeenOf(const Finding& finding) {
  return {.kind = Name(finding.kind),
          .invariant = finding.invariant,
          .place = finding.place,
          .other_place = finding.other_place,
          .points = absl::StrJoin(finding.points, ","),
          .sentence = finding.sentence,
          .explanation = finding.explanation,
          .steps = finding.step + 1,
          .token = finding.token,
          .timeline = finding.timeline,
          .trace = finding.trace};
}

std::unique_ptr<CampaignEngine> MakeExploreEngine(std::vector<Unit> units, ExplorerFactory factory,
                                                  uint64_t executions) {
  return std::make_unique<ExploreEngine>(std::move(units), std::move(factory), executions);
}

}  // namespace racewalk
