#include "ci/fuzz_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/fuzz_pool.h"
#include "ci/sentences.h"

namespace racewalk {
namespace {

using std::chrono::duration;
using std::chrono::steady_clock;

// Of a task that measures: short enough to follow a clock.
constexpr std::size_t kMeasuredAtOnce = 8;
// Executions of a task that measures, roughly.
constexpr uint64_t kMeasuredExecutions = 4000;
// To make one input smaller when a corpus is minimised.
constexpr uint64_t kThoroughTries = 300;
// What goes wrong again and again goes wrong until the end.
constexpr std::size_t kMostLost = 20;
// Of features over time.
constexpr double kMomentStep = 1.5;

class FuzzRun {
 public:
  FuzzRun(const FuzzContext& context, const FuzzRunOptions& options, const FuzzHooks& hooks)
      : context_(context), options_(options), hooks_(hooks) {}

  absl::StatusOr<FuzzResult> Fuzz(const std::vector<FuzzStart>& start) {
    absl::Status status = StartPool();
    if (status.ok()) status = Measure(start, kFuzzExecutions);
    for (std::size_t i = 0; status.ok() && i < measured_.size(); ++i) AddStart(start[i], i);
    begun_ = steady_clock::now();
    // A run that has neither end is for its start alone.
    const bool limited = options_.budget || options_.executions;
    while (status.ok() && limited && !ended_ && !OverAtRound()) status = Round();
    return End(status);
  }

  absl::StatusOr<FuzzResult> Minimize(const std::vector<FuzzStart>& start) {
    absl::Status status = StartPool();
    if (status.ok()) status = Measure(start, kFuzzExecutions);
    std::vector<CorpusEntry> entries = std::move(measured_);
    if (status.ok() && !Spoilt()) status = ReduceCover(entries);
    if (status.ok() && !Spoilt()) {
      for (const CoverMember& member : SmallCover(entries, options_.most)) {
        result_.corpus.Add(std::move(entries[member.index]));
      }
    }
    return End(status);
  }

  absl::StatusOr<FuzzResult> OnlyMeasure(const std::vector<FuzzStart>& start, uint64_t executions) {
    absl::Status status = StartPool();
    if (status.ok()) status = Measure(start, executions);
    return End(status);
  }

 private:
  double Elapsed() const { return duration<double>(steady_clock::now() - start_).count(); }

  // Of the budget, which begins with the first chunk.
  double SecondsLeft() const {
    const double used = begun_ ? duration<double>(steady_clock::now() - *begun_).count() : 0;
    return duration<double>(*options_.budget).count() - used;
  }
  bool TimeOver() const { return options_.budget && SecondsLeft() <= 0; }

  // Whether what is known is not all that there is to know.
  bool Spoilt() const {
    return result_.interrupted || ended_ || !result_.found.empty() || !result_.lost.empty() ||
           !result_.internal_errors.empty();
  }

  absl::Status StartPool() {
    FuzzPoolHooks hooks{.over =
                            [this] {
                              result_.interrupted |= hooks_.interrupted();
                              return result_.interrupted || TimeOver() ||
                                     result_.lost.size() >= kMostLost;
                            },
                        .progress = [this](uint64_t executions) { ShowProgress(executions); },
                        .lost =
                            [this](const LostInput& lost) {
                              result_.lost.push_back(lost);
                              hooks_.lost(lost);
                            }};
    absl::StatusOr<std::unique_ptr<FuzzPool>> pool = FuzzPool::Start(
        context_, {.jobs = options_.jobs, .task_limit = options_.task_limit}, std::move(hooks));
    if (!pool.ok()) return pool.status();
    pool_ = *std::move(pool);
    return absl::OkStatus();
  }

  // The answers, with what is common to all of them taken in already.
  absl::StatusOr<FuzzAnswers> Run(std::vector<FuzzRequest> tasks) {
    absl::StatusOr<FuzzAnswers> answers =
        pool_->Run(std::move(tasks), result_.corpus, context_.settings.stop_at_violation);
    if (!answers.ok()) return answers;
    ended_ |= answers->over || answers->found;
    for (std::optional<FuzzAnswer>& answer : answers->tasks) {
      if (answer) Take(*answer);
    }
    return answers;
  }

  void Take(FuzzAnswer& answer) {
    if (!answer.status.ok()) {
      result_.internal_errors.emplace_back(absl::string_view(answer.status.message()));
      ended_ = true;
    }
    for (FuzzFinding& found : answer.findings) {
      const std::string name = ClassOf(found.finding);
      if (std::any_of(result_.found.begin(), result_.found.end(),
                      [&](const FoundInput& known) { return ClassOf(known.finding) == name; })) {
        continue;
      }
      result_.found.push_back({.finding = std::move(found.finding),
                               .input = std::move(found.input),
                               .execution = result_.executions + found.execution});
      hooks_.found(result_.found.back());
    }
    result_.violations += answer.violations;
    result_.inputs += answer.inputs;
    result_.executions += answer.executions;
    result_.steps += answer.steps;
    result_.features.insert(answer.features.begin(), answer.features.end());
    for (const CorpusEntry& entry : answer.entries) {
      result_.features.insert(entry.features.begin(), entry.features.end());
    }
  }

  // Fills measured_, as `start`, as far as it came.
  absl::Status Measure(const std::vector<FuzzStart>& start, uint64_t executions) {
    const std::size_t at_once =
        std::clamp<std::size_t>(kMeasuredExecutions / executions, 1, kMeasuredAtOnce);
    std::vector<FuzzRequest> tasks;
    for (std::size_t first = 0; first < start.size(); first += at_once) {
      FuzzRequest request{.kind = FuzzRequest::Kind::kMeasure, .executions = executions};
      for (std::size_t i = first; i < std::min(first + at_once, start.size()); ++i) {
        request.entries.push_back({.input = start[i].input});
      }
      tasks.push_back(std::move(request));
    }
    absl::StatusOr<FuzzAnswers> answers = Run(std::move(tasks));
    if (!answers.ok()) return answers.status();
    measured_.resize(start.size());
    for (std::size_t task = 0; task < answers->tasks.size(); ++task) {
      if (!answers->tasks[task]) continue;
      std::vector<CorpusEntry>& entries = answers->tasks[task]->entries;
      std::move(entries.begin(), entries.end(),
                measured_.begin() + static_cast<std::ptrdiff_t>(task * at_once));
    }
    Note();
    return absl::OkStatus();
  }

  void AddStart(const FuzzStart& start, std::size_t index) {
    CorpusEntry& entry = measured_[index];
    if (!context_.settings.feedback || entry.features.empty()) return;
    if (!start.stays && result_.corpus.NewIn(entry.features).empty()) return;
    result_.corpus.Add(std::move(entry));
    if (!start.stays) hooks_.kept(result_.corpus.entries().back().input);
  }

  uint64_t ExecutionsLeft() const {
    if (!options_.executions) return ~uint64_t{0};
    return *options_.executions - std::min(*options_.executions, fuzzed_);
  }

  bool OverAtRound() {
    result_.interrupted |= hooks_.interrupted();
    return result_.interrupted || TimeOver() || ExecutionsLeft() < kFuzzExecutions;
  }

  absl::Status Round() {
    uint64_t chunks = options_.chunks;
    uint64_t most = ~uint64_t{0};
    if (options_.executions) {
      chunks = std::min(chunks, ExecutionsLeft() / kFuzzExecutions);
      most = ExecutionsLeft() / chunks;
    }
    std::vector<FuzzRequest> tasks;
    for (uint64_t i = 0; i < chunks; ++i) {
      tasks.push_back({.kind = FuzzRequest::Kind::kChunk,
                       .turn = {.seed = options_.seed,
                                .number = chunk_++,
                                .inputs = options_.inputs,
                                .executions = most}});
    }
    const uint64_t before = result_.executions;
    absl::StatusOr<FuzzAnswers> answers = Run(std::move(tasks));
    if (!answers.ok()) return answers.status();
    fuzzed_ += result_.executions - before;
    // Lost all of them: there is no getting on.
    if (result_.executions == before) ended_ = true;
    for (std::optional<FuzzAnswer>& answer : answers->tasks) {
      if (!answer) continue;
      for (CorpusEntry& entry : answer->entries) {
        if (result_.corpus.NewIn(entry.features).empty()) continue;
        result_.corpus.Add(std::move(entry));
        hooks_.kept(result_.corpus.entries().back().input);
      }
    }
    if (result_.moments.empty() ||
        static_cast<double>(result_.executions) >=
            kMomentStep * static_cast<double>(result_.moments.back().executions)) {
      Note();
    }
    return absl::OkStatus();
  }

  // Each member of a small cover is made smaller; `entries` are then those.
  absl::Status ReduceCover(std::vector<CorpusEntry>& entries) {
    std::vector<CorpusEntry> cover;
    std::vector<FuzzRequest> tasks;
    for (CoverMember& member : SmallCover(entries, options_.most)) {
      cover.push_back(std::move(entries[member.index]));
      tasks.push_back({.kind = FuzzRequest::Kind::kReduce,
                       .entries = {cover.back()},
                       .wanted = std::move(member.features),
                       .tries = kThoroughTries});
    }
    entries = std::move(cover);
    begun_ = steady_clock::now();
    absl::StatusOr<FuzzAnswers> answers = Run(std::move(tasks));
    if (!answers.ok()) return answers.status();
    // What there was no time for stays as it is.
    if (answers->over && !result_.interrupted) ended_ = false;
    for (std::size_t i = 0; i < answers->tasks.size(); ++i) {
      if (answers->tasks[i]) entries[i] = std::move(answers->tasks[i]->entries.front());
    }
    return absl::OkStatus();
  }

  void Note() {
    const std::size_t pairs = PairsIn(result_.features);
    result_.moments.push_back({.seconds = Elapsed(),
                               .executions = result_.executions,
                               .pairs = pairs,
                               .states = result_.features.size() - pairs});
  }

  void ShowProgress(uint64_t under_way) {
    FuzzProgress progress{.executions = result_.executions + under_way,
                          .seconds = Elapsed(),
                          .inputs = result_.corpus.entries().size(),
                          .pairs = PairsIn(result_.features),
                          .violations = result_.found.size()};
    if (options_.budget) progress.seconds_left = std::max(0.0, SecondsLeft());
    hooks_.progress(progress);
  }

  absl::StatusOr<FuzzResult> End(const absl::Status& status) {
    if (!status.ok()) return status;
    Note();
    result_.seconds = Elapsed();
    return std::move(result_);
  }

  const FuzzContext& context_;
  const FuzzRunOptions& options_;
  const FuzzHooks& hooks_;
  std::unique_ptr<FuzzPool> pool_{};
  FuzzResult result_{};
  std::vector<CorpusEntry> measured_{};
  uint64_t chunk_ = 0;
  uint64_t fuzzed_ = 0;  // executions of chunks
  bool ended_ = false;
  std::optional<steady_clock::time_point> begun_{};
  const steady_clock::time_point start_ = steady_clock::now();
};

}  // namespace

std::size_t PairsIn(const std::set<Feature>& features) {
  return static_cast<std::size_t>(
      std::distance(features.begin(), features.lower_bound(kStateFeature)));
}

std::string ProgressText(const FuzzProgress& progress) {
  const double rate = static_cast<double>(progress.executions) / std::max(progress.seconds, 0.001);
  std::string text = absl::StrCat(
      Count(progress.executions, "execution"), ", ",
      Grouped(static_cast<uint64_t>(std::llround(rate))), "/s, corpus of ",
      Count(progress.inputs, "input"), ", ", Count(progress.pairs, "pair"), ", ",
      progress.violations == 0 ? "no violation" : Count(progress.violations, "violation"));
  if (progress.seconds_left) {
    absl::StrAppend(&text, ", ", std::llround(std::ceil(*progress.seconds_left)), " s left");
  }
  return text;
}

absl::StatusOr<FuzzResult> RunFuzz(const std::vector<FuzzStart>& start, const FuzzContext& context,
                                   const FuzzRunOptions& options, const FuzzHooks& hooks) {
  return FuzzRun(context, options, hooks).Fuzz(start);
}

absl::StatusOr<FuzzResult> MinimizeFuzz(const std::vector<FuzzStart>& start,
                                        const FuzzContext& context, const FuzzRunOptions& options,
                                        const FuzzHooks& hooks) {
  return FuzzRun(context, options, hooks).Minimize(start);
}

absl::StatusOr<FuzzResult> MeasureFuzz(const std::vector<FuzzStart>& start, uint64_t executions,
                                       const FuzzContext& context, const FuzzRunOptions& options,
                                       const FuzzHooks& hooks) {
  return FuzzRun(context, options, hooks).OnlyMeasure(start, executions);
}

}  // namespace racewalk
