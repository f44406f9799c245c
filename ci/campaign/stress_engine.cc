#include "ci/campaign/stress_engine.h"

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
#include "absl/strings/str_join.h"
#include "ci/escape.h"
#include "ci/stress_finding.h"
#include "core/violation.h"
#include "scenarios/printer.h"

namespace racewalk {
namespace {

// Together well below the time after which the campaign takes the worker for hung.
constexpr std::chrono::seconds kBudget{20};
constexpr std::chrono::seconds kStuck{20};

class StressEngine final : public CampaignEngine {
 public:
  StressEngine(std::vector<Target> targets, RoundRunner runner, uint64_t rounds)
      : targets_(std::move(targets)), runner_(std::move(runner)), rounds_(rounds) {
    for (const Target& target : targets_) {
      const Subject& subject = target.subject;
      units_.push_back({.engine = "stress",
                        .scenario = ScenarioLabel(subject.scenario),
                        .mmu = subject.mmu,
                        .variant = subject.variant,
                        .weaken = absl::StrJoin(target.weaken, ",")});
    }
  }

  const std::vector<CampaignUnit>& units() const override { return units_; }

  ChunkOutcome Run(std::size_t unit, uint64_t, uint64_t seed) override {
    const Target& target = targets_[unit];
    StressRunOptions options;
    options.seed = seed;
    options.limits.weakened = target.subject.weakened;
    options.budget = kBudget;
    options.rounds = rounds_;
    options.stuck = kStuck;
    ChunkOutcome outcome;
    const absl::StatusOr<StressResult> result =
        RunRounds({target}, options, runner_,
                  {.trouble = [&](const std::string& trouble) { outcome.problem = trouble; }});
    absl::Status status = result.status();
    if (result.ok()) status.Update(result->input);
    if (!status.ok()) {
      outcome.problem = std::string(status.message());
      return outcome;
    }
    outcome.executions = result->rows.front().rounds;
    outcome.nanoseconds = static_cast<uint64_t>(result->seconds * 1e9);
    for (const StressFinding& finding : result->findings) {
      outcome.violations.push_back(SeenOf(finding, target, seed));
    }
    return outcome;
  }

 private:
  static SeenViolation SeenOf(const StressFinding& finding, const Target& target, uint64_t seed) {
    const std::string name = LibraryName(target.subject.scenario);
    std::vector<std::string> words = {"racewalk",
                                      "stress",
                                      name.empty() ? PrintOneLine(target.subject.scenario) : name,
                                      absl::StrCat("--mmu=", target.subject.mmu),
                                      absl::StrCat("--variant=", target.subject.variant),
                                      absl::StrCat("--seed=", seed),
                                      absl::StrCat("--round=", finding.round)};
    if (!target.weaken.empty()) {
      words.push_back(absl::StrCat("--weaken=", absl::StrJoin(target.weaken, ",")));
    }
    for (std::string& word : words) word = ShellQuoted(word);
    return {.kind = Name(finding.kind),
            .invariant = finding.invariant,
            .place = finding.place,
            .other_place = finding.other_place,
            .sentence = finding.sentence,
            .explanation = absl::StrCat("on real threads; the same round again, as often as it "
                                        "takes: ",
                                        absl::StrJoin(words, " ")),
            .timeline = StressFindingText(finding),
            .count = finding.count};
  }

  const std::vector<Target> targets_;
  const RoundRunner runner_;
  const uint64_t rounds_;
  std::vector<CampaignUnit> units_{};
};

}  // namespace

std::unique_ptr<CampaignEngine> MakeStressEngine(std::vector<Target> targets, RoundRunner runner,
                                                 uint64_t rounds) {
  return std::make_unique<StressEngine>(std::move(targets), std::move(runner), rounds);
}

}  // namespace racewalk
