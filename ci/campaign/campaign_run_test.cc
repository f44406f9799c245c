#include "ci/campaign/campaign_run.h"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ci/campaign/campaign_store.h"
#include "ci/campaign/engine.h"
#include "ci/store/store.h"
#include "ci/worker_pool.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using Work = std::function<void(std::size_t unit, uint64_t number, ChunkOutcome& outcome)>;

class FakeEngine final : public CampaignEngine {
 public:
  FakeEngine(const std::string& name, int units, Work work) : work_(std::move(work)) {
    for (int i = 0; i < units; ++i) {
      units_.push_back({.engine = name, .scenario = absl::StrCat("s", i)});
    }
  }
  const std::vector<CampaignUnit>& units() const override { return units_; }
  ChunkOutcome Run(std::size_t unit, uint64_t number, uint64_t seed) override {
    ChunkOutcome outcome{.executions = 10 + seed % 7, .steps = 5, .distinct = 2};
    outcome.nanoseconds = 1000;
    if (work_) work_(unit, number, outcome);
    return outcome;
  }

 private:
  Work work_;
  std::vector<CampaignUnit> units_{};
};

std::vector<WeightedEngine> Engines(const Work& work = {}) {
  std::vector<WeightedEngine> engines;
  engines.push_back({std::make_unique<FakeEngine>("explore", 3, work), "explore", 2});
  engines.push_back({std::make_unique<FakeEngine>("stress", 2, nullptr), "stress", 1});
  return engines;
}

// Unit 1 of `explore` shows one failure again and again, each time with other steps.
void Violate(std::size_t unit, uint64_t number, ChunkOutcome& outcome) {
  if (unit != 1) return;
  outcome.violations.push_back({.kind = "leak",
                                .invariant = "R4",
                                .place = number % 2 == 0 ? "a.h:1" : "b.h:2",
                                .other_place = number % 2 == 0 ? "b.h:2" : "a.h:1",
                                .sentence = "It leaks.",
                                .steps = 100 - number,
                                .token = absl::StrCat("token ", number),
                                .count = 3});
}

class CampaignRunTest : public ::testing::Test {
 protected:
  CampaignRunTest()
      : folder_(absl::StrCat(::testing::TempDir(), "racewalk_campaign_", getpid(), "_",
                             ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(folder_);
    options_.jobs = 2;
    options_.seed = 5;
    options_.chunks = 60;
  }
  ~CampaignRunTest() override { std::filesystem::remove_all(folder_); }

  CampaignEnd Run(const std::string& name, const std::vector<WeightedEngine>& engines,
                  const CampaignHooks& hooks = {}) {
    absl::StatusOr<Store> store = Store::OpenToWrite("", absl::StrCat(folder_, "/", name));
    EXPECT_TRUE(store.ok() && store->Work().ok()) << store.status();
    const CampaignPlace place{.identity = {"v", "5", "a=1"},
                              .shard = options_.shard,
                              .shards = options_.shards,
                              .jobs = options_.jobs};
    auto campaign = CampaignStore::Start(store->database(), place, AllUnits(engines));
    EXPECT_TRUE(campaign.ok()) << campaign.status();
    CampaignEnd end = RunCampaign(engines, options_, **campaign, hooks);
    EXPECT_TRUE(end.status.ok()) << end.status;
    EXPECT_TRUE(store->Rest().ok());
    return end;
  }

  std::string Query(const std::string& name, const std::string& sql) {
    absl::StatusOr<Store> store = Store::OpenToRead("", absl::StrCat(folder_, "/", name));
    EXPECT_TRUE(store.ok()) << store.status();
    absl::StatusOr<std::string> text = store->database().Text(sql);
    EXPECT_TRUE(text.ok()) << text.status();
    return text.ok() ? *text : "";
  }

  // What depends on nobody's clock.
  std::string Contents(const std::string& name) {
    return Query(name,
                 "SELECT group_concat(line, char(10)) FROM (SELECT engine || scenario || ' ' || "
                 "number || ' ' || outcome || ' ' || executions AS line FROM chunk JOIN unit ON "
                 "unit.id = unit ORDER BY line)") +
           "\n" + Query(name, "SELECT group_concat(class || steps || token) FROM violation") +
           Query(name, "SELECT sum(count) FROM sighting");
  }

  std::string folder_;
  CampaignRunOptions options_{};
};

TEST_F(CampaignRunTest, RunsEachChunkOnceAndKeepsTheShortestOfAClass) {
  std::vector<CampaignProgress> told;
  int found = 0;
  const CampaignEnd end = Run("store", Engines(Violate),
                              {.progress = [&](const auto& now) { told.push_back(now); },
                               .found = [&](const auto&, const auto&) { ++found; }});
  EXPECT_FALSE(end.interrupted);
  EXPECT_EQ(end.progress.chunks, 60u);
  EXPECT_EQ(end.progress.chunks_left, 0u);
  EXPECT_EQ(found, 1);
  EXPECT_EQ(end.progress.violations, 1u);
  EXPECT_FALSE(told.empty());
  EXPECT_EQ(Query("store", "SELECT count(*) FROM chunk"), "60");
  EXPECT_EQ(Query("store",
                  "SELECT group_concat(n) FROM (SELECT count(*) AS n FROM chunk JOIN unit "
                  "ON unit.id = unit GROUP BY engine)"),
            "40,20");
  EXPECT_EQ(Query("store", "SELECT class FROM violation"), "leak|R4|a.h:1|b.h:2");
  // The last of its chunks has the fewest steps.
  EXPECT_EQ(
      Query("store", "SELECT steps = 100 - (SELECT max(number) FROM sighting) FROM violation"),
      "1");
  EXPECT_EQ(Query("store", "SELECT state FROM shard"), "done");
}

TEST_F(CampaignRunTest, StopsWhenInterruptedAndGoesOn) {
  Run("alone", Engines(Violate));
  int looks = 0;
  const CampaignEnd end =
      Run("store", Engines(Violate), {.interrupted = [&] { return ++looks > 3; }});
  EXPECT_TRUE(end.interrupted);
  EXPECT_LT(end.progress.chunks, 60u);
  EXPECT_EQ(Query("store", "SELECT state FROM shard"), "interrupted");
  const CampaignEnd rest = Run("store", Engines(Violate));
  EXPECT_EQ(end.progress.chunks + rest.progress.chunks, 60u);
  EXPECT_EQ(Contents("store"), Contents("alone"));
  EXPECT_EQ(Run("store", Engines(Violate)).progress.chunks, 0u);
}

TEST_F(CampaignRunTest, ShardsTogetherDoWhatOneDoes) {
  Run("alone", Engines(Violate));
  options_.shards = 3;
  uint64_t chunks = 0;
  for (const uint64_t shard : {2u, 0u, 1u}) {
    options_.shard = shard;
    options_.jobs = 1 + static_cast<int>(shard);
    chunks += Run("store", Engines(Violate)).progress.chunks;
  }
  EXPECT_EQ(chunks, 60u);
  EXPECT_EQ(Contents("store"), Contents("alone"));
}

// Goal: what ends a worker ends one chunk. Method: three chunks that die, hang
// and grow; all others are done.
TEST_F(CampaignRunTest, ContainsWorkersThatDieHangOrGrow) {
  options_.chunk_limit = std::chrono::milliseconds(1500);
  options_.memory = uint64_t{200} << 20;
  std::vector<std::string> hoard;
  const Work work = [&](std::size_t unit, uint64_t number, ChunkOutcome& outcome) {
    if (unit == 0 && number == 1) abort();
    if (unit == 1 && number == 2) {
      for (;;) pause();
    }
    if (unit == 2 && number == 3) {
      for (;;) {
        // Not so fast that the machine has none left.
        hoard.emplace_back(1 << 20, 'x');
        usleep(100);
      }
    }
    if (unit == 2 && number == 4) outcome.problem = "it came out differently";
  };
  std::vector<std::string> incidents;
  const CampaignEnd end =
      Run("store", Engines(work),
          {.incident = [&](const std::string& text) { incidents.push_back(text); }});
  EXPECT_EQ(end.progress.chunks, 60u);
  EXPECT_EQ(end.progress.incidents, 4u);
  EXPECT_THAT(incidents, ::testing::UnorderedElementsAre(
                             ::testing::StartsWith("explore s0, chunk 1: the worker process was "
                                                   "killed by signal 6"),
                             "explore s1, chunk 2: the worker process gave no answer in 1.5 s",
                             ::testing::HasSubstr("MiB of memory, and may use 200"),
                             "explore s2, chunk 4: it came out differently"));
  EXPECT_EQ(Query("store",
                  "SELECT group_concat(scenario || outcome) FROM (SELECT * FROM chunk JOIN "
                  "unit ON unit.id = unit WHERE outcome <> 0 ORDER BY scenario, outcome)"),
            "s01,s12,s21,s23");
  EXPECT_EQ(Query("store", "SELECT count(*) FROM incident"), "4");
  EXPECT_EQ(Run("store", Engines(work)).progress.chunks, 0u) << "they are not tried again";
}

TEST_F(CampaignRunTest, AChunkKilledFromOutsideIsTriedOnceMore) {
  const std::string marker = absl::StrCat(folder_, "/killed");
  const Work once = [&](std::size_t unit, uint64_t number, ChunkOutcome&) {
    if (unit != 0 || number != 1 || std::filesystem::exists(marker)) return;
    std::filesystem::create_directory(marker);
    kill(getpid(), SIGKILL);
  };
  EXPECT_EQ(Run("once", Engines(once)).progress.incidents, 0u);
  EXPECT_EQ(Query("once", "SELECT count(*) FROM chunk WHERE outcome = 0"), "60");
  const Work always = [](std::size_t unit, uint64_t number, ChunkOutcome&) {
    if (unit == 0 && number == 1) kill(getpid(), SIGKILL);
  };
  EXPECT_EQ(Run("always", Engines(always)).progress.incidents, 1u);
  EXPECT_EQ(Query("always", "SELECT count(*) FROM chunk WHERE outcome = 1"), "1");
}

// Goal: two chunks that are killed in turn are not tried for ever. Method: all are killed five
// times, two at a time; files count, as the next try is in another process.
TEST_F(CampaignRunTest, ChunksThatAreKilledInTurnAreEachTriedOnceMore) {
  const Work work = [&](std::size_t unit, uint64_t number, ChunkOutcome&) {
    const auto mark = [&](int i) {
      return absl::StrCat(folder_, "/killed_", unit, "_", number, "_", i);
    };
    int times = 0;
    while (std::filesystem::exists(mark(times))) ++times;
    if (times == 5) return;
    std::filesystem::create_directory(mark(times));
    usleep(50'000);
    kill(getpid(), SIGKILL);
  };
  options_.chunks = 4;
  std::vector<WeightedEngine> engines;
  engines.push_back({std::make_unique<FakeEngine>("explore", 4, work), "explore", 1});
  EXPECT_EQ(Run("store", engines).progress.incidents, 4u);
  EXPECT_EQ(Query("store", "SELECT count(*) FROM chunk WHERE outcome = 1"), "4");
}

// Goal: what was told is in the store. Method: a campaign that is killed as soon as it tells, in a
// process of its own.
TEST_F(CampaignRunTest, TellsWhatIsInTheStore) {
  const auto at_once = [] { kill(getpid(), SIGKILL); };
  const auto killed = [&](const std::string& name, const Work& work, const CampaignHooks& hooks) {
    const pid_t child = fork();
    if (child == 0) {
      Run(name, Engines(work), hooks);
      _exit(0);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status)) << "it told nothing";
  };
  killed("found", Violate, {.found = [&](const auto&, const auto&) { at_once(); }});
  EXPECT_EQ(Query("found", "SELECT count(*) FROM violation"), "1");
  const Work dies = [](std::size_t unit, uint64_t, ChunkOutcome&) {
    if (unit == 1) abort();
  };
  killed("incident", dies, {.incident = [&](const std::string&) { at_once(); }});
  EXPECT_NE(Query("incident", "SELECT count(*) FROM incident"), "0");
}

// Else a campaign that is killed in a long chunk has not spent the time that it has spent.
TEST_F(CampaignRunTest, KeepsTheTimeThatALongChunkTakes) {
  options_.chunks = 1;
  options_.chunk_limit = std::chrono::milliseconds(1500);
  options_.heartbeat = std::chrono::milliseconds(10);
  std::vector<CampaignProgress> told;
  const Work forever = [](std::size_t, uint64_t, ChunkOutcome&) {
    for (;;) pause();
  };
  std::vector<WeightedEngine> engines;
  engines.push_back({std::make_unique<FakeEngine>("explore", 1, forever), "explore", 1});
  Run("store", engines, {.progress = [&](const auto& now) { told.push_back(now); }});
  ASSERT_GT(told.size(), 1u);
  EXPECT_EQ(told.front().chunks, 0u);
  EXPECT_GT(told.front().seconds, 0);
  EXPECT_EQ(told.back().chunks, 1u);
}

TEST_F(CampaignRunTest, EndsWithItsTime) {
  options_.chunks.reset();
  options_.seconds = 0.3;
  const CampaignEnd end = Run("store", Engines());
  EXPECT_FALSE(end.interrupted);
  EXPECT_GT(end.progress.chunks, 0u);
  EXPECT_EQ(Query("store", "SELECT state FROM shard"), "done");
}

TEST(AddViolationTest, KeepsWhatCanBeReplayed) {
  const SeenViolation threads{.kind = "leak", .count = 2};
  const SeenViolation longer{.kind = "leak", .steps = 9, .token = "long"};
  const SeenViolation shorter{.kind = "leak", .steps = 7, .token = "short"};
  std::vector<SeenViolation> kept;
  for (const SeenViolation& one : {longer, threads, shorter}) AddViolation(one, "", kept);
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].token, "short");
  EXPECT_EQ(kept[0].count, 4u);
  kept.clear();
  for (const SeenViolation& one : {threads, longer}) AddViolation(one, "", kept);
  EXPECT_EQ(kept[0].token, "long");
}

TEST(ChunkOutcomeTest, CrossesAPipe) {
  ChunkOutcome outcome{.problem = "p",
                       .executions = 1,
                       .steps = 2,
                       .distinct = 3,
                       .nanoseconds = 4,
                       .mutant = MutantOutcome{true, 5, 6, "s", "k", "t"},
                       .corpus = {{"text", 7}},
                       .retire = true};
  Violate(1, 8, outcome);
  const std::string bytes = FormatChunkOutcome(outcome);
  const absl::StatusOr<ChunkOutcome> read = ParseChunkOutcome(bytes);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(FormatChunkOutcome(*read), bytes);
  EXPECT_EQ(read->violations[0].token, "token 8");
  EXPECT_EQ(read->mutant->token, "t");
  EXPECT_FALSE(ParseChunkOutcome(bytes.substr(0, bytes.size() - 1)).ok());
}

}  // namespace
}  // namespace racewalk
