// Goal: whatever bytes a fuzzer has, it gets inputs that can be run, and a violation is told so
// that it can be replayed. Method: what libFuzzer calls, called by a loop.
#include "fuzz/scenario_fuzzer.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "fuzz/input.h"
#include "fuzz/target_options.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/explore/token.h"

namespace racewalk {
namespace {

using ::testing::HasSubstr;

constexpr char kInput[] =
    "mmu: tdp\n"
    "variant: owned\n"
    "frames: 2\n"
    "vcpu a: load_root\n"
    "vcpu b: load_root\n"
    "# run: tdp+owned/random/seed=0123456789abcdef\n";

TEST(ScenarioFuzzer, RunsInputsAndRefusesOtherBytes) {
  ScenarioFuzzer fuzzer({});
  EXPECT_FALSE(fuzzer.Run(kInput).refused);
  EXPECT_EQ(fuzzer.Run(kInput).report, "");
  EXPECT_GT(fuzzer.coverage().size(), 0u);
  const std::string binary("\x00\xff\n{", 4);
  const std::string scenario_only = std::string(kInput).substr(0, std::string(kInput).find('#'));
  const std::string too_long = std::string(ScenarioFuzzer::kMaxBytes, '\n') + std::string(kInput);
  for (const std::string& bytes :
       {std::string(), std::string("\n"), binary, scenario_only, too_long}) {
    EXPECT_TRUE(fuzzer.Run(bytes).refused) << bytes;
    EXPECT_EQ(fuzzer.coverage().size(), 0u);
  }
}

TEST(ScenarioFuzzer, RefusesWhatTheOptionsDoNotAskFor) {
  ScenarioFuzzer fuzzer({.mmu = "stage2"});
  EXPECT_TRUE(fuzzer.Run(kInput).refused);
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const std::string text = fuzzer.Mutate(kInput, 4096, seed);
    ASSERT_FALSE(fuzzer.Run(text).refused) << text;
    ASSERT_THAT(text, HasSubstr("mmu: stage2\n"));
  }
  const ScenarioFuzzer v14({.mmu = "tdp", .variant = "owned+v14"});
  std::string text;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    text = v14.Mutate(text, 4096, seed);
    ASSERT_THAT(text, HasSubstr("# run: tdp+owned+v14/"));
  }
}

TEST(ScenarioFuzzer, MutatesIntoInputsOnly) {
  ScenarioFuzzer fuzzer({.executions = 1});
  std::string text;  // empty: the first one is invented
  std::string other = kInput;
  std::set<std::string> all;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    std::string next =
        seed % 4 == 3 ? fuzzer.Join(text, other, 4096, seed) : fuzzer.Mutate(text, 4096, seed);
    ASSERT_EQ(next, seed % 4 == 3 ? fuzzer.Join(text, other, 4096, seed)
                                  : fuzzer.Mutate(text, 4096, seed));
    ASSERT_LE(next.size(), 4096u);
    const ScenarioFuzzer::Verdict verdict = fuzzer.Run(next);
    ASSERT_FALSE(verdict.refused) << next;
    ASSERT_EQ(verdict.report, "") << next;
    ASSERT_GT(fuzzer.coverage().size(), 0u) << next;
    all.insert(next);
    other = std::exchange(text, std::move(next));
  }
  EXPECT_GT(all.size(), 380u);
  // What is no input gives way to one, as a partner too.
  EXPECT_FALSE(fuzzer.Run(fuzzer.Join("x", kInput, 4096, 1)).refused);
  EXPECT_FALSE(fuzzer.Run(fuzzer.Join(kInput, "x", 4096, 1)).refused);
}

TEST(ScenarioFuzzer, KeepsToTheSize) {
  const ScenarioFuzzer fuzzer({});
  const std::string input = kInput;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const std::string text = fuzzer.Mutate(input, input.size() + 20, seed);
    ASSERT_LE(text.size(), input.size() + 20);
    ASSERT_LE(fuzzer.Join(input, input, input.size(), seed).size(), input.size());
    ASSERT_EQ(fuzzer.Mutate(input, 10, seed), "");
    ASSERT_EQ(fuzzer.Join(input, input, 10, seed), "");
  }
}

// Method: mutants of nothing until a violation shows; its token is replayed.
TEST(ScenarioFuzzer, FindsAPlantedBugAndSaysHowToReplayIt) {
  const TargetOptions options = ParseTargetOptions({"--weaken=root_searched_twice"}).value();
  std::string token_line;
  {
    ScenarioFuzzer fuzzer(options);
    std::string text;
    for (uint64_t seed = 0; token_line.empty() && seed < 20'000; ++seed) {
      text = fuzzer.Mutate(text, 4096, seed);
      const std::string report = fuzzer.Run(text).report;
      if (report.empty()) continue;
      EXPECT_THAT(report, HasSubstr("VIOLATION: root-lifecycle (invariant R2)\n  two valid roots"));
      EXPECT_THAT(report, HasSubstr("\n  smaller: racewalk shrink '"));
      const std::size_t begin = report.find("racewalk replay '") + 17;
      token_line = report.substr(begin, report.find('\'', begin) - begin);
    }
  }
  ASSERT_NE(token_line, "");
  const ReplayToken token = ParseToken(token_line).value();
  EXPECT_THAT(token.weaken, ::testing::ElementsAre("root_searched_twice"));
  const std::string text = token.scenario + "\n# run: " + token.mmu + "+" + token.variant +
                           "/random/seed=0000000000000000\n";
  Subject subject = ParseInput(text, "").value().subject;
  subject.weakened = options.weakened;
  const auto explorer = Explorer::Create(subject).value();
  const auto strategy = MakeStrategy(token.strategy, {}).value();
  EXPECT_EQ(explorer->Record(*strategy, token.key, false).violation.kind,
            ViolationKind::kRootLifecycle);
}

}  // namespace
}  // namespace racewalk
