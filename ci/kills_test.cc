// Goal: whichever protocol point is weakened, in whichever variant needs it,
// the library shows it. Method: the committed token of each, made by `racewalk
// mutants --update`, is replayed and must show the recorded violation; a unit without one must have
// an explanation. Nothing is searched here.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ci/kill_files.h"
#include "ci/kill_replay.h"
#include "ci/kill_table.h"
#include "ci/mutant.h"
#include "ci/mutants_summary.h"
#include "core/protocol.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/files.h"

namespace racewalk {
namespace {

constexpr char kRemedy[] =
    "; after a change of the core, the scenarios or a strategy run racewalk mutants --update";

// CTest runs the tests in the source directory. Without it they would check
// nothing, and must not pass.
bool InTheTree() { return std::filesystem::exists(FilesIn(".").table); }
constexpr char kNotInTheTree[] =
    "there is no scenarios/library/kills.tsv here; run the tests in the source directory";

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
  void SetUp() override { ASSERT_TRUE(InTheTree()) << kNotInTheTree; }
};

TEST_P(KillsTest, EveryVariantThatNeedsThePointShowsItsAbsence) {
  for (const MutantUnit& unit : AllMutants()) {
    if (unit.point != kPoints[GetParam()].name) continue;
    SCOPED_TRACE(MutantName(unit));
    const MutantResult* kill = Known().table.Find(unit);
    ASSERT_NE(kill, nullptr) << "no row of it" << kRemedy;
    if (kill->killed()) {
      const absl::Status status = CheckKill({unit, *kill}, Explorer::Create);
      EXPECT_TRUE(status.ok()) << kill->token << ": " << status << kRemedy;
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
  ASSERT_TRUE(InTheTree()) << kNotInTheTree;
  const KillInputs now = CurrentKillInputs();
  EXPECT_EQ(Known().table.inputs.points, now.points) << kRemedy;
  EXPECT_EQ(Known().table.inputs.library, now.library) << kRemedy;
}

TEST(KillsTableTest, HasNoRowThatNobodyNeeds) {
  ASSERT_TRUE(InTheTree()) << kNotInTheTree;
  const std::vector<MutantUnit> units = AllMutants();
  for (const Kill& kill : Known().table.kills) {
    EXPECT_NE(std::find(units.begin(), units.end(), kill.unit), units.end())
        << MutantName(kill.unit) << kRemedy;
  }
}

TEST(KillsTableTest, ThePageIsOfThisTable) {
  ASSERT_TRUE(InTheTree()) << kNotInTheTree;
  const absl::StatusOr<std::string> page = ReadFile(FilesIn(".").page, std::size_t{1} << 24);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_TRUE(*page == KillPage(Known().table, Known().survivors))
      << FilesIn(".").page << " is of another table" << kRemedy;
}

}  // namespace
}  // namespace racewalk
