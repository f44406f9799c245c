#include "ci/campaign/weights.h"

#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ci/store/database.h"
#include "ci/store/schema.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

// Two campaigns of 100 s of each engine.
constexpr char kHistory[] = R"(
  INSERT INTO campaign(id, name, version, seed, settings, started)
    VALUES (1, 'a', 'v', '1', '', 0), (2, 'b', 'v', '2', '', 0);
  INSERT INTO unit(id, engine, scenario, mmu, variant, strategy, weaken)
    VALUES (1, 'explore', 's', 'tdp', '', 'random', ''), (2, 'fuzz', '', 'tdp', '', '', ''),
           (3, 'mutants', '', 'tdp', '', '', 'point');
  INSERT INTO chunk SELECT campaign.id, unit.id, 0, 0, 9, 9, 9, 50000000000 FROM campaign, unit;
)";

class WeightsTest : public ::testing::Test {
 protected:
  WeightsTest() {
    Run(SchemaSql());
    Run(kHistory);
  }

  void Run(absl::string_view sql) {
    ASSERT_TRUE(database_.ok());
    const absl::Status status = database_->Run(std::string(sql));
    ASSERT_TRUE(status.ok()) << status;
  }
  std::map<std::string, EngineHistory> History() {
    auto history = HistoryOf(*database_);
    EXPECT_TRUE(history.ok()) << history.status();
    return history.ok() ? *history : std::map<std::string, EngineHistory>{};
  }

  absl::StatusOr<Database> database_ = Database::Open("history", Database::Access::kMemory);
};

TEST_F(WeightsTest, AreTheDefaultsWhileNothingWasFound) {
  EXPECT_EQ(WeightOf("explore", {}), 16u);
  EXPECT_EQ(History()["fuzz"].seconds, 100);
  for (const auto& [engine, weight] :
       {std::pair("explore", 16u), std::pair("mutants", 12u), std::pair("fuzz", 8u)}) {
    EXPECT_EQ(WeightOf(engine, History()), weight) << engine;
  }
}

// Every chunk of the fuzzer keeps inputs, and other chunks have kept the like before.
TEST_F(WeightsTest, InputsOfTheFuzzerAreNoFinds) {
  Run("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
      "INSERT INTO corpus SELECT 1 + i % 2, 'input ' || (i % 20), 2, i / 20, 7 FROM n");
  EXPECT_EQ(History()["fuzz"].finds, 0);
  EXPECT_EQ(WeightOf("fuzz", History()), 8u);
  EXPECT_EQ(WeightOf("explore", History()), 16u);
}

TEST_F(WeightsTest, FollowViolationsAndMutantsThatLive) {
  Run("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 11) "
      "INSERT INTO violation SELECT 1, 'class ' || i, 2, 'leak', '', '', '', '', '', '', 1, '', "
      "'', '' FROM n;"
      "INSERT INTO mutant VALUES (1, 3, 0, 0, 9, 9, '', '', ''), (2, 3, 0, 0, 9, 9, '', '', ''),"
      "(2, 3, 1, 1, 9, 9, '', '', '')");
  EXPECT_EQ(History()["fuzz"].finds, 12);
  EXPECT_EQ(History()["mutants"].finds, 1) << "killed in the second campaign";
  EXPECT_GT(WeightOf("fuzz", History()), 8u);
  EXPECT_LT(WeightOf("explore", History()), 16u);
}

}  // namespace
}  // namespace racewalk
