#include "ci/command_line.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ci/options.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

template <typename Options>
Options Parse(const std::vector<std::string>& arguments) {
  absl::StatusOr<Invocation> invocation = ParseCommandLine(arguments);
  EXPECT_TRUE(invocation.ok()) << invocation.status();
  if (!invocation.ok() || !std::holds_alternative<Options>(invocation->options)) {
    ADD_FAILURE() << "another command was parsed";
    return {};
  }
  return std::get<Options>(invocation->options);
}

// The message of an error, which must be one line and bad usage.
std::string Error(const std::vector<std::string>& arguments) {
  const absl::StatusOr<Invocation> invocation = ParseCommandLine(arguments);
  EXPECT_FALSE(invocation.ok());
  EXPECT_TRUE(absl::IsInvalidArgument(invocation.status())) << invocation.status();
  std::string message(invocation.status().message());
  EXPECT_THAT(message, Not(HasSubstr("\n")));
  return message;
}

TEST(CommandLine, ShrinkTakesEveryFlag) {
  const auto shrink =
      Parse<ShrinkCommandOptions>({"shrink", "a.trace", "--seconds=2.5", "--executions=7",
                                   "--seed=0x2A", "--jobs=3", "--out=dir", "--json"});
  EXPECT_EQ(shrink.target, "a.trace");
  EXPECT_EQ(shrink.seconds, 2.5);
  EXPECT_EQ(shrink.executions, 7u);
  EXPECT_EQ(shrink.seed, 42u);
  EXPECT_EQ(shrink.jobs, 3);
  EXPECT_EQ(shrink.out, "dir");
  EXPECT_TRUE(shrink.json);
  EXPECT_EQ(Parse<ShrinkCommandOptions>({"shrink", "a"}).seconds, 30);
}

TEST(CommandLine, ShrinkingCanBeTurnedOff) {
  EXPECT_EQ(Parse<CheckOptions>({"check"}).shrink_seconds, 10);
  EXPECT_EQ(Parse<CheckOptions>({"check", "--shrink-seconds=0"}).shrink_seconds, 0);
  EXPECT_THAT(Error({"check", "--shrink-seconds=x"}), HasSubstr("--shrink-seconds: expected"));
}

TEST(CommandLine, CheckTakesEveryFlag) {
  const auto check = Parse<CheckOptions>(
      {"check", "fault_vs_unmap", "tdp vcpu a{write 0} host h{unmap 0}", "--mmu=tdp", "--strategy",
       "random", "--strategy=pct:3,n=3,k=58", "--executions=100", "--seconds=1.5", "--seed=0x2A",
       "--jobs=3", "--weaken=a,b", "--bug=X11", "--variant=owned+v14,owned", "--time-limit=9",
       "--out=dir", "--shrink-seconds=2.5", "--json"});
  EXPECT_THAT(check.scenarios,
              ElementsAre("fault_vs_unmap", "tdp vcpu a{write 0} host h{unmap 0}"));
  EXPECT_EQ(check.mmu, "tdp");
  EXPECT_THAT(check.strategies, ElementsAre("random", "pct:3,n=3,k=58"));
  EXPECT_EQ(check.executions, 100u);
  EXPECT_EQ(check.seconds, 1.5);
  EXPECT_EQ(check.seed, 42u);
  EXPECT_EQ(check.jobs, 3);
  EXPECT_THAT(check.weaken, ElementsAre("a", "b"));
  EXPECT_EQ(check.bug, "X11");
  EXPECT_THAT(check.variants, ElementsAre("owned+v14", "owned"));
  EXPECT_EQ(check.time_limit, 9);
  EXPECT_EQ(check.shrink_seconds, 2.5);
  EXPECT_EQ(check.out, "dir");
  EXPECT_TRUE(check.json);
}

TEST(CommandLine, MutantsTakesEveryFlag) {
  const auto mutants = Parse<MutantsOptions>({"mutants",
                                              "a",
                                              "b",
                                              "--mmu=stage2",
                                              "--variant=rwlock,lock_subtree",
                                              "--seconds=2.5",
                                              "--executions=9",
                                              "--seeds=1,2",
                                              "--seed=0x10",
                                              "--seeds=2",
                                              "--strategy=pos",
                                              "--jobs=3",
                                              "--time-limit=7",
                                              "--sample=5",
                                              "--fresh",
                                              "--store=s",
                                              "--tree=t",
                                              "--update",
                                              "--html=h",
                                              "--json"});
  EXPECT_THAT(mutants.points, ElementsAre("a", "b"));
  EXPECT_EQ(mutants.mmu, "stage2");
  EXPECT_THAT(mutants.variants, ElementsAre("rwlock", "lock_subtree"));
  EXPECT_EQ(mutants.seconds, 2.5);
  EXPECT_EQ(mutants.executions, 9u);
  EXPECT_THAT(mutants.seeds, ElementsAre(1u, 2u, 16u));
  EXPECT_THAT(mutants.strategies, ElementsAre("pos"));
  EXPECT_EQ(mutants.jobs, 3);
  EXPECT_EQ(mutants.time_limit, 7);
  EXPECT_EQ(mutants.sample, 5u);
  EXPECT_TRUE(mutants.fresh && mutants.update && mutants.json && !mutants.presubmit);
  EXPECT_EQ(mutants.store, "s");
  EXPECT_EQ(mutants.tree, "t");
  EXPECT_EQ(mutants.html, "h");
  EXPECT_EQ(Parse<MutantsOptions>({"mutants"}).seconds, 60);
  EXPECT_EQ(Parse<MutantsOptions>({"mutants"}).tree, ".");
  EXPECT_TRUE(Parse<MutantsOptions>({"mutants", "--presubmit"}).presubmit);
  EXPECT_THAT(Parse<MutantsOptions>({"mutants", "--compare=random,pct:3"}).compare,
              ElementsAre("random", "pct:3"));
  EXPECT_THAT(Error({"mutants", "--fresh", "--compare=pos"}), HasSubstr("exclude each other"));
}

TEST(CommandLine, CheckHasDefaults) {
  const auto check = Parse<CheckOptions>({"check"});
  EXPECT_TRUE(check.scenarios.empty());
  EXPECT_TRUE(check.strategies.empty());
  EXPECT_EQ(check.executions, std::nullopt);
  EXPECT_EQ(check.seconds, std::nullopt);
  EXPECT_EQ(check.seed, std::nullopt);
  EXPECT_EQ(check.jobs, 0);
  EXPECT_FALSE(check.json);
}

// Goal: a flag that may be repeated does not swallow the scenario after it.
TEST(CommandLine, FlagsTakeOneValue) {
  const auto check = Parse<CheckOptions>(
      {"check", "--strategy", "random", "--weaken", "p", "--variant", "owned", "fault_vs_unmap"});
  EXPECT_THAT(check.scenarios, ElementsAre("fault_vs_unmap"));
  EXPECT_THAT(check.strategies, ElementsAre("random"));
}

TEST(CommandLine, StrategiesMayBeSeparatedBySpaces) {
  const auto check = Parse<CheckOptions>({"check", "--strategy=random pct:3"});
  EXPECT_THAT(check.strategies, ElementsAre("random", "pct:3"));
}

TEST(CommandLine, ListAndReplay) {
  EXPECT_EQ(Parse<ListOptions>({"list"}).what, "");
  EXPECT_EQ(Parse<ListOptions>({"list", "bugs"}).what, "bugs");
  EXPECT_TRUE(Parse<ListOptions>({"list", "points", "--json"}).json);
  EXPECT_EQ(Parse<ReplayOptions>({"replay", "x#1@tdp/random/seed=1"}).target,
            "x#1@tdp/random/seed=1");
}

TEST(CommandLine, EveryCommandHasHelpWithAnExample) {
  EXPECT_THAT(Parse<TextOptions>({"--help"}).text, HasSubstr("Example"));
  for (const char* command : {"list", "check", "replay"}) {
    EXPECT_THAT(Parse<TextOptions>({command, "--help"}).text,
                AllOf(HasSubstr("Example"), HasSubstr("racewalk"), HasSubstr(command)));
  }
  EXPECT_THAT(Parse<TextOptions>({"--version"}).text, HasSubstr("racewalk "));
}

TEST(CommandLine, UnknownWordsAreAnsweredWithTheNearest) {
  EXPECT_THAT(Error({"chek"}), HasSubstr("'check'"));
  EXPECT_THAT(Error({"check", "--secnods=3"}),
              AllOf(HasSubstr("'--secnods'"), HasSubstr("'--seconds'")));
  EXPECT_THAT(Error({"check", "--execution", "3"}), HasSubstr("'--executions'"));
  EXPECT_THAT(Error({"replay", "--jsn", "x"}), HasSubstr("'--json'"));
  EXPECT_THAT(Error({"list", "bug"}), HasSubstr("'bugs'"));
  EXPECT_THAT(Error({"--halp"}), HasSubstr("'--help'"));
  EXPECT_THAT(Error({}), HasSubstr("check"));
  EXPECT_THAT(Error({"list", "bugs", "points"}), HasSubstr("'points'"));
}

TEST(CommandLine, BadValuesNameTheFlagAndAnExample) {
  EXPECT_THAT(Error({"check", "--seconds=abc"}), HasSubstr("--seconds=60"));
  EXPECT_THAT(Error({"check", "--seconds=0"}), HasSubstr("above 0"));
  EXPECT_THAT(Error({"check", "--seconds=nan"}), HasSubstr("--seconds"));
  EXPECT_THAT(Error({"check", "--seconds=-1"}), HasSubstr("--seconds"));
  EXPECT_THAT(Error({"check", "--time-limit=x"}), HasSubstr("--time-limit"));
  EXPECT_THAT(Error({"check", "--executions=0"}), HasSubstr("from 1"));
  EXPECT_THAT(Error({"check", "--executions=-1"}), HasSubstr("--executions"));
  EXPECT_THAT(Error({"check", "--executions=1e6"}), HasSubstr("--executions"));
  EXPECT_THAT(Error({"check", "--jobs=0"}), HasSubstr("--jobs"));
  EXPECT_THAT(Error({"check", "--jobs=100000"}), HasSubstr("--jobs"));
  EXPECT_THAT(Error({"check", "--mmu=armv8"}), HasSubstr("tdp, stage2 or any"));
  EXPECT_THAT(Error({"check", "--seed=0x"}), HasSubstr("--seed"));
  EXPECT_THAT(Error({"check", "--seed=18446744073709551616"}), HasSubstr("--seed"));
  EXPECT_THAT(Error({"check", "--seed"}), HasSubstr("--seed"));
  EXPECT_THAT(Error({"check", "--seed=1", "--seed=2"}), HasSubstr("--seed"));
  EXPECT_THAT(Error({"replay"}), HasSubstr("TOKEN"));
}

// Goal: a variable that was not set in a script does not turn a flag off in silence.
TEST(CommandLine, EmptyValuesAreRefused) {
  for (const char* flag : {"--bug=", "--weaken=", "--out=", "--seed=", "--strategy=", "--mmu="}) {
    EXPECT_THAT(Error({"check", flag}), HasSubstr("value")) << flag;
  }
  EXPECT_THAT(Error({"check", ""}), HasSubstr("SCENARIO"));
}

TEST(CommandLine, SeedsMayBeAsLargeAsTheyGet) {
  EXPECT_EQ(Parse<CheckOptions>({"check", "--seed=18446744073709551615"}).seed, ~uint64_t{0});
  EXPECT_EQ(Parse<CheckOptions>({"check", "--seed=0xffffffffffffffff"}).seed, ~uint64_t{0});
}

TEST(CommandLine, TheCommandIsKeptAsAShellWouldReadIt) {
  const absl::StatusOr<Invocation> invocation =
      ParseCommandLine({"check", "tdp vcpu a{write 0}", "--seed=1"});
  ASSERT_TRUE(invocation.ok());
  EXPECT_EQ(invocation->command, "racewalk check 'tdp vcpu a{write 0}' --seed=1");
}

}  // namespace
}  // namespace racewalk
