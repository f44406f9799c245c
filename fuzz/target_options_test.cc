// Goal: the targets' own flags are read, and a slip is told in one line with what to do.
#include "fuzz/target_options.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TargetOptions Parsed(const std::vector<std::string>& arguments) {
  const auto options = ParseTargetOptions(arguments);
  EXPECT_TRUE(options.ok()) << options.status();
  return options.value_or(TargetOptions{});
}

std::string ErrorOf(const std::vector<std::string>& arguments) {
  return std::string(ParseTargetOptions(arguments).status().message());
}

TEST(TargetOptions, LeavesLibFuzzersFlagsAlone) {
  const TargetOptions options = Parsed({"-runs=5", "corpus", "-seed=1", "-"});
  EXPECT_EQ(options.executions, InputRunner::kExecutions);
  EXPECT_TRUE(options.interleaving);
  EXPECT_FALSE(options.help);
  EXPECT_TRUE(options.weakened.none());
  EXPECT_TRUE(options.Takes({.mmu = "tdp", .variant = "owned"}));
  EXPECT_TRUE(options.Takes({.mmu = "stage2", .variant = "rwlock"}));
  // What a parent passes on for the children of its children.
  EXPECT_FALSE(Parsed({"-ignore_remaining_args=1", "--help"}).help);
}

TEST(TargetOptions, ReadsItsOwn) {
  const TargetOptions options = Parsed({"--weaken=table_publish,walk_follow", "--mmu=tdp",
                                        "--variant=v14", "--executions=32", "--no-interleaving"});
  EXPECT_THAT(options.weaken, ElementsAre("table_publish", "walk_follow"));
  EXPECT_EQ(options.weakened.count(), 2u);
  EXPECT_EQ(options.executions, 32u);
  EXPECT_FALSE(options.interleaving);
  EXPECT_EQ(options.variant, "owned+v14");
  EXPECT_TRUE(options.Takes({.mmu = "tdp", .variant = "owned+v14"}));
  EXPECT_FALSE(options.Takes({.mmu = "tdp", .variant = "owned"}));
  EXPECT_FALSE(options.Takes({.mmu = "stage2", .variant = "rwlock"}));
}

TEST(TargetOptions, ABugBringsItsMmuAndVariant) {
  const TargetOptions options = Parsed({"--bug=x23a"});
  EXPECT_EQ(options.bug, "X23a");
  EXPECT_TRUE(options.weakened.any());
  EXPECT_EQ(options.mmu, "tdp");
  EXPECT_EQ(options.variant, "last_put_zaps");
  const TargetOptions elsewhere = Parsed({"--bug=X23a", "--mmu=tdp", "--variant=owned"});
  EXPECT_EQ(elsewhere.variant, "owned");
}

TEST(TargetOptions, TellsSlipsInOneLine) {
  struct Case {
    std::vector<std::string> arguments;
    const char* text;
  };
  const std::vector<Case> cases{
      {{"--weaken=table_publsh"}, "did you mean 'table_publish'"},
      {{"--weaken="}, "write --weaken=POINT"},
      {{"--weaken"}, "write --weaken=POINT"},
      {{"--weaken=table_publish,"}, "--weaken: "},
      {{"--bug=X23z"}, "X23"},
      {{"--mmu=tpd"}, "--mmu: "},
      {{"--mmu=tdp", "--variant=rwlock"}, "--variant: "},
      {{"--variant=owned"}, "--mmu=tdp or --mmu=stage2"},
      {{"--executions=0"}, "1 to 1000000"},
      {{"--executions=1x"}, "not '1x'"},
      {{"--executions=-1"}, "not '-1'"},
      {{"--no-interleaving=1"}, "takes no value"},
      {{"--no-interleavng"}, "did you mean '--no-interleaving'"},
      {{"--runs=5"}, "libFuzzer's have one dash"},
  };
  for (const Case& bad : cases) {
    EXPECT_THAT(ErrorOf(bad.arguments), HasSubstr(bad.text)) << bad.arguments[0];
    EXPECT_THAT(ErrorOf(bad.arguments), Not(HasSubstr("\n")));
  }
}

TEST(TargetOptions, HelpNamesEveryFlag) {
  EXPECT_TRUE(Parsed({"--help"}).help);
  for (const char* flag : {"--weaken=", "--bug=", "--mmu=", "--variant=", "--executions=",
                           "--no-interleaving", "--help", "-help=1"}) {
    EXPECT_THAT(TargetHelp(), HasSubstr(flag));
  }
}

}  // namespace
}  // namespace racewalk
