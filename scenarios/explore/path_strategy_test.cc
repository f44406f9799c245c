// Goal: a path is one word for one execution, and a wrong one is refused or
// told of. Method: round trips, and toy threads that a path does not fit.
#include "scenarios/explore/path_strategy.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scenarios/explore/path.h"
#include "scenarios/explore/subject_words.h"
#include "scenarios/explore/toy_world.h"
#include "scenarios/rng.h"

namespace racewalk {
namespace {

using ::testing::HasSubstr;

std::string Told(absl::string_view text, const std::vector<int>& lengths) {
  std::vector<PathStep> path;
  EXPECT_TRUE(ParsePath(text, path));
  PathStrategy strategy(path);
  RunToy(strategy, 0, lengths);
  return strategy.divergence() ? strategy.divergence()->message : "";
}

TEST(PathTest, WhatIsWrittenIsRead) {
  Rng rng(3);
  for (int i = 0; i < 1000; ++i) {
    std::vector<PathStep> path(rng.Below(20));
    for (PathStep& step : path) {
      step.is_pick = rng.Below(2) == 0;
      step.taken = rng.Below(step.is_pick ? kMaxThreads : 120);
    }
    const std::string text = FormatPath(path);
    std::vector<PathStep> read;
    ASSERT_TRUE(ParsePath(text, read)) << text;
    EXPECT_EQ(read, path);
    EXPECT_EQ(StrategyProblem("path:" + text), "");
  }
  EXPECT_EQ(FormatPath({{true, 0}, {false, 0}, {false, 24}, {false, 25}, {true, 5}}), "0ayza5");
}

TEST(PathTest, OtherTextIsRefused) {
  std::vector<PathStep> path;
  for (absl::string_view bad : {"", "6", "0A", "z", "az0", "zz", "0-", "--", " 0", "0 ", "0,1"}) {
    EXPECT_FALSE(ParsePath(bad, path)) << bad;
  }
  EXPECT_TRUE(ParsePath(std::string(kMaxPathBytes, '0'), path));
  EXPECT_FALSE(ParsePath(std::string(kMaxPathBytes + 1, '0'), path));
  EXPECT_NE(StrategyProblem(std::string(200'000, '0')), "");
}

TEST(PathStrategyTest, WhatDoesNotFitIsTold) {
  EXPECT_EQ(Told("0011", {3, 3}), "");
  EXPECT_EQ(Told("-", {3, 3}), "");
  EXPECT_THAT(Told("002", {3, 3}),
              HasSubstr("step 2: decision 3 of the path takes thread 2, which"));
  EXPECT_THAT(Told("00b", {3, 3}), HasSubstr("decision 3 of the path is a choice, and a thread"));
  EXPECT_THAT(Told("000111", {3, 3}), HasSubstr("ended with 3 of the 6 decisions"));
}

TEST(PathStrategyTest, AChoiceThatIsNotThereIsTold) {
  PathStrategy strategy({{false, 2}});
  strategy.Begin(0);
  EXPECT_EQ(strategy.Choose(2, Choice::kReuse), 0u);
  strategy.End();
  ASSERT_TRUE(strategy.divergence().has_value());
  EXPECT_THAT(strategy.divergence()->message, HasSubstr("takes choice 2, which is not offered"));
  strategy.Begin(0);
  EXPECT_EQ(strategy.Choose(3, Choice::kReuse), 2u);
  strategy.End();
  EXPECT_FALSE(strategy.divergence().has_value());
}

TEST(PathStrategyTest, WithoutFurtherDecisionsNobodyIsInterrupted) {
  PathStrategy strategy({{true, 1}, {true, 2}});
  EXPECT_EQ(RunToy(strategy, 0, std::vector<int>{2, 2, 3}),
            (std::vector<int>{1, 2, 2, 2, 0, 0, 1}));
}

}  // namespace
}  // namespace racewalk
