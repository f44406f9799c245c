// Goal: whichever protocol point is weakened, in whichever variant needs it,
// the library shows it. Method: the committed token of each, made by
// ci/kill_tokens, is replayed and must show the recorded kind of violation.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "ci/target.h"
#include "core/protocol.h"
#include "core/violation.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/explore/token.h"
#include "scenarios/variants.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

constexpr char kFile[] = "scenarios/library/kills.tsv";
constexpr char kRemedy[] =
    "; after a change of the core, the scenarios or a strategy run ci/kill_tokens";

struct Kill {
  std::string point, mmu, variant, kind, token;
};

// The tests run in the source directory.
std::vector<Kill> ReadKills() {
  std::vector<Kill> kills;
  std::ifstream file(kFile);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#' || line.rfind("point\t", 0) == 0) continue;
    const std::vector<std::string> fields = absl::StrSplit(line, '\t');
    if (fields.size() != 8) {
      ADD_FAILURE() << kFile << ": " << line;
      continue;
    }
    kills.push_back({fields[0], fields[1], fields[2], fields[3], fields[7]});
  }
  return kills;
}

// One test for each point, so that a run names those that nothing kills.
class KillsTest : public testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kFile)) GTEST_SKIP() << "not run in the source directory";
  }

  static void ExpectItKills(const Kill& kill) {
    const absl::StatusOr<Token> token = ParseToken(kill.token);
    ASSERT_TRUE(token.ok()) << token.status() << kRemedy;
    EXPECT_EQ(token->weaken, std::vector<std::string>{kill.point});
    EXPECT_EQ(token->mmu, kill.mmu);
    EXPECT_EQ(token->variant, kill.variant);
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
  const PointInfo& info = kPoints[GetParam()];
  const std::vector<Kill> kills = ReadKills();
  for (const PointUnit& unit : UnitsOf(info)) {
    const std::string mmu(SpellingOf(kMmuSpellings, unit.mmu));
    SCOPED_TRACE(absl::StrCat(std::string(info.name), " in ", mmu, " ", unit.variant));
    int rows = 0;
    for (const Kill& kill : kills) {
      if (kill.point != info.name || kill.mmu != mmu || kill.variant != unit.variant) {
        continue;
      }
      ++rows;
      ExpectItKills(kill);
    }
    EXPECT_EQ(rows, 1) << kRemedy;
  }
}

INSTANTIATE_TEST_SUITE_P(Points, KillsTest, testing::Range(std::size_t{1}, kPointCount),
                         [](const testing::TestParamInfo<std::size_t>& param) {
                           return std::string(kPoints[param.param].name);
                         });

TEST(KillsTableTest, HasNoRowThatNobodyNeeds) {
  if (!std::filesystem::exists(kFile)) GTEST_SKIP() << "not run in the source directory";
  for (const Kill& kill : ReadKills()) {
    const point found = FindPoint(std::string_view(kill.point));
    EXPECT_NE(found, point::none) << kill.point << kRemedy;
    const std::vector<PointUnit> units = UnitsOf(Info(found));
    EXPECT_TRUE(std::any_of(units.begin(), units.end(),
                            [&](const PointUnit& unit) {
                              return SpellingOf(kMmuSpellings, unit.mmu) == kill.mmu &&
                                     unit.variant == kill.variant;
                            }))
        << kill.point << " " << kill.mmu << " " << kill.variant << kRemedy;
  }
}

}  // namespace
}  // namespace racewalk
