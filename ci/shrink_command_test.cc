// Goal: shrinking as a person or a script meets it, alone and after a check.
// Method: the real binary in processes of its own.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ci/json_runner.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class ShrinkCommandTest : public JsonRunner {};

// Goal: shrink takes what check gives, and what it gives works everywhere.
TEST_F(ShrinkCommandTest, AViolationIsShrunkByTokenAndByTrace) {
  const json check = FindViolation({absl::StrCat("--out=", Path("traces"))});
  const json& violation = check["violations"][0];
  EXPECT_TRUE(violation["shrunk"].is_null()) << "with --shrink-seconds=0";
  const std::string out = absl::StrCat("--out=", Path("small"));
  const json shrink =
      RunJson({"shrink", violation["token"], out, "--executions=500", "--seconds=100"}, 1);
  EXPECT_EQ(shrink["verdict"], "violation");
  for (const char* field : {"original", "violation"}) {
    EXPECT_EQ(shrink[field]["kind"], violation["kind"]);
    EXPECT_EQ(shrink[field]["invariant"], violation["invariant"]);
  }
  EXPECT_EQ(shrink["weaken"], json::array({"table_publish"}));
  const json& shrunk = shrink["shrunk"];
  EXPECT_EQ(shrunk["complete"], true);
  for (const char* number : {"threads", "operations", "frames", "preemptions", "steps"}) {
    EXPECT_TRUE(shrunk["before"][number].is_number()) << number;
    EXPECT_TRUE(shrunk["after"][number].is_number()) << number;
  }
  EXPECT_THAT(shrunk["after"]["operations"].get<int>(), 2);
  EXPECT_EQ(shrunk["token"], shrink["violation"]["token"]);

  // The token, the trace and the scenario show it again.
  const std::string scenario = shrunk["scenario_file"];
  EXPECT_EQ(ReadAll(scenario), shrunk["scenario"].get<std::string>());
  for (const std::string target : {shrunk["token"], shrunk["trace"]}) {
    EXPECT_EQ(RunJson({"replay", target}, 1)["violation"]["kind"], violation["kind"]);
  }
  EXPECT_EQ(Run({"check", scenario, "--weaken=table_publish", "--shrink-seconds=0"}).status, 1);

  // The same again, from the trace: nothing is drawn, and no file is replaced.
  const json again =
      RunJson({"shrink", violation["trace"], out, "--executions=500", "--seconds=100"}, 1);
  EXPECT_EQ(again["shrunk"]["token"], shrunk["token"]);
  EXPECT_NE(again["shrunk"]["scenario_file"], scenario);
  EXPECT_NE(again["shrunk"]["trace"], shrunk["trace"]);
  EXPECT_EQ(ReadAll(scenario), shrunk["scenario"].get<std::string>());
}

// Goal: check tells what it found as it would without shrinking, and then more.
TEST_F(ShrinkCommandTest, CheckShrinksWhatItFinds) {
  std::vector<std::string> arguments = {
      "check",    "--bug=X23a",       "--strategy=random", "--seed=1",
      "--jobs=1", "--executions=100", "--shrink-seconds=0"};
  const json plain = RunJson(arguments, 1)["violations"][0];
  arguments.back() = "--shrink-seconds=100";
  json more = RunJson(arguments, 1)["violations"][0];
  const json shrunk = more["shrunk"];
  more["shrunk"] = nullptr;
  EXPECT_EQ(more, plain);
  EXPECT_EQ(shrunk["complete"], true);
  EXPECT_EQ(shrunk["before"]["operations"], 5);
  EXPECT_LE(shrunk["after"]["operations"].get<int>(), 4);
  const json replay = RunJson({"replay", shrunk["token"]}, 1);
  EXPECT_EQ(replay["violation"]["kind"], plain["kind"]);
  EXPECT_EQ(replay["violation"]["invariant"], plain["invariant"]);

  const Outcome text = Run(arguments);
  EXPECT_EQ(text.status, 1) << text.err;
  EXPECT_THAT(text.out, HasSubstr("SHRUNK: threads 3 -> 2, operations 5 -> "));
  EXPECT_THAT(text.out, HasSubstr(shrunk["scenario"].get<std::string>()));
  EXPECT_THAT(text.out, HasSubstr(shrunk["token"].get<std::string>()));
  EXPECT_THAT(text.out, HasSubstr(plain["token"].get<std::string>()));
}

TEST_F(ShrinkCommandTest, ACleanExecutionHasNothingToShrink) {
  std::string token = FindViolation()["violations"][0]["token"];
  // Nobody is interrupted, and so nothing goes wrong.
  token.resize(token.rfind('/', token.rfind('/') - 1));
  const Outcome outcome = Run({"shrink", absl::StrCat(token, "/path:-/seed=0000000000000000")});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("clean"));
  EXPECT_THAT(outcome.out, IsEmpty());
}

// With so many executions for each scenario only these two end it.
TEST_F(ShrinkCommandTest, AnInterruptOrTheTimeEndsShrinking) {
  const json check = RunJson({"check", "--bug=X42", "--seed=1", "--shrink-seconds=0"}, 1);
  const std::string token = check["violations"][0]["token"];
  const auto interrupt = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"shrink", token, "--executions=1000000000", "--seconds=1000"});
    const pid_t pid = Start(more);
    std::this_thread::sleep_for(std::chrono::milliseconds(1000));
    kill(pid, SIGINT);
    Outcome outcome = Finish(pid);
    EXPECT_EQ(outcome.status, 130) << outcome.err;
    return outcome;
  };
  EXPECT_THAT(interrupt({}).out,
              AllOf(HasSubstr("SHRUNK:"), HasSubstr("; interrupted, it may become smaller yet"),
                    HasSubstr("\nverdict: interrupted; ")));
  EXPECT_EQ(json::parse(interrupt({"--json"}).out, nullptr, false)["verdict"], "interrupted");

  const json ended = RunJson({"shrink", token, "--executions=1000000000", "--seconds=0.5"}, 1);
  EXPECT_EQ(ended["shrunk"]["complete"], false);
  const std::string small = ended["shrunk"]["token"];
  EXPECT_EQ(Run({"replay", small}).status, 1);
}

// Goal: what cannot be written is told before the work, not after. Method: with
// so many executions it would not end.
TEST_F(ShrinkCommandTest, AnOutputFolderIsCheckedFirst) {
  const std::string token = FindViolation()["violations"][0]["token"];
  std::ofstream(Path("file")) << "mine";
  for (const std::string& out : {Path("file"), Path("file/sub"), std::string("-")}) {
    const Outcome outcome = Run({"shrink", token, absl::StrCat("--out=", out),
                                 "--executions=1000000000", "--seconds=100000"});
    EXPECT_EQ(outcome.status, 2);
    EXPECT_THAT(outcome.err, AllOf(StartsWith("racewalk shrink: --out: "), HasSubstr("; name ")));
    EXPECT_THAT(outcome.out, IsEmpty());
  }
  EXPECT_EQ(ReadAll(Path("file")), "mine");
}

}  // namespace
}  // namespace racewalk
