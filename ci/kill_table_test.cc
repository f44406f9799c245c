// Goal: what is committed is read back as it was written, and damage is told
// with its place.
#include "ci/kill_table.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ci/mutant.h"
#include "core/protocol.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Kill Killed() {
  return {.unit = {"flush_frozen", "tdp", "owned"},
          .result = {
              .kind = "use-after-free",
              .invariant = "T2",
              .scenario = "age_vs_collapse",
              .token = "age_vs_collapse#003e35e9@tdp+owned/random/seed=0",
              .searches = {
                  {.executions = 6, .seconds = 0.25}, {}, {.executions = 1234567, .seconds = {}}}}};
}

Kill Survived() {
  return {.unit = {"flush_frozen", "tdp", "last_put_zaps"}, .result = {.searches = {{}, {}, {}}}};
}

TEST(KillTable, ARowIsReadBack) {
  for (const Kill& kill : {Killed(), Survived()}) {
    const absl::StatusOr<Kill> read = ParseKill(FormatKill(kill));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->unit, kill.unit);
    EXPECT_EQ(read->result, kill.result);
  }
  EXPECT_FALSE(Killed().result.killed_by_all());
  EXPECT_TRUE(Killed().result.killed());
  EXPECT_FALSE(Survived().result.killed());
}

TEST(KillTable, ATableIsReadBackAndArranged) {
  KillTable table{.inputs = CurrentKillInputs(), .settings = "seconds=60 seeds=1,2"};
  table.Set(Survived().unit, Survived().result);
  table.Set({"no_such_point", "tdp", "owned"}, Killed().result);
  table.Set(Killed().unit, Survived().result);
  table.Set(Killed().unit, Killed().result);
  table.Arrange();
  const absl::StatusOr<KillTable> read = ParseKillTable(FormatKillTable(table), "t");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->inputs, table.inputs);
  EXPECT_EQ(read->settings, table.settings);
  ASSERT_THAT(read->kills, SizeIs(2));
  EXPECT_EQ(read->kills[0].unit, Killed().unit);
  ASSERT_NE(read->Find(Killed().unit), nullptr);
  EXPECT_EQ(*read->Find(Killed().unit), Killed().result);
  EXPECT_EQ(read->Find({"no_such_point", "tdp", "owned"}), nullptr);
}

TEST(KillTable, DamageIsToldWithItsLine) {
  const std::string good = absl::StrCat(FormatKill(Killed()), "\n");
  for (const char* bad : {"a\tb\n", "a\tb\tc\t-\t-\t-\tx\t-\t-\n", "a\tb\tc\t-\t-\t-\t1\t1 2\t-\n",
                          "a\tb\tc\tleak\t-\t-\t1\t1\t-\n", "a\tb\tc\t\t-\t-\t1\t1\t-\n"}) {
    const absl::Status status = ParseKillTable(absl::StrCat(good, bad), "dir/t").status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << bad;
    EXPECT_THAT(std::string(status.message()), HasSubstr("dir/t:2: ")) << bad;
  }
  EXPECT_THAT(std::string(ParseKillTable(good + good, "t").status().message()),
              HasSubstr("t:2: a second row of flush_frozen tdp owned"));
  const absl::StatusOr<KillTable> empty = ParseKillTable("", "t");
  ASSERT_TRUE(empty.ok());
  EXPECT_THAT(empty->kills, IsEmpty());
}

TEST(KillTable, SurvivorsAreUnitsWithAReason) {
  const absl::StatusOr<std::vector<Survivor>> good =
      ParseSurvivors("# why\n\nflush_frozen\ttdp\towned\tNobody can see it.\n", "s");
  ASSERT_TRUE(good.ok()) << good.status();
  ASSERT_THAT(*good, SizeIs(1));
  EXPECT_EQ(good->front().why, "Nobody can see it.");
  EXPECT_THAT(std::string(ParseSurvivors("flush_frozen\ttdp\towned\t\n", "s").status().message()),
              HasSubstr("s:1: expected point, MMU, variant and a sentence"));
  EXPECT_THAT(
      std::string(ParseSurvivors("flush_frozen\tstage2\trwlock\tx\n", "s").status().message()),
      HasSubstr("s:1: there is no unit flush_frozen stage2 rwlock"));
}

TEST(Mutant, UnitsAreSelectedByPointMmuAndVariant) {
  const auto names = [](const absl::StatusOr<std::vector<MutantUnit>>& units) {
    std::vector<std::string> list;
    EXPECT_TRUE(units.ok()) << units.status();
    for (const MutantUnit& unit : *units) list.push_back(MutantName(unit));
    return list;
  };
  EXPECT_THAT(names(SelectMutants({"flush_frozen"}, "", {})),
              ElementsAre("flush_frozen tdp owned", "flush_frozen tdp last_put_zaps",
                          "flush_frozen tdp owned+ad_at_zap"));
  // As typed: in another order, and without what holds anyway.
  EXPECT_THAT(names(SelectMutants({"flush_frozen"}, "tdp", {"ad_at_zap"})),
              ElementsAre("flush_frozen tdp owned+ad_at_zap"));
  EXPECT_THAT(names(SelectMutants({}, "", {})), SizeIs(AllMutants().size()));
  EXPECT_THAT(std::string(SelectMutants({"flush_frozn"}, "", {}).status().message()),
              AllOf(HasSubstr("flush_frozn"), HasSubstr("did you mean 'flush_frozen'?")));
  EXPECT_THAT(std::string(SelectMutants({"flush_frozen"}, "stage2", {}).status().message()),
              AllOf(HasSubstr("nothing to weaken"), HasSubstr("--mmu=stage2")));
  EXPECT_THAT(std::string(SelectMutants({}, "", {"nonsense"}).status().message()),
              HasSubstr("--variant: "));
}

// Goal: why a point is judged nowhere, not what the point is for.
TEST(Mutant, APointWithoutUnitsSaysWhyItHasNone) {
  EXPECT_THAT(PointsWithoutUnits(kPoints), IsEmpty());
  PointInfo info = Info(point::flush_frozen);
  info.variant = "no_such_variant";
  const std::vector<PointWithoutUnits> without = PointsWithoutUnits({&info, 1});
  ASSERT_THAT(without, SizeIs(1));
  EXPECT_EQ(without[0].point, "flush_frozen");
  EXPECT_EQ(without[0].why, "it matters in 'no_such_variant', and neither MMU has such a variant");
}

TEST(Mutant, ASampleIsTheSameForTheSameSeedAndInOrder) {
  const std::vector<MutantUnit> all = AllMutants();
  const std::vector<MutantUnit> sample = SampleOf(all, 10, 1);
  EXPECT_THAT(sample, SizeIs(10));
  EXPECT_EQ(sample, SampleOf(all, 10, 1));
  EXPECT_NE(sample, SampleOf(all, 10, 2));
  EXPECT_EQ(SampleOf(all, all.size() + 1, 1), all);
  std::size_t next = 0;
  for (const MutantUnit& unit : all) {
    if (next < sample.size() && sample[next] == unit) ++next;
  }
  EXPECT_EQ(next, sample.size());
}

}  // namespace
}  // namespace racewalk
