// Goal: what a store holds is what is told: of the right night, summed up once, in the right order.
// Method: stores written row by row.
#include "ci/report/load.h"

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/report/nights.h"
#include "ci/report/synthetic_store.h"
#include "ci/store/store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LoadTest : public ::testing::Test {
 protected:
  LoadTest()
      : path_(absl::StrCat(::testing::TempDir(), "racewalk_load_", getpid(), "_",
                           ::testing::UnitTest::GetInstance()->current_test_info()->name())) {}
  ~LoadTest() override { std::filesystem::remove(path_); }

  StoreNights Load(absl::string_view campaign = "") {
    absl::StatusOr<Store> store = Store::OpenToRead("", path_);
    EXPECT_TRUE(store.ok()) << store.status();
    absl::StatusOr<StoreNights> nights = LoadNights(*store, campaign);
    EXPECT_TRUE(nights.ok()) << nights.status();
    return nights.ok() ? *std::move(nights) : StoreNights{};
  }

  std::string ErrorOf(absl::string_view campaign) {
    absl::StatusOr<Store> store = Store::OpenToRead("", path_);
    return std::string(LoadNights(*store, campaign).status().message());
  }

  std::string path_;
};

TEST_F(LoadTest, WorkIsSummedByRowAndByEngine) {
  {
    SyntheticStore store(path_);
    store.Night("before");
    store.Chunk(Explored("a"), 7);
    store.Night("tonight", "2.0");
    for (int i = 0; i < 3; ++i) store.Chunk(Explored("a"), 1000, 50'000);
    store.Chunk(Explored("a", "stage2"), 500, 50'000);
    store.Chunk({.engine = "stress", .scenario = "a"}, 10, 100, 1);
  }
  const StoreNights nights = Load();
  ASSERT_THAT(nights.nights, SizeIs(2));
  const Night& told = nights.told();
  EXPECT_EQ(told.name, "tonight");
  EXPECT_EQ(told.version, "2.0");
  EXPECT_TRUE(told.complete());
  EXPECT_EQ(told.jobs, 2u);
  EXPECT_DOUBLE_EQ(told.seconds, 3600.5);
  EXPECT_EQ(told.engines.at("explore").executions, 3500u);
  EXPECT_EQ(told.engines.at("explore").chunks, 4u);
  EXPECT_THAT(*told.engines.at("explore").rate(), DoubleNear(50'000, 1));
  EXPECT_EQ(told.engines.at("stress").lost, 1u);
  EXPECT_EQ(nights.nights[0].engines.at("explore").executions, 7u);
  ASSERT_THAT(nights.units, SizeIs(3));
  EXPECT_EQ(nights.units[1].unit, Explored("a"));
  EXPECT_EQ(nights.units[1].work.executions, 3000u);
  EXPECT_EQ(nights.units[1].work.distinct, 120u);
  EXPECT_EQ(nights.units[1].work.most_distinct, 40u);
}

TEST_F(LoadTest, AViolationIsNewInTheFirstNightThatSeesIt) {
  {
    SyntheticStore store(path_);
    store.Night("first");
    store.Violation("old", Explored("a"), {.kind = "leak", .count = 1});
    store.Night("second");
    store.Violation("old", Explored("a"), {.kind = "leak", .count = 1});
    store.Night("third");
    store.Violation("old", Explored("a"), {.kind = "leak", .count = 100});
    store.Violation("rare", Explored("a"),
                    {.kind = "deadlock", .timeline = "1 2 3", .count = 2, .seconds_to_find = 90});
    store.Violation("often", Explored("a"), {.kind = "deadlock", .count = 3});
    store.Sighting("often", Explored("b"), 4, 7);
    store.Sighting("often", Explored("b"), 5, 8);
    // What a mutant shows is what is wanted.
    store.Violation("mutant", {.engine = "mutants", .weaken = "point"}, {.kind = "leak"});
  }
  const StoreNights nights = Load();
  EXPECT_EQ(nights.told().violations, 3u);
  EXPECT_EQ(nights.told().new_violations, 2u);
  EXPECT_EQ(nights.nights[0].new_violations, 1u);
  EXPECT_EQ(nights.nights[1].new_violations, 0u);
  ASSERT_THAT(nights.violations, SizeIs(3));
  EXPECT_EQ(nights.violations[0].name, "often");
  EXPECT_EQ(nights.violations[0].count, 12u);
  EXPECT_EQ(nights.violations[0].seconds_to_find, 0);
  EXPECT_THAT(nights.violations[0].units, ElementsAre(Explored("a"), Explored("b")));
  EXPECT_EQ(nights.violations[1].name, "rare");
  EXPECT_EQ(nights.violations[1].seconds_to_find, 90);
  EXPECT_EQ(nights.violations[1].timeline, "1 2 3");
  EXPECT_TRUE(nights.violations[1].is_new());
  EXPECT_EQ(nights.violations[2].name, "old");
  EXPECT_EQ(nights.violations[2].nights, 2u);
  EXPECT_EQ(nights.violations[2].first_seen, nights.nights[0].started);
  EXPECT_FALSE(nights.violations[2].is_new());
}

TEST_F(LoadTest, AMutantIsKilledByAnyOfItsSearches) {
  {
    SyntheticStore store(path_);
    store.Night("tonight");
    store.Mutant({"a", "tdp", "owned"}, false, 2);
    store.Mutant({"a", "tdp", "owned"}, true, 3);
    store.Mutant({"a", "tdp", "owned"}, true, 100);
    store.Mutant({"a", "stage2", "rwlock"}, false, 5);
    store.Mutant({"a", "stage2", "rwlock"}, false, 6);
  }
  const StoreNights nights = Load();
  EXPECT_EQ(nights.told().mutants, 2u);
  EXPECT_EQ(nights.told().mutants_killed, 1u);
  ASSERT_THAT(nights.mutants, SizeIs(2));
  EXPECT_FALSE(nights.mutants[0].killed);
  EXPECT_EQ(nights.mutants[0].name.mmu, "stage2");
  EXPECT_DOUBLE_EQ(nights.mutants[0].seconds, 11);
  EXPECT_TRUE(nights.mutants[1].killed);
  EXPECT_DOUBLE_EQ(nights.mutants[1].seconds, 5);
  EXPECT_EQ(nights.mutants[1].scenario, "fault_vs_fault");
}

TEST_F(LoadTest, AReplayIsNoSearch) {
  {
    SyntheticStore store(path_);
    store.Night("tonight");
    store.Replay({"replayed", "tdp", "owned"});
    store.Replay({"found", "tdp", "owned"});
    store.Mutant({"found", "tdp", "owned"}, false, 2);
    store.Mutant({"found", "tdp", "owned"}, true, 3);
    store.Replay({"missed", "tdp", "owned"});
    store.Mutant({"missed", "tdp", "owned"}, false, 4);
    store.Night("first search kills");
    store.Mutant({"found", "tdp", "owned"}, true, 5);
  }
  const StoreNights nights = Load("tonight");
  EXPECT_EQ(nights.told().mutants_killed, 3u);
  ASSERT_THAT(nights.mutants, SizeIs(3));
  const NightMutant& found = nights.mutants[0];
  EXPECT_TRUE(found.replayed);
  EXPECT_FALSE(found.replay_failed);
  EXPECT_EQ(found.searches, 2u);
  EXPECT_EQ(found.searches_killed, 1u);
  EXPECT_EQ(found.executions, 1400u);
  EXPECT_DOUBLE_EQ(found.seconds, 5);
  EXPECT_EQ(found.token, "a token");
  const NightMutant& missed = nights.mutants[1];
  EXPECT_TRUE(missed.killed);
  EXPECT_EQ(missed.searches_killed, 0u);
  EXPECT_EQ(missed.executions, 700u);
  EXPECT_DOUBLE_EQ(missed.seconds, 4);
  EXPECT_EQ(missed.token, "known token");
  const NightMutant& replayed = nights.mutants[2];
  EXPECT_EQ(replayed.searches, 0u);
  EXPECT_EQ(replayed.executions, 1u);
  const NightMutant afresh = Load("first").mutants.at(0);
  EXPECT_TRUE(afresh.replay_failed);
  EXPECT_EQ(afresh.searches_killed, 1u);
}

TEST_F(LoadTest, ACampaignIsFoundByTheBeginningOfItsName) {
  {
    SyntheticStore store(path_);
    store.Night("aa11", "1");
    store.Night("aa22", "2");
    store.Night("bb33", "3", "running", 4);
  }
  EXPECT_EQ(Load().told().name, "bb33");
  EXPECT_EQ(Load("aa2").told().name, "aa22");
  EXPECT_THAT(Load("aa2").nights, SizeIs(2));
  EXPECT_THAT(ErrorOf("aa"), HasSubstr("2 campaigns"));
  EXPECT_THAT(ErrorOf("bb34"), HasSubstr("did you mean 'bb33'?"));
  const Night told = Load().told();
  EXPECT_FALSE(told.complete());
  EXPECT_EQ(told.shards, 4u);
  EXPECT_EQ(told.shards_seen, 1u);
  EXPECT_EQ(told.shards_done, 0u);
}

TEST_F(LoadTest, AnEmptyStoreSaysWhatFillsIt) {
  {
    SyntheticStore store(path_);
  }
  EXPECT_EQ(
      ErrorOf(""),
      absl::StrCat(path_, " has no campaign yet; racewalk campaign --store=", path_, " runs one"));
}

TEST_F(LoadTest, OldNightsAreLeftOutButNotForgotten) {
  {
    SyntheticStore store(path_);
    for (uint64_t i = 0; i < kMostNights + 5; ++i) {
      store.Night(absl::StrCat("night", i));
      if (i == 0 || i == kMostNights + 4) store.Violation("class", Explored("a"), {.count = 1});
    }
  }
  const StoreNights nights = Load();
  EXPECT_THAT(nights.nights, SizeIs(kMostNights));
  EXPECT_EQ(nights.nights_left_out, 5u);
  EXPECT_EQ(nights.violations.at(0).nights, 1u);
  EXPECT_EQ(nights.told().new_violations, 0u);
}

TEST_F(LoadTest, TheBaselineIsTheNewestNightOrTheOneBefore) {
  {
    SyntheticStore store(path_);
    store.Night("first");
    store.Violation("old", Explored("a"));
    store.Mutant({"p", "tdp", "owned"}, true);
    for (double rate : {10, 20, 30, 40, 1000}) store.Chunk(Explored("a"), 1000, rate);
    store.Chunk(Explored("a"), 1, 1, 1);  // died
    store.Chunk({.engine = "mutants", .weaken = "p"});
    store.Night("second");
    store.Violation("new", Explored("a"));
  }
  absl::StatusOr<Store> store = Store::OpenToRead("", path_);
  ASSERT_TRUE(store.ok()) << store.status();
  constexpr int64_t kLater = SyntheticStore::kFirstNight + 9 * SyntheticStore::kDay;
  const absl::StatusOr<Baseline> newest =
      LoadBaseline(*store, {.name = "third", .started = kLater});
  ASSERT_TRUE(newest.ok()) << newest.status();
  EXPECT_EQ(newest->night.name, "second");
  EXPECT_THAT(newest->classes, SizeIs(2));
  EXPECT_THAT(newest->rates, IsEmpty());
  const absl::StatusOr<Baseline> before = LoadBaseline(*store, newest->night);
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(before->night.name, "first");
  EXPECT_THAT(before->classes, SizeIs(1));
  EXPECT_TRUE(before->mutants.at({"p", "tdp", "owned"}).killed);
  ASSERT_THAT(before->rates, SizeIs(1));
  const ChunkRates& rates = before->rates.at(Explored("a"));
  EXPECT_EQ(rates.chunks, 5u);
  EXPECT_THAT(rates.median, DoubleNear(30, 0.1));
  EXPECT_THAT(rates.deviation, DoubleNear(10, 0.1));
  ASSERT_THAT(before->all_rates, SizeIs(1));
  EXPECT_THAT(before->all_rates[0].at(Explored("a")),
              DoubleNear(5000 / (100 + 50 + 33.3333 + 25 + 1), 0.1));
  EXPECT_THAT(std::string(LoadBaseline(*store, before->night).status().message()),
              HasSubstr("no earlier campaign"));
}

}  // namespace
}  // namespace racewalk
