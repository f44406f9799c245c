// Goal: a chunk is a function of its corpus, seed and number, keeps what is new and sound, and goes
// where it is told. Method: toy inputs, and a few real ones.
#include "fuzz/session.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/soundness.h"
#include "fuzz/toy_inputs.h"
#include "fuzz/tree.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::vector<std::string> TextsOf(const FuzzChunk& chunk) {
  std::vector<std::string> texts;
  for (const CorpusEntry& entry : chunk.kept) texts.push_back(PrintInput(entry.input));
  return texts;
}

// Chunks one after the other, each from what those before have kept.
Corpus Fuzzed(const FuzzSettings& settings, uint64_t chunks,
              const InputFunction& run = RunToyInput) {
  Corpus corpus;
  for (uint64_t i = 0; i < chunks; ++i) {
    FuzzChunk chunk = RunFuzzChunk(corpus, settings, {.seed = 3, .number = i, .inputs = 16}, run);
    EXPECT_EQ(chunk.unsound, "");
    for (CorpusEntry& entry : chunk.kept) corpus.Add(std::move(entry));
  }
  return corpus;
}

TEST(FuzzChunk, IsAFunctionOfItsArguments) {
  const Corpus corpus = Fuzzed({}, 4);
  const auto run = [&](uint64_t seed, uint64_t number) {
    return TextsOf(
        RunFuzzChunk(corpus, {}, {.seed = seed, .number = number, .inputs = 40}, RunToyInput));
  };
  EXPECT_EQ(run(1, 2), run(1, 2));
  EXPECT_NE(run(1, 2), run(1, 3));
  EXPECT_NE(run(1, 2), run(2, 2));
}

TEST(FuzzChunk, KeepsOnlyWhatIsNewAndSound) {
  Corpus corpus;
  for (uint64_t i = 0; i < 20; ++i) {
    const FuzzChunk chunk =
        RunFuzzChunk(corpus, {}, {.seed = 1, .number = i, .inputs = 16}, RunToyInput);
    EXPECT_EQ(chunk.inputs, 16u);
    EXPECT_GE(chunk.executions, 16 * kFuzzExecutions);
    for (const CorpusEntry& entry : chunk.kept) {
      EXPECT_EQ(Unsoundness(entry.input.subject), "");
      EXPECT_THAT(corpus.NewIn(entry.features), Not(IsEmpty())) << PrintInput(entry.input);
      Coverage coverage;
      RunToyInput(entry.input, 1, coverage);
      EXPECT_EQ(coverage.Features(), entry.features);
      // What was kept has all of it.
      corpus.Add(entry);
    }
    for (const Feature feature : chunk.features) EXPECT_TRUE(corpus.Has(feature));
  }
}

// The point of it all: what was seen leads to more. Each read more is something new here.
TEST(FuzzChunk, FeedbackFindsWhatChanceDoesNot) {
  const InputFunction reads = [](const Input& input, uint64_t executions, Coverage& coverage) {
    uint32_t count = 0;
    for (const Operation* operation : OperationsOf(input.subject.scenario)) {
      count += operation->verb == Verb::kRead ? 1 : 0;
    }
    for (uint32_t i = 0; i < count; ++i) {
      coverage.Saw({.depth = i % 8, .blocks = i / 8});
    }
    return InputResult{.executions = executions};
  };
  std::set<Feature> by_chance;
  for (uint64_t i = 0; i < 60; ++i) {
    const FuzzChunk chunk =
        RunFuzzChunk(Corpus(), {.feedback = false}, {.seed = 3, .number = i, .inputs = 16}, reads);
    EXPECT_THAT(chunk.kept, IsEmpty());
    by_chance.insert(chunk.features.begin(), chunk.features.end());
  }
  EXPECT_GT(Fuzzed({}, 60, reads).features(), by_chance.size() + 2);
}

TEST(FuzzChunk, GoesWhereItIsTold) {
  const FuzzPlace place{.mmu = "stage2", .variant = "rwlock"};
  const Corpus corpus = Fuzzed({.places = {place}}, 20);
  EXPECT_THAT(corpus.entries(), Not(IsEmpty()));
  for (const CorpusEntry& entry : corpus.entries()) {
    EXPECT_EQ(entry.input.subject.mmu, "stage2");
    EXPECT_EQ(entry.input.subject.variant, "rwlock");
  }
  std::set<std::string> places;
  const Corpus everywhere = Fuzzed({}, 20);
  for (const CorpusEntry& entry : everywhere.entries()) {
    places.insert(entry.input.subject.mmu + entry.input.subject.variant);
  }
  EXPECT_GT(places.size(), 4u);
}

TEST(FuzzChunk, CountsExecutionsAndStopsInTime) {
  const FuzzChunk chunk =
      RunFuzzChunk(Corpus(), {}, {.seed = 1, .inputs = 100, .executions = 950}, RunToyInput);
  EXPECT_LE(chunk.executions, 950u);
  EXPECT_GT(chunk.executions, 950u - kFuzzExecutions);
}

TEST(FuzzChunk, ViolationsAreToldAndNotKept) {
  FuzzSettings settings;
  settings.weakened.set(1);
  const FuzzChunk all = RunFuzzChunk(Corpus(), settings, {.seed = 1, .inputs = 60}, RunToyInput);
  EXPECT_GT(all.violations.size(), 3u);
  uint64_t before = 0;
  for (const FuzzViolation& violation : all.violations) {
    EXPECT_THAT(PrintInput(violation.input), HasSubstr("write"));
    EXPECT_GT(violation.execution, before);
    before = violation.execution;
  }
  for (const CorpusEntry& entry : all.kept) {
    for (const ScenarioThread& thread : entry.input.subject.scenario.threads) {
      EXPECT_THAT(thread.operations, Each(Field(&Operation::verb, Not(Verb::kWrite))));
    }
  }
  settings.stop_at_violation = true;
  const FuzzChunk first = RunFuzzChunk(Corpus(), settings, {.seed = 1, .inputs = 60}, RunToyInput);
  ASSERT_THAT(first.violations, SizeIs(1));
  EXPECT_EQ(first.violations.front().execution, all.violations.front().execution);
  EXPECT_EQ(first.executions, first.violations.front().execution);
}

TEST(FuzzChunk, RunsTheRealMachine) {
  InputRunner runner;
  const auto run = [&](const Input& input, uint64_t executions, Coverage& coverage) {
    return runner.Run(input, executions, coverage);
  };
  const FuzzTurn turn{.seed = 1, .inputs = 12};
  const FuzzChunk once = RunFuzzChunk(Corpus(), {}, turn, run);
  EXPECT_THAT(once.violations, IsEmpty());
  EXPECT_GT(once.features.size(), 100u);
  EXPECT_THAT(once.kept, Not(IsEmpty()));
  const FuzzChunk again = RunFuzzChunk(Corpus(), {}, turn, run);
  EXPECT_EQ(TextsOf(again), TextsOf(once));
  EXPECT_EQ(again.features, once.features);
}

}  // namespace
}  // namespace racewalk
