// Goal: a run is about what was asked for, and the comparison with the library tells each pair
// once, by its smallest input. Method: options by hand.
#include "ci/fuzz_plan.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fuzz/soundness.h"
#include "fuzz/toy_inputs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

FuzzPlan Planned(const FuzzOptions& options) {
  absl::StatusOr<FuzzPlan> plan = MakeFuzzPlan(options);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return plan.ok() ? *std::move(plan) : FuzzPlan{};
}

TEST(FuzzPlan, StartsFromTheLibraryUnlessToldOtherwise) {
  const FuzzPlan plan = Planned({});
  EXPECT_EQ(plan.start_name, "library");
  EXPECT_GT(plan.start.size(), 500u);
  EXPECT_EQ(plan.seconds, 60);
  EXPECT_THAT(plan.settings.places, IsEmpty());
  EXPECT_FALSE(plan.weakened);
  std::set<std::string> names;
  for (const FuzzStart& start : plan.start) {
    EXPECT_EQ(Unsoundness(start.input.subject), "");
    EXPECT_FALSE(start.stays);
    names.insert(PrintInput(start.input));
  }
  EXPECT_EQ(names.size(), plan.start.size()) << "two inputs are one";
  EXPECT_THAT(Planned({.start = "nothing"}).start, IsEmpty());
  EXPECT_THAT(Planned({.random = true}).start, IsEmpty());
  EXPECT_FALSE(Planned({.executions = 1000, .start = "nothing"}).seconds);
}

TEST(FuzzPlan, GoesWhereItIsTold) {
  EXPECT_THAT(Planned({.mmu = "tdp", .start = "nothing"}).settings.places, SizeIs(12));
  const FuzzPlan plan = Planned({.mmu = "stage2", .variants = {"rwlock"}});
  EXPECT_THAT(plan.settings.places, ElementsAre(FuzzPlace{"stage2", "rwlock"}));
  for (const FuzzStart& start : plan.start) {
    EXPECT_EQ(start.input.subject.mmu + start.input.subject.variant, "stage2rwlock");
  }
  // A bug's own, unless told otherwise.
  const FuzzPlan bug = Planned({.bug = "x23a"});
  ASSERT_NE(bug.bug, nullptr);
  EXPECT_EQ(bug.bug->name, "X23a");
  EXPECT_TRUE(bug.weakened);
  EXPECT_TRUE(bug.settings.stop_at_violation);
  EXPECT_THAT(bug.settings.places, ElementsAre(FuzzPlace{"tdp", "last_put_zaps"}));
  const auto wrong = MakeFuzzPlan({.weaken = {"table_publsh"}});
  EXPECT_TRUE(absl::IsInvalidArgument(wrong.status()));
  EXPECT_THAT(std::string(wrong.status().message()), HasSubstr("did you mean 'table_publish'"));
}

TEST(PairsBeyond, TellsEachPairOnceByItsSmallestInput) {
  const auto entry = [](const char* text) {
    CorpusEntry entry{.input = ToyInput(text)};
    Coverage coverage;
    RunToyInput(entry.input, 1, coverage);
    coverage.Saw({.depth = 3});
    entry.features = coverage.Features();
    return entry;
  };
  Corpus corpus;
  corpus.Add(entry("tdp frames=2 vcpu a{read 0; write 0} host h{unmap 0}"));
  corpus.Add(entry("tdp frames=2 vcpu a{write 0} host h{unmap 0}"));
  const CorpusEntry known = entry("tdp frames=2 vcpu a{read 0} host h{unmap 0}");
  const std::vector<BeyondLibrary> beyond =
      PairsBeyond(corpus, {known.features.begin(), known.features.end()});
  ASSERT_THAT(beyond, SizeIs(1));
  EXPECT_EQ(beyond.front().pair, "rmw in write -> rmw in unmap");
  EXPECT_EQ(beyond.front().inputs, 2u);
  EXPECT_EQ(beyond.front().input, PrintInput(corpus.entries()[1].input));
}

}  // namespace
}  // namespace racewalk
