// Goal: a run is the same whatever the number of workers, and what a worker dies of costs no more
// than its chunk. Method: toy inputs that crash, hang or eat memory; the real machine, weakened.
#include "ci/fuzz_run.h"

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "ci/fake_explorer.h"
#include "core/protocol.h"
#include "fuzz/toy_inputs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sanitizers/shared_array.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"

namespace racewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

FuzzContext ToyContext(InputFunction run = RunToyInput) {
  return {.factory = Explorer::Create, .run = std::move(run)};
}

FuzzResult Fuzzed(const FuzzContext& context, const FuzzRunOptions& options,
                  const std::vector<FuzzStart>& start = {}, const FuzzHooks& hooks = {}) {
  absl::StatusOr<FuzzResult> result = RunFuzz(start, context, options, hooks);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : FuzzResult{};
}

std::vector<std::string> InputsOf(const FuzzResult& result) {
  std::vector<std::string> inputs;
  for (const CorpusEntry& entry : result.corpus.entries()) {
    inputs.push_back(PrintInput(entry.input));
  }
  return inputs;
}

TEST(FuzzRun, IsTheSameWhateverTheNumberOfWorkers) {
  const FuzzRunOptions options{.seed = 3, .executions = 60'000};
  const FuzzResult one = Fuzzed(ToyContext(), options);
  EXPECT_THAT(InputsOf(one), SizeIs(Gt(20u)));
  EXPECT_LE(one.executions, 60'000u);
  EXPECT_GT(one.executions, 55'000u);
  EXPECT_EQ(one.features.size(), one.corpus.features());
  FuzzRunOptions others = options;
  others.jobs = 3;
  const FuzzResult three = Fuzzed(ToyContext(), others);
  EXPECT_EQ(InputsOf(three), InputsOf(one));
  EXPECT_EQ(three.executions, one.executions);
  others.seed = 4;
  EXPECT_NE(InputsOf(Fuzzed(ToyContext(), others)), InputsOf(one));
}

TEST(FuzzRun, GoesOnFromItsStart) {
  const FuzzRunOptions options{.jobs = 2, .seed = 3, .executions = 20'000};
  const FuzzResult first = Fuzzed(ToyContext(), options);
  std::vector<FuzzStart> start;
  for (const CorpusEntry& entry : first.corpus.entries()) {
    start.push_back({.input = entry.input, .stays = true});
  }
  // Twice, as a person may have it: what stays stays. And one that may go.
  start.push_back(start.front());
  start.push_back({.input = start.front().input});
  std::vector<std::string> kept;
  FuzzHooks hooks;
  hooks.kept = [&](const Input& input) { kept.push_back(PrintInput(input)); };
  const FuzzResult none = Fuzzed(ToyContext(), {.jobs = 2}, start, hooks);
  EXPECT_EQ(none.corpus.entries().size(), first.corpus.entries().size() + 1);
  EXPECT_EQ(none.features, first.features);
  EXPECT_THAT(kept, IsEmpty());
  FuzzRunOptions more = options;
  more.seed = 5;
  const FuzzResult second = Fuzzed(ToyContext(), more, start, hooks);
  EXPECT_GT(second.features.size(), first.features.size());
  EXPECT_EQ(second.corpus.entries().size(), none.corpus.entries().size() + kept.size());
}

TEST(FuzzRun, ByChanceAloneNothingIsKept) {
  FuzzContext context = ToyContext();
  context.settings.feedback = false;
  const FuzzResult result = Fuzzed(context, {.jobs = 2, .seed = 3, .executions = 20'000});
  EXPECT_THAT(result.corpus.entries(), IsEmpty());
  EXPECT_THAT(result.features, Not(IsEmpty()));
  EXPECT_EQ(result.inputs, 200u);
}

bool Says(const Input& input, const char* word) {
  return absl::StrContains(PrintInput(input), word);
}

TEST(FuzzRun, AWorkerThatDiesIsToldWithItsInput) {
  const InputFunction crashing = [](const Input& input, uint64_t executions, Coverage& coverage) {
    if (Says(input, "destroy")) abort();
    return RunToyInput(input, executions, coverage);
  };
  std::vector<LostInput> told;
  FuzzHooks hooks;
  hooks.lost = [&](const LostInput& lost) { told.push_back(lost); };
  const FuzzResult result =
      Fuzzed(ToyContext(crashing), {.jobs = 2, .seed = 3, .executions = 60'000}, {}, hooks);
  ASSERT_THAT(result.lost, Not(IsEmpty()));
  EXPECT_EQ(told.size(), result.lost.size());
  for (const LostInput& lost : result.lost) {
    EXPECT_THAT(lost.how, HasSubstr("was killed by signal 6"));
    EXPECT_TRUE(ParseInput(lost.input, "").ok());
    EXPECT_THAT(lost.input, HasSubstr("destroy"));
  }
  // The others did their work.
  EXPECT_THAT(result.corpus.entries(), SizeIs(Gt(10u)));
  EXPECT_THAT(result.internal_errors, IsEmpty());
}

TEST(FuzzRun, AWorkerThatHangsOrEatsMemoryIsEnded) {
  const InputFunction hanging = [](const Input& input, uint64_t executions, Coverage& coverage) {
    while (Says(input, "zap_all")) pause();
    return RunToyInput(input, executions, coverage);
  };
  const FuzzStart start{.input = ToyInput("tdp frames=2 vcpu a{read 0} vmm m{zap_all}")};
  FuzzRunOptions options;
  options.task_limit = std::chrono::milliseconds(300);
  const FuzzResult hung = Fuzzed(ToyContext(hanging), options, {start});
  ASSERT_THAT(hung.lost, SizeIs(1));
  EXPECT_THAT(hung.lost.front().how, HasSubstr("gave no answer"));
  EXPECT_THAT(hung.lost.front().input, HasSubstr("zap_all"));

  const InputFunction hungry = [](const Input& input, uint64_t executions, Coverage& coverage) {
    std::vector<std::string> eaten;
    while (Says(input, "zap_all")) eaten.emplace_back(std::size_t{1} << 24, 'x');
    return RunToyInput(input, executions, coverage);
  };
  FuzzContext context = ToyContext(hungry);
  context.memory = uint64_t{1} << 29;
  const FuzzResult fed = Fuzzed(context, {}, {start});
  ASSERT_THAT(fed.lost, SizeIs(1));
  EXPECT_THAT(fed.lost.front().how, HasSubstr("was killed by signal"));
}

// What dies every time must not go on until the night is over.
TEST(FuzzRun, WhatNeverWorksEnds) {
  const InputFunction broken = [](const Input&, uint64_t, Coverage&) -> InputResult { abort(); };
  FuzzRunOptions options{.jobs = 2, .budget = std::chrono::hours(1)};
  EXPECT_THAT(Fuzzed(ToyContext(broken), options).lost, SizeIs(Gt(10u)));
}

TEST(FuzzRun, AnInputThatCannotBeRunIsTheHarnessFault) {
  const InputFunction refusing = [](const Input&, uint64_t, Coverage&) {
    return InputResult{.status = absl::InvalidArgumentError("found nonsense")};
  };
  const FuzzResult result =
      Fuzzed(ToyContext(refusing), {.jobs = 1, .budget = std::chrono::hours(1)});
  ASSERT_THAT(result.internal_errors, Not(IsEmpty()));
  EXPECT_THAT(result.internal_errors.front(), HasSubstr("found nonsense"));
  EXPECT_THAT(result.internal_errors.front(), HasSubstr("# run: "));
}

// One line, reached from two places, in one task.
TEST(FuzzWorker, TellsOneOfEachClass) {
  const ExplorerFactory factory = FakeFactory({.always_weak = true});
  Violation seen;
  uint64_t key = 0;
  {
    const auto explorer = factory({}).value();
    const Batch batch = explorer->Run(*MakeStrategy("random", {}).value(), 1, 0, 1000, nullptr);
    ASSERT_TRUE(batch.violated);
    seen = batch.violation;
    key = batch.key;
  }
  const std::source_location elsewhere = std::source_location::current();
  int runs = 0;
  FuzzContext context{.factory = factory, .memory = 0};
  context.run = [&](const Input&, uint64_t, Coverage&) {
    Violation violation = seen;
    if (++runs == 2) violation.other_where = elsewhere;
    return InputResult{
        .executions = 1,
        .violation = InputViolation{.key = key, .strategy = "random", .violation = violation}};
  };
  const auto slots = SharedArray<InputSlot>::Make(1).value();
  FuzzWorker worker(context, slots);
  const CorpusEntry entry{.input = ToyInput("tdp frames=2 vcpu a{write 0} host h{unmap 0}")};
  const FuzzAnswer answer = worker.Run({.entries = {entry, entry, entry}, .executions = 1});
  EXPECT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.violations, 3u);
  EXPECT_THAT(answer.findings, SizeIs(2));
}

TEST(FuzzRun, TheFirstViolationIsTheSameWhateverTheNumberOfWorkers) {
  FuzzContext context{.weaken = {"table_publish"}, .factory = Explorer::Create};
  context.settings.weakened.set(static_cast<std::size_t>(point::table_publish));
  context.settings.stop_at_violation = true;
  FuzzRunOptions options{.jobs = 1, .seed = 1, .budget = std::chrono::hours(1)};
  std::vector<std::string> told;
  FuzzHooks hooks;
  hooks.found = [&](const FoundInput& found) { told.push_back(found.finding.token); };
  const FuzzResult one = Fuzzed(context, options, {}, hooks);
  options.jobs = 3;
  const FuzzResult three = Fuzzed(context, options, {}, hooks);
  ASSERT_THAT(one.found, SizeIs(1));
  ASSERT_THAT(three.found, SizeIs(1));
  EXPECT_EQ(one.found[0].finding.token, three.found[0].finding.token);
  EXPECT_EQ(one.found[0].execution, three.found[0].execution);
  EXPECT_EQ(one.executions, three.executions);
  EXPECT_EQ(one.executions, one.found[0].execution);
  EXPECT_THAT(told, ElementsAre(one.found[0].finding.token, one.found[0].finding.token));
  EXPECT_THAT(one.found[0].finding.scenario, StartsWith("fuzz_"));
  EXPECT_TRUE(ParseInput(one.found[0].input, "").ok());
}

TEST(MinimizeFuzz, LosesNothing) {
  const FuzzRunOptions options{.jobs = 2, .seed = 3, .executions = 30'000};
  const FuzzResult whole = Fuzzed(ToyContext(), options);
  std::vector<FuzzStart> start;
  for (const CorpusEntry& entry : whole.corpus.entries()) start.push_back({.input = entry.input});
  const auto small = MinimizeFuzz(start, ToyContext(), {.jobs = 2}, {});
  ASSERT_TRUE(small.ok()) << small.status();
  EXPECT_LT(small->corpus.entries().size(), whole.corpus.entries().size());
  std::set<Feature> features;
  uint64_t cost = 0;
  for (const CorpusEntry& entry : small->corpus.entries()) {
    Coverage coverage;
    RunToyInput(entry.input, 1, coverage);
    EXPECT_EQ(coverage.Features(), entry.features);
    features.insert(entry.features.begin(), entry.features.end());
    cost += CostOf(entry.input);
  }
  EXPECT_EQ(features, whole.features);
  uint64_t before = 0;
  for (const CorpusEntry& entry : whole.corpus.entries()) before += CostOf(entry.input);
  EXPECT_LT(cost, before);
}

TEST(MinimizeFuzz, WhatIsLostLeavesNothingToReplaceACorpusWith) {
  const InputFunction crashing = [](const Input& input, uint64_t executions, Coverage& coverage) {
    if (Says(input, "zap_all")) abort();
    return RunToyInput(input, executions, coverage);
  };
  const auto result =
      MinimizeFuzz({{.input = ToyInput("tdp frames=2 vcpu a{read 0} vmm m{zap_all}")},
                    {.input = ToyInput("tdp frames=2 vcpu a{read 0} host h{unmap 0}")}},
                   ToyContext(crashing), {.jobs = 1}, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->lost, SizeIs(1));
  EXPECT_THAT(result->corpus.entries(), IsEmpty());
}

TEST(FuzzProgress, SaysHowFarItIs) {
  EXPECT_EQ(ProgressText(FuzzProgress{.executions = 3000,
                                      .seconds = 2,
                                      .inputs = 12,
                                      .pairs = 1234,
                                      .violations = 0,
                                      .seconds_left = 3.2}),
            "3,000 executions, 1,500/s, corpus of 12 inputs, 1,234 pairs, no violation, 4 s left");
}

}  // namespace
}  // namespace racewalk
