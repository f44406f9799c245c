// The real binary: campaigns that are killed, interrupted, shared out and out of room.
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ci/json_runner.h"
#include "ci/store/store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::HasSubstr;

class CampaignCommandTest : public JsonRunner {
 protected:
  // Chunks of milliseconds: after some violations one ends.
  std::vector<std::string> Arguments(const std::string& store,
                                     const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"campaign",
                                          kText,
                                          "--engines=explore",
                                          "--weaken=table_publish",
                                          "--seed=7",
                                          "--jobs=2",
                                          absl::StrCat("--store=", Path(store))};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto says_when = [](const std::string& word) { return word.starts_with("--chunks="); };
    if (std::none_of(more.begin(), more.end(), says_when)) arguments.emplace_back("--chunks=40");
    return arguments;
  }

  // A campaign that would take hours, with a first chunk in the store.
  pid_t StartLong(const std::string& name) {
    const pid_t pid = Start(Arguments(name, {"--chunks=100000"}));
    const auto begun = [&] {
      return std::filesystem::exists(Path(name)) &&
             Query(name, "SELECT count(*) FROM chunk") != "0";
    };
    siginfo_t ended{};
    while (ended.si_pid == 0 && !begun()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOHANG | WNOWAIT);
    }
    EXPECT_EQ(ended.si_pid, 0) << ReadAll(Path("stderr"));
    return pid;
  }

  std::string Query(const std::string& name, const std::string& sql) {
    absl::StatusOr<Store> store = Store::OpenToRead("", Path(name));
    EXPECT_TRUE(store.ok()) << store.status();
    if (!store.ok()) return "";
    absl::StatusOr<std::string> text = store->database().Text(sql);
    EXPECT_TRUE(text.ok()) << text.status();
    return text.ok() ? *text : "";
  }

  // All that no clock decides, with names in place of ids.
  std::string Contents(const std::string& name) {
    const std::string unit =
        "(SELECT engine || ' ' || scenario || mmu || variant || strategy || weaken FROM unit WHERE "
        "id = t.unit)";
    std::string text;
    for (const std::string& line :
         {absl::StrCat(unit,
                       " || '|' || number || '|' || outcome || '|' || executions || '|' || steps "
                       "|| '|' || distinct_seen AS line FROM chunk t"),
          absl::StrCat(unit,
                       " || '|' || number || '|' || class || '|' || count AS line FROM "
                       "sighting t"),
          absl::StrCat(unit,
                       " || '|' || class || '|' || steps || '|' || token || timeline || trace "
                       "AS line FROM violation t")}) {
      absl::StrAppend(&text,
                      Query(name, absl::StrCat("SELECT group_concat(line, char(10)) FROM "
                                               "(SELECT ",
                                               line, " ORDER BY line)")),
                      "\n");
    }
    return text;
  }
};

TEST_F(CampaignCommandTest, FindsCountsAndTells) {
  const nlohmann::json object = RunJson(Arguments("store"), 1);
  EXPECT_EQ(object["verdict"], "violation");
  EXPECT_EQ(object["engines"][0]["chunks"], 40);
  EXPECT_EQ(object["shard"], nlohmann::json::parse(R"({"number":0,"of":1})"));
  ASSERT_FALSE(object["violations"].empty());
  const nlohmann::json& violation = object["violations"][0];
  EXPECT_EQ(violation["unit"]["weaken"], "table_publish");
  EXPECT_GT(violation["count"], violation["chunks"]);
  EXPECT_THAT(violation["class"], HasSubstr("|table_publish"));
  const Outcome replayed = Run({"replay", violation["token"]});
  EXPECT_EQ(replayed.status, 1) << replayed.err;
  EXPECT_EQ(Files().size(), 1u) << "a store at rest is one file";
}

TEST_F(CampaignCommandTest, SaysInWordsWhatItDid) {
  const Outcome outcome = Run(Arguments("store"));
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, HasSubstr(" campaign: seed=7 jobs=2 shard=0/1 chunks=40 "));
  EXPECT_THAT(outcome.out, HasSubstr("VIOLATION: "));
  EXPECT_THAT(outcome.out, HasSubstr("  replay: racewalk replay "));
  EXPECT_THAT(outcome.out, HasSubstr("  seen "));
  EXPECT_THAT(outcome.out, HasSubstr("verdict: violation; racewalk "));
}

// Goal: a killed campaign loses nothing that was done, and does nothing twice
// or otherwise. Method: SIGKILL at moments of all kinds, then the rest.
TEST_F(CampaignCommandTest, IsTheSameAfterBeingKilledAgainAndAgain) {
  constexpr int kKills = 8;
  EXPECT_EQ(Run(Arguments("alone", {"--chunks=600"})).status, 1);
  std::mt19937 random(11);
  int done = 0;
  for (int i = 0; i < kKills; ++i) {
    const pid_t pid = Start(Arguments("killed", {"--chunks=600", "--resume"}));
    std::this_thread::sleep_for(std::chrono::milliseconds(10 + random() % 150));
    kill(pid, SIGKILL);
    Finish(pid);
    if (!std::filesystem::exists(Path("killed"))) continue;
    const int now = std::stoi(Query("killed", "SELECT count(*) FROM chunk"));
    EXPECT_GE(now, done);
    done = now;
  }
  const Outcome last = Run(Arguments("killed", {"--chunks=600", "--resume"}));
  EXPECT_EQ(last.status, 1) << last.err;
  EXPECT_EQ(Query("killed", "SELECT count(*) FROM chunk"), "600");
  EXPECT_EQ(Query("killed", "SELECT count(*) FROM incident"), "0");
  EXPECT_EQ(Contents("killed"), Contents("alone"));
}

TEST_F(CampaignCommandTest, InFourShardsMergedIsAsOnOneMachine) {
  EXPECT_EQ(Run(Arguments("alone")).status, 1);
  std::vector<std::string> merge = {"merge", Path("all")};
  for (int shard = 3; shard >= 0; --shard) {
    const std::string name = absl::StrCat("part", shard);
    Run(Arguments(name, {absl::StrCat("--shard=", shard, "/4")}));
    EXPECT_EQ(Query(name, "SELECT count(*) FROM chunk"), "10");
    merge.push_back(Path(name));
  }
  nlohmann::json merged = RunJson(merge, 0);
  EXPECT_EQ(merged["chunks"], 40);
  EXPECT_EQ(merged["added"], 40);
  EXPECT_EQ(merged["campaigns"], 1);
  EXPECT_EQ(Contents("all"), Contents("alone"));
  merged = RunJson(merge, 0);
  EXPECT_EQ(merged["added"], 0);
  // Nothing is left to do.
  const Outcome outcome = Run(Arguments("all", {"--resume"}));
  EXPECT_THAT(outcome.out, HasSubstr("going on: 40 chunks done before"));
  EXPECT_EQ(Contents("all"), Contents("alone"));
}

TEST_F(CampaignCommandTest, CtrlCSumsUpAndResumeGoesOn) {
  const pid_t pid = StartLong("store");
  kill(pid, SIGINT);
  const Outcome outcome = Finish(pid);
  EXPECT_EQ(outcome.status, 130);
  EXPECT_THAT(outcome.out, HasSubstr("verdict: interrupted"));
  EXPECT_EQ(Query("store", "SELECT state FROM shard"), "interrupted");
  // The seed need not be given again.
  std::vector<std::string> again = Arguments("store", {"--resume", "--chunks=1"});
  std::erase(again, "--seed=7");
  EXPECT_THAT(Run(again).out, HasSubstr("campaign: seed=7 "));
}

// Goal: a campaign that others began later in the same store, with another racewalk, keeps nobody
// from going on with their own. Method: its row, as if it had been.
TEST_F(CampaignCommandTest, GoesOnWithItsOwnCampaign) {
  const pid_t pid = StartLong("store");
  kill(pid, SIGINT);
  Finish(pid);
  {
    absl::StatusOr<Store> store = Store::OpenToWrite("", Path("store"));
    ASSERT_TRUE(store.ok() && store->Work().ok()) << store.status();
    ASSERT_TRUE(store->database()
                    .Run("INSERT INTO campaign SELECT 99, 'other', 'v', '0000000000000009', "
                         "settings, started + 9 FROM campaign;"
                         "INSERT INTO shard VALUES (99, 0, 1, 2, 'interrupted', 1, 9)")
                    .ok());
    ASSERT_TRUE(store->Rest().ok());
  }
  std::vector<std::string> again = Arguments("store", {"--resume", "--chunks=1"});
  std::erase(again, "--seed=7");
  const Outcome outcome = Run(again);
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, HasSubstr("campaign: seed=7 "));
}

TEST_F(CampaignCommandTest, SaysWhyItCannotGoOn) {
  EXPECT_EQ(Run(Arguments("store")).status, 1);
  const std::string before = ReadAll(Path("store"));
  const auto refused = [&](const std::vector<std::string>& more, const std::string& words) {
    const Outcome outcome = Run(Arguments("store", more));
    EXPECT_EQ(outcome.status, 2);
    EXPECT_THAT(outcome.err, HasSubstr(words));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(ReadAll(Path("store")) == before) << words;
  };
  refused({}, "has a campaign of this seed, which is done; --resume goes on with it");
  refused({"--resume", "--mmu=tdp"}, "is another one (");
  refused({"--resume", "--weights=explore:3"},
          "(weights=explore:16 there, weights=explore:3 here)");
  refused({"--weights=fuzzz:3"}, "--weights: no engine 'fuzzz'");
  refused({"--weights=explore:0"}, "nothing is left to do");
  refused({"--shard=4/4"}, "--shard: expected i/n");
  refused({"--chunks=1000000000000"}, "--chunks: expected a number of chunks up to 100000000");
  refused({"--engines=mutants"}, "--engines: mutants weakens each point over the whole library");
  refused({"--strategy=full"}, "which is for racewalk check");
}

TEST_F(CampaignCommandTest, RefusesAStoreInUse) {
  const pid_t pid = StartLong("store");
  absl::StatusOr<Store> second = Store::OpenToWrite("--store", Path("store"));
  EXPECT_THAT(second.status().ToString(), HasSubstr("is in use by another campaign or merge"));
  kill(pid, SIGKILL);
  Finish(pid);
}

// Goal: no room is a message, and nothing that was done is lost. Method: the
// system allows no larger file than the store is after some chunks.
TEST_F(CampaignCommandTest, StopsWhenTheDiskIsFullAndGoesOnLater) {
  EXPECT_EQ(Run(Arguments("alone", {"--chunks=600"})).status, 1);
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  const rlimit small{.rlim_cur = 150'000, .rlim_max = old.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const pid_t pid = Start(Arguments("store", {"--chunks=600", "--json"}));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old), 0);
  const Outcome outcome = Finish(pid);
  EXPECT_EQ(outcome.status, 1) << "what was found is in the store";
  const nlohmann::json object = nlohmann::json::parse(outcome.out, nullptr, false);
  ASSERT_TRUE(object.is_object()) << outcome.out;
  EXPECT_EQ(std::to_string(object["violations"].size()),
            Query("store", "SELECT count(*) FROM violation"));
  EXPECT_EQ(std::to_string(object["engines"][0]["chunks"].get<int>()),
            Query("store", "SELECT count(*) FROM chunk"));
  EXPECT_EQ(object["errors"].size(), 1u);
  EXPECT_THAT(outcome.err, HasSubstr("cannot go on: "));
  EXPECT_THAT(outcome.err, HasSubstr("what was reported done is kept"));
  const int kept = std::stoi(Query("store", "SELECT count(*) FROM chunk"));
  EXPECT_GT(kept, 0);
  EXPECT_LT(kept, 600);
  EXPECT_EQ(Run(Arguments("store", {"--resume", "--chunks=600"})).status, 1);
  EXPECT_EQ(Contents("store"), Contents("alone"));
}

TEST_F(CampaignCommandTest, OtherEnginesRunBesideExploration) {
  const nlohmann::json object =
      RunJson({"campaign", absl::StrCat("--store=", Path("store")), "--mmu=tdp", "--chunks=24",
               "--seed=3", "--jobs=2", "--weights=explore:1,mutants:10,stress:1"},
              0);
  ASSERT_EQ(object["engines"].size(), 3u);
  EXPECT_EQ(object["engines"][0]["chunks"], 2);
  EXPECT_EQ(object["engines"][1]["chunks"], 20);
  EXPECT_EQ(object["engines"][2]["executions"], 32);
  EXPECT_EQ(object["mutants"]["searched"], 20);
  EXPECT_EQ(object["mutants"]["killed"], 20);
}

TEST_F(CampaignCommandTest, MergeRefusesAndSaysSo) {
  std::ofstream(Path("letter")) << "to somebody";
  const Outcome outcome = Run({"merge", Path("out"), Path("letter")});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.err, absl::StrCat("racewalk merge: ", Path("letter"),
                                      " is no store of racewalk campaigns; name another file\n"));
  EXPECT_FALSE(std::filesystem::exists(Path("out")));
}

}  // namespace
}  // namespace racewalk
