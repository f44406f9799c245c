// Goal: the summary says what searches found, beside what known tokens show. Method: a store
// written row by row.
#include "ci/campaign/campaign_report.h"

#include <unistd.h>

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ci/store/database.h"
#include "ci/store/store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(CampaignReportTest, AReplayDoesNotHideThatSearchesFail) {
  const std::string path =
      absl::StrCat(::testing::TempDir(), "racewalk_campaign_report_", getpid(), ".store");
  CampaignReport report{.store = path};
  report.place.identity = {.version = "1", .seed = "2", .settings = "a=1"};
  absl::StatusOr<Store> store = Store::OpenToWrite("", path);
  ASSERT_TRUE(store.ok()) << store.status();
  Database& database = store->database();
  absl::Status status = database.Run(absl::StrCat(
      "INSERT INTO campaign VALUES(1, '", report.place.identity.Name(), "', '1', '2', 'a=1', 5)"));
  for (const char* unit : {"1, 'replayed'", "2, 'found'", "3, 'missed'", "4, 'survives'"}) {
    status.Update(database.Run(absl::StrCat(
        "INSERT INTO unit(id, weaken, engine, scenario, mmu, variant, strategy) VALUES(", unit,
        ", 'mutants', '', 'tdp', 'owned', '')")));
  }
  // Unit, chunk, whether it was killed, executions.
  for (const char* row : {"1, 0, 1, 1", "2, 0, 1, 1", "2, 1, 0, 700", "2, 2, 1, 1", "3, 0, 1, 1",
                          "3, 1, 0, 700", "4, 0, 0, 1"}) {
    status.Update(database.Run(
        absl::StrCat("INSERT INTO mutant VALUES(1, ", row, ", 1000, 's', 'leak', 'token')")));
  }
  status.Update(ReadTotals(database, {}, report));
  ASSERT_TRUE(status.ok()) << status;
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path + end);
  EXPECT_EQ(report.mutants_searched, 4u);
  EXPECT_EQ(report.mutants_killed, 3u);
  EXPECT_EQ(report.searched_afresh, 3u);
  EXPECT_EQ(report.found_afresh, 1u);
  EXPECT_THAT(report.survivors, SizeIs(1));
  ASSERT_THAT(report.only_replayed, SizeIs(1));
  EXPECT_EQ(report.only_replayed[0].point, "missed");
  const std::string summary = CampaignSummary(report);
  EXPECT_THAT(summary, HasSubstr("mutants: 3 killed of 4 that had a turn; searches found 1 of the "
                                 "3 that had more than the replay of a known token\n"));
  EXPECT_THAT(summary, HasSubstr("killed by its known token, not found by search: missed"));
}

}  // namespace
}  // namespace racewalk
