// Goal: whichever protocol point is weakened, the explanation of the violation
// names it. Method: the committed killing tokens are replayed with their events.
#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "ci/kill_files.h"
#include "ci/kill_table.h"
#include "ci/synchronization.h"
#include "ci/token_target.h"
#include "core/protocol.h"
#include "gmock/gmock.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/explore/token.h"

namespace racewalk {
namespace {

// The tests run in the source directory.
class ExplanationsTest : public testing::TestWithParam<std::size_t> {};

TEST_P(ExplanationsTest, NameThePoint) {
  const auto known = ReadKnownKills(FilesIn("."));
  ASSERT_TRUE(known.ok()) << known.status();
  const std::string name(kPoints[GetParam()].name);
  for (const Kill& kill : known->table.kills) {
    if (kill.unit.point != name || !kill.result.killed()) continue;
    SCOPED_TRACE(kill.result.token);
    const auto token = ParseToken(kill.result.token);
    ASSERT_TRUE(token.ok()) << token.status();
    const auto target = TargetOf(*token);
    ASSERT_TRUE(target.ok()) << target.status();
    const auto strategy = MakeStrategy(token->strategy, {});
    const auto explorer = Explorer::Create(target->subject);
    ASSERT_TRUE(strategy.ok() && explorer.ok());
    const Recording recording = (*explorer)->Record(**strategy, token->key, true);
    EXPECT_THAT(Explanation(recording, (*explorer)->thread_names()), testing::HasSubstr(name));
  }
}

INSTANTIATE_TEST_SUITE_P(Points, ExplanationsTest, testing::Range(std::size_t{1}, kPointCount),
                         [](const testing::TestParamInfo<std::size_t>& param) {
                           return std::string(kPoints[param.param].name);
                         });

}  // namespace
}  // namespace racewalk
