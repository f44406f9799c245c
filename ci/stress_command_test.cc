// Goal: the command itself: its flags, its first line, its exit status, its
// folder. Method: RunStress with toys for rounds, and the real binary for bad usage.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/command_line.h"
#include "ci/command_runner.h"
#include "ci/console.h"
#include "ci/exit_status.h"
#include "ci/interrupt.h"
#include "ci/options.h"
#include "ci/stress.h"
#include "ci/stress_json.h"
#include "core/platform/native/fail.h"
#include "core/violation.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sanitizers/round.h"
#include "sanitizers/runtime_options.h"
#include "scenarios/library.h"

namespace racewalk {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

absl::Status Clean(const RoundPlan& /*plan*/, RoundLogs /*logs*/) { return absl::OkStatus(); }

absl::Status Fail(const RoundPlan& /*plan*/, RoundLogs /*logs*/) {
  NativeFail({.kind = ViolationKind::kLeak, .invariant = "L3", .what = "a page is left over"});
}

class StressCommand : public CommandRunner {
 protected:
  Outcome Stress(const std::vector<std::string>& flags, const RoundRunner& runner) {
    std::vector<std::string> words = {"stress", "--explorer=none"};
    words.insert(words.end(), flags.begin(), flags.end());
    const absl::StatusOr<Invocation> invocation = ParseCommandLine(words, Commands::kStress);
    EXPECT_TRUE(invocation.ok()) << invocation.status();
    Outcome outcome;
    const Console console{
        .out = [&](absl::string_view text) { absl::StrAppend(&outcome.out, text); },
        .err = [&](absl::string_view text) { absl::StrAppend(&outcome.err, text); }};
    outcome.status = RunStress(std::get<StressOptions>(invocation->options), invocation->command,
                               runner, /*can_explore=*/false, console);
    return outcome;
  }
};

TEST_F(StressCommand, TheFirstLineHasTheSeedAndAllParameters) {
  const Outcome given = Stress({"fault_vs_unmap", "--rounds=2", "--seed=77", "--noise=delay:5",
                                "--threads=4", "--events=off", "--stuck-seconds=9"},
                               Clean);
  EXPECT_EQ(given.status, kExitClean);
  const std::string first = given.out.substr(0, given.out.find('\n'));
  EXPECT_THAT(first,
              AllOf(StartsWith("racewalk "), HasSubstr(" seed=77 "), HasSubstr("rounds=2"),
                    HasSubstr("noise=delay:5"), HasSubstr("threads=4"), HasSubstr("events=off"),
                    HasSubstr("stuck-seconds=9"), HasSubstr("sanitizer=")));
  EXPECT_THAT(given.out, HasSubstr("not how its threads are scheduled"));
  // The last line repeats it.
  EXPECT_THAT(given.out, HasSubstr("verdict: clean; " + first));
  const Outcome drawn = Stress({"fault_vs_unmap", "--rounds=1"}, Clean);
  EXPECT_THAT(drawn.out, HasSubstr(" seed="));
}

TEST_F(StressCommand, AFindingHasTheCommandThatRunsItsRoundAgain) {
  // An instrumented one is named by its path, for it sees more than the others.
  const bool plain = Instrumentation() == absl::string_view("none");
  const Outcome outcome =
      Stress({"fault_vs_unmap", "--mmu=tdp", "--variant=owned", "--rounds=3", "--seed=5"}, Fail);
  EXPECT_EQ(outcome.status, kExitViolation);
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("VIOLATION: leak (invariant L3)"), HasSubstr("a page is left over."),
                    HasSubstr(plain ? "  again: racewalk stress " : "ci_test stress "),
                    HasSubstr(" stress fault_vs_unmap --mmu=tdp --variant=owned --seed=5 "
                              "--round=0\n"),
                    HasSubstr("found 3 times: leak L3"), HasSubstr("verdict: violation")));
  // Told once.
  EXPECT_EQ(outcome.out.find("VIOLATION: leak"), outcome.out.rfind("VIOLATION: leak"));
}

TEST_F(StressCommand, OutKeepsWhatIsThere) {
  const std::string folder = Path("found");
  std::filesystem::create_directory(folder);
  const std::string taken = folder + "/fault_vs_unmap-tdp-leak.scn";
  std::ofstream(taken) << "mine";
  const Outcome outcome = Stress({"fault_vs_unmap", "--mmu=tdp", "--variant=owned", "--rounds=1",
                                  "--seed=5", "--out=" + folder},
                                 Fail);
  EXPECT_EQ(outcome.status, kExitViolation);
  EXPECT_EQ(ReadAll(taken), "mine");
  const std::string file = folder + "/fault_vs_unmap-tdp-leak-2.scn";
  EXPECT_THAT(outcome.out, HasSubstr("  scenario: " + file));
  EXPECT_THAT(ReadAll(file), AllOf(StartsWith("# leak L3 on real threads: seed=5 round=0"),
                                   HasSubstr("--round=0"), HasSubstr("vcpu ")));
  EXPECT_TRUE(ResolveScenario(file).ok()) << ResolveScenario(file).status();
}

// A write that fails is one message, and what was found is told all the same.
TEST_F(StressCommand, AFullDiskLosesNoFinding) {
  const std::string folder = Path("full");
  std::filesystem::create_directory(folder);
  struct rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit none = limit;
  none.rlim_cur = 8;  // enough to see that the folder can be written to
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
  const Outcome outcome =
      Stress({"fault_vs_unmap", "fault_vs_swap", "--mmu=tdp", "--variant=owned", "--rounds=1",
              "--out=" + folder},
             [](const RoundPlan& plan, RoundLogs) -> absl::Status {
               const char* names[] = {"R1", "R2"};
               NativeFail({.kind = ViolationKind::kLeak,
                           .invariant = names[plan.scenario.name == "fault_vs_unmap"],
                           .what = "left over"});
             });
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  EXPECT_EQ(outcome.status, kExitInternalError);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("VIOLATION: leak (invariant R1)"),
                                 HasSubstr("VIOLATION: leak (invariant R2)")));
  EXPECT_THAT(outcome.err, MatchesRegex("racewalk stress: [^\n]*" + folder + "[^\n]*\n"));
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(StressCommand, CtrlCPrintsTheSummarySoFar) {
  // In a process of its own: an interrupt is remembered for good.
  const std::string out = Path("out");
  const std::string once = Path("once");  // a second one would kill
  const pid_t pid = fork();
  if (pid == 0) {
    CatchInterrupts();
    const Outcome outcome =
        Stress({"fault_vs_unmap", "--seconds=1000"}, [&](const RoundPlan&, RoundLogs) {
          if (open(once.c_str(), O_CREAT | O_EXCL | O_CLOEXEC, 0600) >= 0) kill(getppid(), SIGINT);
          return absl::OkStatus();
        });
    std::ofstream(out) << outcome.out;
    _exit(outcome.status);
  }
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), kExitInterrupted);
  EXPECT_THAT(ReadAll(out), AllOf(HasSubstr("per second"), HasSubstr("verdict: interrupted")));
}

TEST_F(StressCommand, AVerdictSaysHowManyRowsItIsOf) {
  // A round outlasts the run of the library.
  const auto slow = [](const RoundPlan&, RoundLogs) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1200));
    return absl::OkStatus();
  };
  const std::vector<std::string> flags = {"--seconds=1"};
  const Outcome text = Stress(flags, slow);
  EXPECT_EQ(text.status, kExitClean);
  EXPECT_THAT(text.out, ContainsRegex("verdict: clean \\([1-9][0-9]* of [1-9][0-9]* rows\\); "));
  std::vector<std::string> json_flags = flags;
  json_flags.emplace_back("--json");
  EXPECT_THAT(Stress(json_flags, slow).out,
              ContainsRegex("\"verdict\": \"clean\",\n  \"rows\": [0-9]+,\n  \"rows_run\": "));
}

TEST_F(StressCommand, BadInputHidesNoViolation) {
  const std::string once = Path("once");
  const Outcome outcome = Stress({"fault_vs_unmap", "--mmu=tdp", "--variant=owned", "--rounds=2"},
                                 [&](const RoundPlan& plan, RoundLogs logs) -> absl::Status {
                                   if (open(once.c_str(), O_CREAT | O_EXCL | O_CLOEXEC, 0600) >= 0)
                                     Fail(plan, logs).IgnoreError();
                                   return absl::InvalidArgumentError("no such thing");
                                 });
  EXPECT_EQ(outcome.status, kExitViolation);
  EXPECT_THAT(outcome.out, HasSubstr("verdict: violation"));
  EXPECT_THAT(outcome.err, HasSubstr("no such thing"));
}

TEST_F(StressCommand, RoundsThatWereKilledAreNotClean) {
  const auto killed = [](const RoundPlan&, RoundLogs) {
    raise(SIGKILL);
    return absl::OkStatus();
  };
  const Outcome outcome =
      Stress({"fault_vs_unmap", "--mmu=tdp", "--variant=owned", "--rounds=2"}, killed);
  EXPECT_EQ(outcome.status, kExitInternalError);
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("2 rounds passed over"), HasSubstr("verdict: internal-error"),
                    Not(HasSubstr("VIOLATION"))));
  EXPECT_THAT(outcome.err, MatchesRegex("racewalk stress: [^\n]*from outside[^\n]*\n"));
}

TEST_F(StressCommand, JsonIsOneObject) {
  const Outcome outcome = Stress(
      {"fault_vs_unmap", "--mmu=tdp", "--variant=owned", "--rounds=2", "--seed=5", "--json"}, Fail);
  EXPECT_THAT(outcome.out, AllOf(StartsWith("{\n"), HasSubstr("\"verdict\": \"violation\""),
                                 HasSubstr("\"seed\": 5"), HasSubstr("\"kind\": \"leak\""),
                                 HasSubstr("\"count\": 2"), HasSubstr("\"round\": 0")));
}

TEST_F(StressCommand, BadInputIsOneLineAndStatusTwo) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--mmu=arm"}, "--mmu: expected"},
      {{"--noise=loud"}, "--noise: expected none, yield:P or delay:P"},
      {{"--noise=yield"}, "--noise: expected none, yield:P or delay:P"},
      {{"--noise=delay:1001"}, "--noise: expected"},
      {{"--noise=none:3"}, "--noise: expected"},
      {{"--seconds=0"}, "--seconds: expected"},
      {{"--rounds=-1"}, "--rounds: expected"},
      {{"--round=x"}, "--round: expected the number of a round"},
      {{"--threads=6"}, "--threads: expected a number from 1 to 5"},
      {{"--events=maybe"}, "--events: expected on or off"},
      {{"--stuck-seconds=0"}, "--stuck-seconds: expected"},
      {{"--weaken=walk_folow"}, "walk_follow"},
      {{"--bug=nonsense"}, "nonsense"},
      {{"no_such_scenario"}, "no_such_scenario"},
      {{"--variant=nonsense"}, "--variant: "},
      {{"fault_vs_unmap", "--explorer=/nowhere/racewalk"}, "--explorer: cannot use"},
      {{"fault_vs_unmap", "--out=/dev/null/x"}, "--out: cannot use folder"},
      {{"donate_unmapped", "--mmu=tdp"}, "stage2"},
      {{"--nonsense"}, "unknown flag"},
  };
  for (const auto& [flags, message] : cases) {
    std::vector<std::string> words = {"stress"};
    words.insert(words.end(), flags.begin(), flags.end());
    const Outcome outcome = Run(words);
    EXPECT_EQ(outcome.status, kExitBadInput) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, MatchesRegex("racewalk[^\n]*\n")) << flags.front();
    EXPECT_THAT(outcome.err, HasSubstr(message));
  }
}

TEST_F(StressCommand, HelpHasExamples) {
  const Outcome outcome = Run({"stress", "--help"});
  EXPECT_EQ(outcome.status, kExitClean);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("racewalk stress fault_vs_collapse"),
                                 HasSubstr("--noise"), HasSubstr("--stuck-seconds")));
}

TEST(StressOnlyCommandLine, NamesTheBuildThatHasTheOthers) {
  for (const char* name : {"check", "replay", "list", "shrink", "mutants"}) {
    const auto invocation = ParseCommandLine({name}, Commands::kStress);
    EXPECT_TRUE(absl::IsInvalidArgument(invocation.status()));
    EXPECT_THAT(std::string(invocation.status().message()),
                HasSubstr(absl::StrCat("build/release/bin/racewalk ", name)));
  }
  const auto unknown = ParseCommandLine({"chekc"}, Commands::kStress);
  EXPECT_THAT(std::string(unknown.status().message()), HasSubstr("unknown command"));
  EXPECT_TRUE(ParseCommandLine({"--version"}, Commands::kStress).ok());
  EXPECT_TRUE(ParseCommandLine({"stress"}, Commands::kStress).ok());
}

TEST(StressOptions, TakesEveryFlag) {
  const auto invocation = ParseCommandLine(
      {"stress", "a", "b", "--mmu=tdp", "--variant=owned,last_put_zaps", "--seconds=3",
       "--rounds=4", "--round=9", "--threads=5", "--seed=0x10", "--noise=yield:9", "--weaken=x,y",
       "--bug=X1", "--out=o", "--explorer=e", "--stuck-seconds=2", "--events=off", "--json"});
  ASSERT_TRUE(invocation.ok()) << invocation.status();
  const auto& stress = std::get<StressOptions>(invocation->options);
  EXPECT_THAT(stress.scenarios, SizeIs(2));
  EXPECT_THAT(stress.variants, SizeIs(2));
  EXPECT_THAT(stress.weaken, SizeIs(2));
  EXPECT_EQ(stress.seconds, 3);
  EXPECT_EQ(stress.rounds, 4u);
  EXPECT_EQ(stress.round, 9u);
  EXPECT_EQ(stress.threads, 5u);
  EXPECT_EQ(stress.seed, 16u);
  ASSERT_TRUE(stress.noise.has_value());
  EXPECT_EQ(stress.noise->kind, NoiseKind::kYield);
  EXPECT_EQ(stress.noise->per_mille, 9u);
  EXPECT_EQ(stress.stuck_seconds, 2);
  EXPECT_FALSE(stress.events);
  EXPECT_TRUE(stress.json);
}

TEST(ViolationsOfCheckJson, ReadsWhatCheckPrints) {
  const auto violations = ViolationsOfCheckJson(
      R"({"violations":[{"kind":"leak","invariant":"L3","token":"long","shrunk":{"token":"short"}},
                        {"kind":"refcount","invariant":null,"token":"t","shrunk":null}]})");
  ASSERT_TRUE(violations.ok()) << violations.status();
  ASSERT_THAT(*violations, SizeIs(2));
  EXPECT_EQ((*violations)[0].kind, "leak");
  EXPECT_EQ((*violations)[0].invariant, "L3");
  EXPECT_EQ((*violations)[0].token, "short");
  EXPECT_EQ((*violations)[1].token, "t");
  EXPECT_EQ((*violations)[1].invariant, "");
  EXPECT_FALSE(ViolationsOfCheckJson("").ok());
  EXPECT_FALSE(ViolationsOfCheckJson("[1]").ok());
  EXPECT_FALSE(ViolationsOfCheckJson("{\"violations\":3}").ok());
}

// What stands in for an explorer is a script: what it is asked, and what becomes of its answer.
class StressExplorer : public CommandRunner {
 protected:
  std::string Script(const std::string& body) {
    const std::string path = Path("explorer");
    std::ofstream(path) << "#!/bin/sh\n" << body << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }
};

TEST_F(StressExplorer, IsAskedAndItsAnswerRead) {
  const std::string explorer = Script(
      absl::StrCat("echo \"$@\" >", Path("asked"),
                   "\necho '{\"violations\":[{\"kind\":\"leak\",\"token\":\"T\"}]}'; exit 1"));
  const auto found = AskExplorer(explorer, {"file.scn", "--mmu=tdp"}, [] { return false; });
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_THAT(*found, SizeIs(1));
  EXPECT_EQ((*found)[0].token, "T");
  EXPECT_EQ(ReadAll(Path("asked")), "check file.scn --mmu=tdp --json\n");
}

// Method: five rows of which each violates an invariant of its own.
TEST_F(StressExplorer, ComparesKindAndInvariantAndNamesWhatWasNotExplored) {
  const std::string explorer = Script(
      "echo '{\"violations\":[{\"kind\":\"leak\",\"invariant\":\"R1\",\"token\":\"T\"}]}'; exit 1");
  const auto invocation =
      ParseCommandLine({"stress", "fault_vs_unmap", "fault_vs_swap", "fault_vs_collapse",
                        "zap_all_vs_zap_all", "age_vs_collapse", "--mmu=tdp", "--variant=owned",
                        "--rounds=1", "--seed=1", "--json", "--explorer=" + explorer},
                       Commands::kStress);
  ASSERT_TRUE(invocation.ok()) << invocation.status();
  std::string out;
  const Console console{.out = [&](absl::string_view text) { absl::StrAppend(&out, text); },
                        .err = [](absl::string_view) {}};
  const auto fail = [](const RoundPlan& plan, RoundLogs) -> absl::Status {
    static const char* const kInvariants[] = {"R1", "R2", "R3", "R4", "R5"};
    const char* const names[] = {"fault_vs_unmap", "fault_vs_swap", "fault_vs_collapse",
                                 "zap_all_vs_zap_all", "age_vs_collapse"};
    const auto* const name = std::find(std::begin(names), std::end(names), plan.scenario.name);
    NativeFail({.kind = ViolationKind::kLeak,
                .invariant = kInvariants[name - std::begin(names)],
                .what = "left over"});
  };
  EXPECT_EQ(RunStress(std::get<StressOptions>(invocation->options), "", fail,
                      /*can_explore=*/false, console),
            kExitViolation);
  // The order of rows is the seed's: three or four of those explored are of other invariants.
  const auto count = [&](const std::string& text) {
    int times = 0;
    for (std::size_t at = out.find(text); at != std::string::npos; at = out.find(text, at + 1)) {
      ++times;
    }
    return times;
  };
  const int same = count("exploration finds it too: leak R1");
  EXPECT_EQ(same + count("the same kind, of another invariant: leak R1"), 4) << out;
  EXPECT_LE(same, 1);
  EXPECT_EQ(count("not explored: the first 4 are"), 1) << out;
}

TEST_F(StressExplorer, FailuresSayWhatItSaid) {
  const auto refused = AskExplorer(Script("echo 'I cannot' >&2; exit 2"), {}, [] { return false; });
  EXPECT_THAT(std::string(refused.status().message()),
              AllOf(HasSubstr("ended with status 2"), HasSubstr("I cannot")));
  EXPECT_FALSE(AskExplorer(Path("nowhere"), {}, [] { return false; }).ok());
  EXPECT_FALSE(AskExplorer(Script("echo nonsense"), {}, [] { return false; }).ok());
  const auto interrupted = AskExplorer(Script("exec sleep 1000"), {}, [] { return true; });
  EXPECT_TRUE(absl::IsCancelled(interrupted.status())) << interrupted.status();
}

}  // namespace
}  // namespace racewalk
