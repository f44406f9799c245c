// Goal: the command as a person or a script meets it: flags, exit statuses,
// messages, JSON. Method: the real binary in processes of its own.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ci/json_runner.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using nlohmann::json;
using ::testing::AnyOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class CommandTest : public JsonRunner {};

TEST_F(CommandTest, ListHasTheDocumentedShape) {
  json list = RunJson({"list", "points"}, 0);
  ASSERT_THAT(list["points"].size(), Ge(1u));
  for (const json& row : list["points"]) {
    for (const char* field : {"name", "kind", "why"}) EXPECT_TRUE(row[field].is_string()) << row;
    for (const char* field : {"pairs", "bug", "orders"}) EXPECT_TRUE(row.contains(field)) << row;
  }
  list = RunJson({"list", "bugs"}, 0);
  ASSERT_THAT(list["bugs"].size(), Ge(1u));
  for (const json& row : list["bugs"]) {
    for (const char* field : {"name", "title"}) EXPECT_TRUE(row[field].is_string()) << row;
  }
  list = RunJson({"list", "scenarios"}, 0);
  ASSERT_THAT(list["scenarios"].size(), Ge(1u));
  for (const json& row : list["scenarios"]) {
    EXPECT_TRUE(row["name"].is_string()) << row;
    EXPECT_THAT(row["mmu"].get<std::string>(), AnyOf("tdp", "stage2", "any"));
  }
  list = RunJson({"list", "strategies"}, 0);
  EXPECT_THAT(list["strategies"].size(), Ge(2u));
  EXPECT_EQ(RunJson({"list"}, 0).size(), 4u);
}

TEST_F(CommandTest, ListAsTextNamesTheSame) {
  const Outcome outcome = Run({"list"});
  EXPECT_EQ(outcome.status, 0);
  const json list = RunJson({"list"}, 0);
  for (const auto& section : list) {
    for (const json& row : section)
      EXPECT_THAT(outcome.out, HasSubstr(row["name"].get<std::string>()));
  }
}

TEST_F(CommandTest, HelpOfEveryCommand) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--help"},
                                             {"list", "--help"},
                                             {"check", "--help"},
                                             {"replay", "--help"},
                                             {"shrink", "--help"},
                                             {"--version"}}) {
    const Outcome outcome = Run(arguments);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_THAT(outcome.out, HasSubstr("racewalk"));
    EXPECT_THAT(outcome.err, IsEmpty());
  }
}

TEST_F(CommandTest, ACleanCheckHasTheDocumentedShape) {
  const json check = RunJson({"check", kText, "--executions=2000", "--seed=7", "--jobs=2",
                              "--strategy=random", "--variant=owned"},
                             0);
  EXPECT_TRUE(check["version"].is_string());
  EXPECT_THAT(check["command"].get<std::string>(), HasSubstr("racewalk check"));
  EXPECT_EQ(check["verdict"], "clean");
  EXPECT_EQ(check["label"], "sampled");
  EXPECT_EQ(check["seed"], 7);
  EXPECT_TRUE(check["violations"].empty());
  ASSERT_EQ(check["results"].size(), 1u);
  const json& row = check["results"][0];
  EXPECT_EQ(row["mmu"], "tdp");
  EXPECT_EQ(row["variant"], "owned");
  EXPECT_EQ(row["strategy"], "random");
  EXPECT_EQ(row["label"], "sampled");
  EXPECT_EQ(row["executions"], 2000);
  EXPECT_THAT(row["distinct"].get<int>(), Ge(2));
  EXPECT_TRUE(row["seconds"].is_number());
  EXPECT_TRUE(row["scenario"].is_string());
}

// Goal: what trace viewers demand of a file holds: slices nest on each track,
// time never runs back there, flows have both ends, tracks have names.
TEST_F(CommandTest, ATraceForViewersIsWellFormed) {
  const json found = FindViolation()["violations"][0];
  const std::string file = Path("viewer.json");
  EXPECT_EQ(Run({"replay", found["token"], absl::StrCat("--perfetto=", file)}).status, 1);
  const json trace = json::parse(ReadAll(file), nullptr, false);
  ASSERT_TRUE(trace.is_object());
  EXPECT_THAT(trace["otherData"]["timestamps"].get<std::string>(), HasSubstr("steps"));
  EXPECT_EQ(trace["otherData"]["token"], found["token"]);
  std::map<int, double> now;
  std::map<int, int> depth;
  std::map<int, std::string> names;
  std::map<int, std::string> flows;
  int slices = 0;
  int missing = 0;
  std::vector<std::string> marks;
  for (const json& event : trace["traceEvents"]) {
    const std::string phase = event["ph"];
    const int track = event["tid"];
    if (phase == "M") {
      if (event["name"] == "thread_name") names[track] = event["args"]["name"];
      continue;
    }
    const double at = event["ts"];
    if (phase == "s" || phase == "f") {
      flows[event["id"]] += phase;
      missing += phase == "s" && absl::StartsWith(event["name"].get<std::string>(), "MISSING: ");
      continue;
    }
    EXPECT_TRUE(names.contains(track)) << event;
    EXPECT_GE(at, now[track]) << event;
    now[track] = at;
    if (phase == "B") ++depth[track];
    if (phase == "E") {
      EXPECT_GE(--depth[track], 0) << event;
    }
    if (phase == "X") {
      ++slices;
      EXPECT_EQ(static_cast<int>(at), event["args"]["step"]) << event;
      EXPECT_GT(event["dur"], 0) << event;
      now[track] = at + event["dur"].get<double>() - 0.0005;
    }
    if (phase == "i") {
      EXPECT_EQ(event["s"], "g");
      marks.push_back(event["name"]);
    }
  }
  EXPECT_THAT(names, ::testing::ElementsAre(::testing::Pair(1, "a"), ::testing::Pair(2, "b"),
                                            ::testing::Pair(3, "rcu")));
  for (const auto& [track, open] : depth) EXPECT_EQ(open, 0) << track;
  for (const auto& [id, phases] : flows) EXPECT_EQ(phases, "sf") << id;
  EXPECT_EQ(missing, 1);
  EXPECT_THAT(slices, Ge(20));
  EXPECT_THAT(marks, ::testing::Contains(found["sentence"].get<std::string>()));
}

// Without --executions nothing but the seconds ends it.
TEST_F(CommandTest, SecondsEndIt) {
  const Outcome outcome = Run({"check", kText, "--seconds=1"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("would have been missed with probability"));
}

// Goal: what is found is found again, in new processes, byte for byte.
TEST_F(CommandTest, AViolationIsReplayedByTokenAndByTrace) {
  const json check = FindViolation({absl::StrCat("--out=", Path("traces"))});
  EXPECT_EQ(check["verdict"], "violation");
  ASSERT_EQ(check["violations"].size(), 1u);
  const json& violation = check["violations"][0];
  for (const char* field : {"kind", "scenario", "sentence", "token", "trace"}) {
    EXPECT_TRUE(violation[field].is_string()) << field;
  }
  EXPECT_TRUE(violation["step"].is_number());
  EXPECT_TRUE(violation["points"].is_array());

  const std::string token = violation["token"];
  const Outcome first = Run({"replay", token});
  EXPECT_EQ(first.status, 1) << first.err;
  EXPECT_THAT(first.out, HasSubstr(violation["kind"].get<std::string>()));
  EXPECT_THAT(first.out, HasSubstr(violation["sentence"].get<std::string>()));
  // A width matters on a terminal only.
  setenv("COLUMNS", "70", 1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Run({"replay", token}).out, first.out);
  unsetenv("COLUMNS");

  const std::string trace = violation["trace"];
  const std::string page = absl::StrCat(trace.substr(0, trace.rfind('.')), ".html");
  EXPECT_THAT(Files(), ::testing::UnorderedElementsAre(trace, page));
  EXPECT_THAT(ReadAll(page), HasSubstr("<!DOCTYPE html>"));
  const Outcome traced = Run({"replay", trace});
  EXPECT_EQ(traced.status, 1) << traced.err;
  EXPECT_THAT(traced.out, HasSubstr(violation["sentence"].get<std::string>()));

  const json replay = RunJson({"replay", token}, 1);
  EXPECT_EQ(replay["verdict"], "violation");
  EXPECT_EQ(replay["violation"]["kind"], violation["kind"]);
  EXPECT_THAT(replay["timeline"].size(), Ge(1u));
  EXPECT_TRUE(replay["stopped_at"].is_null());
  EXPECT_THAT(replay["violation"]["explanation"].get<std::string>(), HasSubstr("table_publish"));

  const json stopped = RunJson({"replay", token, "--stop-at=5"}, 0);
  EXPECT_EQ(stopped["verdict"], "stopped");
  EXPECT_EQ(stopped["stopped_at"], 5);
  EXPECT_EQ(stopped["timeline"].back()["step"], 5);
  EXPECT_EQ(stopped["steps"], replay["steps"]);
}

TEST_F(CommandTest, TracesAreNeverOverwritten) {
  const std::string out = absl::StrCat("--out=", Path("traces"));
  const std::string first = FindViolation({out})["violations"][0]["trace"];
  const std::string before = ReadAll(first);
  const std::string second = FindViolation({out})["violations"][0]["trace"];
  EXPECT_NE(first, second);
  EXPECT_EQ(ReadAll(first), before);
}

TEST_F(CommandTest, ADamagedTraceOrTokenIsBadInput) {
  const json check = FindViolation({absl::StrCat("--out=", Path("traces"))});
  const std::string trace = check["violations"][0]["trace"];
  const std::string text = ReadAll(trace);
  std::ofstream(Path("cut.trace")) << text.substr(0, text.size() / 2);
  std::string edited = text;
  const std::size_t at = edited.rfind(": ", edited.rfind("\nend"));
  edited[at + 2] = edited[at + 2] == '0' ? '1' : '0';
  std::ofstream(Path("edited.trace")) << edited;
  std::ofstream(Path("empty.trace")) << "";
  for (const char* name : {"cut.trace", "edited.trace", "empty.trace"}) {
    for (const std::string command : {"replay", "shrink"}) {
      const Outcome outcome = Run({command, Path(name)});
      EXPECT_EQ(outcome.status, 2) << name;
      EXPECT_THAT(outcome.out, IsEmpty()) << name;
      EXPECT_THAT(outcome.err, HasSubstr(absl::StrCat("racewalk ", command, ": "))) << name;
    }
  }
  std::string token = check["violations"][0]["token"];
  const std::size_t hash = token.find('#') + 1;
  token[hash] = token[hash] == '0' ? '1' : '0';
  const Outcome outcome = Run({"replay", token});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("has changed"));
}

// Goal: every kind of wrong input ends with status 2, one message with a
// remedy, and nothing on standard output or in the folder.
TEST_F(CommandTest, BadInput) {
  const std::string out = absl::StrCat("--out=", Path("traces"));
  std::ofstream(Path("broken.scn")) << "mmu: tdp\nvcpu a: wriet 0\n";
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"chekc"},
      {"--seconds=1"},
      {"list", "bugz"},
      {"check", out, "--secnods=1"},
      {"check", out, "--seconds=-1"},
      {"check", out, "--seconds="},
      {"check", out, "--executions=none"},
      {"check", out, "--jobs=0"},
      {"check", out, "--seed=0xg"},
      {"check", out, "--mmu=x86"},
      {"check", out, "--variant=nonsense"},
      {"check", out, "--strategy=randm"},
      {"check", out, "--strategy=pct:0"},
      {"check", out, "--weaken=no_such_point"},
      {"check", out, "--bug=no_such_bug"},
      {"check", out, "no_such_scenario"},
      {"check", out, "no/such/file.scn"},
      {"check", out, Path("broken.scn")},
      {"check", out, "tdp vcpu a{"},
      {"check", kText, "--mmu=stage2", out},
      {"check", kText, "--out=/dev/null/folder"},
      {"mutants", "no_such_point"},
      {"mutants", "--variant=nonsense"},
      {"mutants", "--strategy=randm"},
      {"mutants", "--seeds=1,x"},
      {"mutants", "--sample=0"},
      {"mutants", "--seconds=0"},
      {"mutants", "--fresh", "--presubmit"},
      {"mutants", "--presubmit", "--update"},
      {"mutants", "--compare=random", "--strategy=pos"},
      {"mutants", "--compare=randm"},
      {"mutants", "--html=/dev/null/page.html"},
      {"mutants", "--store=/dev/null/store"},
      {"replay"},
      {"replay", "nonsense"},
      {"replay", "x#12345678@tdp/random/seed=1"},
      {"replay", "no_such#12345678@tdp/random/seed=0123456789abcdef"},
      {"replay", "/"},
      {"check", out, "--shrink-seconds=-1"},
      {"check", out, "--shrink-seconds=soon"},
      {"shrink", out},
      {"shrink", out, "nonsense"},
      {"shrink", out, "no_such#12345678@tdp/random/seed=0123456789abcdef"},
      {"shrink", out, "/"},
      {"shrink", out, Path("broken.scn")},
      {"shrink", out, "no/such/file.trace"},
      {"shrink", out, "token", "--seconds=0"},
      {"shrink", out, "token", "--executions=0"},
      {"shrink", out, "token", "--seed=-1"},
      {"replay", "token", "--break"},
      {"replay", "token", "--stop-at=-1"},
      {"replay", "token", "--html=x", "--perfetto=x"},
  };
  for (const std::vector<std::string>& arguments : cases) {
    std::string command = "racewalk";
    for (const std::string& argument : arguments) absl::StrAppend(&command, " ", argument);
    SCOPED_TRACE(command);
    const Outcome outcome = Run(arguments);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_TRUE(absl::StartsWith(outcome.err, "racewalk")) << outcome.err;
    EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(Path("traces")));
  }
}

TEST_F(CommandTest, MutantsHasTheDocumentedShape) {
  const json report =
      RunJson({"mutants", "root_searched_twice", "--variant=owned", "--seeds=1,2",
               absl::StrCat("--tree=", Path("")), absl::StrCat("--html=", Path("kills.html"))},
              0);
  EXPECT_EQ(report["verdict"], "all-killed");
  EXPECT_EQ(report["seeds"], json({1, 2}));
  EXPECT_EQ(report["counts"]["killed"], 1);
  EXPECT_THAT(report["without_units"], IsEmpty());
  ASSERT_EQ(report["units"].size(), 1u);
  const json& unit = report["units"][0];
  EXPECT_EQ(unit["point"], "root_searched_twice");
  EXPECT_EQ(unit["outcome"], "killed");
  EXPECT_EQ(unit["origin"], "searched");
  EXPECT_TRUE(unit["explanation"].is_null());
  ASSERT_EQ(unit["searches"].size(), 2u);
  EXPECT_THAT(unit["searches"][0]["executions"].get<uint64_t>(), Ge(1u));
  EXPECT_TRUE(unit["searches"][0]["seconds"].is_number());
  EXPECT_EQ(RunJson({"replay", unit["token"]}, 1)["violation"]["kind"], unit["kind"]);
  EXPECT_THAT(ReadAll(Path("kills.html")), HasSubstr(unit["scenario"].get<std::string>()));
}

TEST_F(CommandTest, AnInterruptedSearchTellsWhatIsKnown) {
  for (const char* folder : {"docs", "scenarios/library"}) {
    std::filesystem::create_directories(Path(folder));
  }
  const pid_t pid = Start({"mutants", "--fresh", "--update", absl::StrCat("--tree=", Path(""))});
  // Until something is known, or it ends, which it must not.
  while (ReadAll(Path("stderr")).find("1/") == std::string::npos &&
         waitpid(pid, nullptr, WNOHANG) == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  kill(pid, SIGINT);
  const Outcome outcome = Finish(pid);
  EXPECT_EQ(outcome.status, 130) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("verdict: interrupted"));
  EXPECT_FALSE(std::filesystem::exists(Path("docs/kills.md"))) << "a page of some of the units";
}

TEST_F(CommandTest, AScenarioWithNothingToRaceIsBadInput) {
  const Outcome outcome = Run({"check", "tdp frames=2 vcpu a{read 0}", "--seconds=5"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("race"));
}

TEST_F(CommandTest, AnInterruptPrintsTheSummarySoFar) {
  const pid_t pid = Start({"check", kText, "--seconds=100"});
  std::this_thread::sleep_for(std::chrono::milliseconds(1000));
  kill(pid, SIGINT);
  const Outcome outcome = Finish(pid);
  EXPECT_EQ(outcome.status, 130) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("verdict: interrupted"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("VIOLATION")));
}

// With a minute and a half to go, only the limit can end it.
TEST_F(CommandTest, TheTimeLimitIsKept) {
  const Outcome outcome = Run({"check", kText, "--seconds=100", "--time-limit=1"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("cut short by --time-limit"));
}

TEST_F(CommandTest, AResultThatCannotBeWrittenIsNoCleanOne) {
  std::filesystem::create_symlink("/dev/full", Path("stdout"));
  int status = 0;
  waitpid(Start({"list", "points"}), &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 4);
  EXPECT_THAT(ReadAll(Path("stderr")), HasSubstr("cannot write to standard output"));
}

}  // namespace
}  // namespace racewalk
