// Goal: whichever protocol point is weakened, in whichever variant needs it,
// the library shows it. Method: the committed token of each, made by `racewalk
// mutants --update`, is replayed and must show the recorded kind of violation;
// a unit without one must have an explanation. Nothing is searched here.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ci/kill_files.h"
#include "ci/kill_table.h"
#include "ci/mutant.h"
#include "ci/mutants_summary.h"
#include "ci/target.h"
#include "ci/token_target.h"
#include "core/protocol.h"
#include "core/violation.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/explore/token.h"
#include "scenarios/files.h"

namespace racewalk {
namespace {

constexpr char kRemedy[] =
    "; after a change of the core, the scenarios or a strategy run racewalk mutants --update";

// The tests run in the source directory.
bool InTheTree() { return std::filesystem::exists(FilesIn(".").table); }

const KnownKills& Known() {
  static const KnownKills* const kKnown = [] {
    absl::StatusOr<KnownKills> known = ReadKnownKills(FilesIn("."));
    EXPECT_TRUE(known.ok()) << known.status() << kRemedy;
    return new KnownKills(known.ok() ? *std::move(known) : KnownKills());
  }();
  return *kKnown;
}

bool Explained(const MutantUnit& unit) {
  const std::vector<Survivor>& survivors = Known().survivors;
  return std::any_of(survivors.begin(), survivors.end(),
                     [&](const Survivor& survivor) { return survivor.unit == unit; });
}

// One test for each point, so that a run names those that nothing kills.
class KillsTest : public testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    if (!InTheTree()) GTEST_SKIP() << "not run in the source directory";
  }

  static void ExpectItKills(const MutantUnit& unit, const MutantResult& kill) {
    const absl::StatusOr<Token> token = ParseToken(kill.token);
    ASSERT_TRUE(token.ok()) << token.status() << kRemedy;
    EXPECT_EQ(token->weaken, std::vector<std::string>{unit.point});
    EXPECT_EQ(token->mmu, unit.mmu);
    EXPECT_EQ(token->variant, unit.variant);
    EXPECT_EQ(token->bug, "");
    const absl::StatusOr<Target> target = TargetOf(*token);
    ASSERT_TRUE(target.ok()) << target.status() << kRemedy;
    const auto strategy = MakeStrategy(token->strategy, {});
    ASSERT_TRUE(strategy.ok()) << strategy.status() << kRemedy;
    const auto explorer = Explorer::Create(target->subject);
    ASSERT_TRUE(explorer.ok()) << explorer.status() << kRemedy;
    const Recording recording = (*explorer)->Record(**strategy, token->key, false);
    EXPECT_STREQ(Name(recording.violation.kind), kill.kind.c_str()) << kill.token << kRemedy;
  }
};

TEST_P(KillsTest, EveryVariantThatNeedsThePointShowsItsAbsence) {
  for (const MutantUnit& unit : AllMutants()) {
    if (unit.point != kPoints[GetParam()].name) continue;
    SCOPED_TRACE(MutantName(unit));
    const MutantResult* kill = Known().table.Find(unit);
    ASSERT_NE(kill, nullptr) << "no row of it" << kRemedy;
    if (kill->killed()) {
      ExpectItKills(unit, *kill);
    } else {
      EXPECT_TRUE(Explained(unit)) << "nothing kills it, and survivors.tsv does not say why";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Points, KillsTest, testing::Range(std::size_t{1}, kPointCount),
                         [](const testing::TestParamInfo<std::size_t>& param) {
                           return std::string(kPoints[param.param].name);
                         });

TEST(KillsTableTest, IsMadeOfThesePointsAndThisLibrary) {
  if (!InTheTree()) GTEST_SKIP() << "not run in the source directory";
  const KillInputs now = CurrentKillInputs();
  EXPECT_EQ(Known().table.inputs.points, now.points) << kRemedy;
  EXPECT_EQ(Known().table.inputs.library, now.library) << kRemedy;
}

TEST(KillsTableTest, HasNoRowThatNobodyNeeds) {
  if (!InTheTree()) GTEST_SKIP() << "not run in the source directory";
  const std::vector<MutantUnit> units = AllMutants();
  for (const Kill& kill : Known().table.kills) {
    EXPECT_NE(std::find(units.begin(), units.end(), kill.unit), units.end())
        << MutantName(kill.unit) << kRemedy;
  }
}

TEST(KillsTableTest, ThePageIsOfThisTable) {
  if (!InTheTree()) GTEST_SKIP() << "not run in the source directory";
  const absl::StatusOr<std::string> page = ReadFile(FilesIn(".").page, std::size_t{1} << 24);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_TRUE(*page == KillPage(Known().table, Known().survivors))
      << FilesIn(".").page << " is of another table" << kRemedy;
}

}  // namespace
}  // namespace racewalk
