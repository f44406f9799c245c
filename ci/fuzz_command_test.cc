// Goal: the command as a person meets it: its lines, its files, its exit status. Method: the real
// binary; and toy inputs for what real ones do not do.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/command_line.h"
#include "ci/command_runner.h"
#include "ci/console.h"
#include "ci/corpus_folder.h"
#include "ci/exit_status.h"
#include "ci/fuzz.h"
#include "ci/json_runner.h"
#include "ci/options.h"
#include "fuzz/input.h"
#include "fuzz/toy_inputs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scenarios/explore/explorer.h"

namespace racewalk {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

class FuzzCommand : public JsonRunner {
 protected:
  // In this process, on toy inputs.
  Outcome Toy(const std::vector<std::string>& flags, const InputFunction& run = RunToyInput) {
    std::vector<std::string> words = {"fuzz", "--jobs=2", "--seed=3"};
    words.insert(words.end(), flags.begin(), flags.end());
    const absl::StatusOr<Invocation> invocation = ParseCommandLine(words, Commands::kAll);
    EXPECT_TRUE(invocation.ok()) << invocation.status();
    Outcome outcome;
    const Console console{
        .out = [&](absl::string_view text) { absl::StrAppend(&outcome.out, text); },
        .err = [&](absl::string_view text) { absl::StrAppend(&outcome.err, text); }};
    outcome.status = RunFuzzCommand(std::get<FuzzOptions>(invocation->options), invocation->command,
                                    {.factory = Explorer::Create, .run = run}, console);
    return outcome;
  }

  // The files of a folder, by name.
  std::map<std::string, std::string> Texts(const std::string& folder) const {
    std::map<std::string, std::string> texts;
    for (const auto& entry : std::filesystem::directory_iterator(Path(folder))) {
      texts[entry.path().filename().string()] = ReadAll(entry.path().string());
    }
    return texts;
  }

  Input ReadInput(const std::string& path) const { return ParseInput(ReadAll(path), path).value(); }

  std::string Flag(const std::string& name, const std::string& folder) const {
    return absl::StrCat("--", name, "=", Path(folder));
  }

  void Refused(const std::vector<std::string>& flags, const std::string& message) {
    std::vector<std::string> words = {"fuzz"};
    words.insert(words.end(), flags.begin(), flags.end());
    const Outcome outcome = Run(words);
    EXPECT_EQ(outcome.status, kExitBadInput) << message;
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, AllOf(HasSubstr(message), MatchesRegex("[^\n]*\n")));
  }
};

TEST_F(FuzzCommand, BadUsageIsOneLine) {
  Refused({"--seconds=0"}, "--seconds: expected");
  Refused({"--start=corpus"}, "--start: expected library or nothing");
  Refused({"--minimize"}, "--minimize: expected --corpus=DIR beside it");
  Refused({"--minimize", Flag("corpus", "c"), "--mmu=tdp"}, "--minimize is for the whole corpus");
  Refused({"--minimize", Flag("corpus", "c")}, "there is no input in");
  Refused({"--random", Flag("corpus", "c")}, "--random has no corpus");
  Refused({"--bug=X11x"}, "X11");
  Refused({"--weaken=table_publsh"}, "table_publish");
  Refused({"--mmu=tdp", "--variant=rwlock"}, "--variant: ");
  Refused({"--corpus=/proc/nothing"}, "--corpus: cannot use folder");
  EXPECT_FALSE(std::filesystem::exists(Path("c"))) << "bad input leaves nothing behind";
  EXPECT_THAT(Run({"fuzz", "--help"}).out, HasSubstr("Examples: racewalk fuzz "));
}

TEST_F(FuzzCommand, ACleanRunSaysWhatWasReached) {
  const nlohmann::json report =
      RunJson({"fuzz", "--start=nothing", "--seed=5", "--executions=6000"}, kExitClean);
  EXPECT_EQ(report["verdict"], "clean");
  EXPECT_EQ(report["seed"], 5);
  EXPECT_LE(report["executions"], 6000);
  EXPECT_GT(report["inputs"], 20);
  EXPECT_GT(report["moments"].back()["pairs"], 300);
  EXPECT_GT(report["moments"].back()["states"], 5);
  EXPECT_GT(report["corpus"]["inputs"], 5);
  EXPECT_TRUE(report["corpus"]["folder"].is_null());
  EXPECT_TRUE(report["violations"].empty());
  EXPECT_TRUE(report["beyond_library"].is_null());
  const Outcome text =
      Run({"fuzz", "--start=nothing", "--seed=5", "--executions=6000", "--mmu=stage2"});
  EXPECT_EQ(text.status, kExitClean);
  const std::string first = text.out.substr(0, text.out.find('\n'));
  EXPECT_THAT(first, AllOf(StartsWith("racewalk "), HasSubstr(" fuzz: seed=5 jobs="),
                           HasSubstr(" start=nothing"), HasSubstr(" mmu=stage2")));
  EXPECT_THAT(text.out, AllOf(HasSubstr("which are gone now; --corpus=DIR keeps them"),
                              HasSubstr("verdict: clean (sampled); " + first)));
  EXPECT_THAT(text.out, Not(HasSubstr("tdp")));
}

TEST_F(FuzzCommand, AViolationIsToldSavedAndShrunk) {
  const Outcome outcome = Run({"fuzz", "--weaken=table_publish", "--start=nothing", "--seed=1",
                               Flag("out", "found"), Flag("corpus", "c")});
  EXPECT_EQ(outcome.status, kExitViolation) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("VIOLATION: data-race (invariant L1)"),
                                 HasSubstr("  replay: racewalk replay '"), HasSubstr("SHRUNK: "),
                                 HasSubstr("verdict: violation")));
  EXPECT_THAT(Texts("c"), IsEmpty()) << "what a weakened core shows is no corpus";
  std::string input;
  std::string trace;
  for (const auto& [name, text] : Texts("found")) {
    if (name.ends_with("data-race.scn")) input = name;
    if (name.ends_with("shrunk.trace")) trace = name;
  }
  ASSERT_NE(input, "");
  EXPECT_THAT(ReadAll(Path("found/" + input)),
              AllOf(StartsWith("# data-race L1, found by racewalk fuzz\n# racewalk replay '"),
                    HasSubstr("\n# run: ")));
  EXPECT_EQ(Run({"replay", Path("found/" + trace)}).status, kExitViolation);
  // The input's own execution is the one that failed.
  std::filesystem::create_directory(Path("one"));
  std::filesystem::copy_file(Path("found/" + input), Path("one/a.scn"));
  const nlohmann::json again = RunJson({"fuzz", Flag("corpus", "one"), "--weaken=table_publish",
                                        "--executions=100", "--shrink-seconds=0"},
                                       kExitViolation);
  EXPECT_EQ(again["violations"][0]["execution"], 1);
  EXPECT_EQ(again["violations"][0]["kind"], "data-race");
  // And so is the shrunk one an input, of the same strategy.
  const auto files = ReadCorpus(Path("found"));
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_GE(files->size(), 2u);
  const std::string shrunk = Path("found/" + trace.substr(0, trace.rfind('.')) + ".scn");
  EXPECT_THAT(ReadAll(shrunk), HasSubstr(RunLine(ReadInput(Path("found/" + input)))));
  EXPECT_EQ(Run({"check", shrunk, "--weaken=table_publish"}).status, kExitViolation);
}

TEST_F(FuzzCommand, TheSameCorpusGoesOnWhereItWas) {
  const std::vector<std::string> flags = {Flag("corpus", "c"), "--start=nothing",
                                          "--executions=10000"};
  ASSERT_EQ(Toy(flags).status, kExitClean);
  const auto first = Texts("c");
  EXPECT_GT(first.size(), 5u);
  const Outcome outcome = Toy({Flag("corpus", "c"), "--executions=20000"});
  ASSERT_EQ(outcome.status, kExitClean) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr(absl::StrCat(" start=corpus inputs=", first.size(), "\n")));
  const auto second = Texts("c");
  EXPECT_GT(second.size(), first.size());
  for (const auto& [name, text] : first) EXPECT_EQ(second.at(name), text);
  for (const auto& [name, text] : second) {
    const auto input = ParseInput(text, name);
    ASSERT_TRUE(input.ok()) << input.status();
    EXPECT_EQ(CorpusFileName(*input), name);
  }
}

TEST_F(FuzzCommand, AMalformedFileChangesNothing) {
  std::filesystem::create_directory(Path("c"));
  std::ofstream(Path("c/a.scn")) << "tdp frames=2 vcpu a{write 0} host h{unmpa 0}\n";
  const auto before = Texts("c");
  Refused({Flag("corpus", "c"), Flag("out", "o"), "--executions=1000"}, "a.scn:1:37: ");
  Refused({Flag("corpus", "c"), "--minimize"}, "; repair it or move it away");
  EXPECT_EQ(Texts("c"), before);
  EXPECT_FALSE(std::filesystem::exists(Path("o")));
}

TEST_F(FuzzCommand, MinimizedACorpusShowsTheSame) {
  ASSERT_EQ(Toy({Flag("corpus", "c"), "--start=nothing", "--executions=30000"}).status, kExitClean);
  std::ofstream(Path("c/notes.txt")) << "mine";
  const auto measured = [&] {
    const auto files = ReadCorpus(Path("c"));
    Coverage coverage;
    for (const CorpusFile& file : *files) RunToyInput(file.input, 1, coverage);
    return coverage.Features();
  };
  const auto before = measured();
  const std::size_t files = Texts("c").size();
  const Outcome outcome = Toy({Flag("corpus", "c"), "--minimize"});
  ASSERT_EQ(outcome.status, kExitClean) << outcome.err;
  EXPECT_EQ(measured(), before);
  EXPECT_LT(Texts("c").size(), files);
  EXPECT_EQ(Texts("c").at("notes.txt"), "mine");
  EXPECT_THAT(outcome.out, ContainsRegex("corpus: [0-9]+ files in [^\n]*, now [0-9]+ \\("));
  const std::size_t small = Texts("c").size();
  ASSERT_EQ(Toy({Flag("corpus", "c"), "--minimize"}).status, kExitClean);
  EXPECT_EQ(measured(), before);
  EXPECT_LE(Texts("c").size(), small);
}

TEST_F(FuzzCommand, MinimizingKeepsWhatPeopleWrote) {
  ASSERT_EQ(Toy({Flag("corpus", "c"), "--start=nothing", "--executions=30000"}).status, kExitClean);
  const std::string text = "# mine\n" + Texts("c").begin()->second;
  std::ofstream(Path("c/notes.scn")) << text;
  std::ofstream(Path("c/0123456789abcdef.scn")) << text;
  const Outcome outcome = Toy({Flag("corpus", "c"), "--minimize", "--files=1"});
  ASSERT_EQ(outcome.status, kExitClean) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("2 files stayed that people wrote: "));
  EXPECT_THAT(outcome.out, HasSubstr(", now 3 ("));
  EXPECT_EQ(Texts("c").size(), 3u);
  EXPECT_EQ(Texts("c").at("notes.scn"), text);
  EXPECT_EQ(Texts("c").at("0123456789abcdef.scn"), text);
  const nlohmann::json report =
      nlohmann::json::parse(Toy({Flag("corpus", "c"), "--minimize", "--files=1", "--json"}).out);
  EXPECT_EQ(report["corpus"]["kept"], 2);
}

TEST_F(FuzzCommand, MinimizingDoesNotTakeAChangedFileForAnInput) {
  ASSERT_EQ(Toy({Flag("corpus", "c"), "--start=nothing", "--executions=30000"}).status, kExitClean);
  ASSERT_EQ(Toy({Flag("corpus", "c"), "--minimize", "--files=1"}).status, kExitClean);
  ASSERT_EQ(Texts("c").size(), 1u);
  // The only copy of what the name says has another one, and is needed.
  const auto [name, text] = *Texts("c").begin();
  std::filesystem::rename(Path("c/" + name), Path("c/backup.scn"));
  std::ofstream(Path("c/" + name)) << "mmu: tdp\nframes: 2\nvcpu a: read 0\nhost h: unmap 0\n# "
                                      "run: tdp+owned/random/seed=0000000000000007\n";
  const auto before = Texts("c");
  const Outcome outcome = Toy({Flag("corpus", "c"), "--minimize", "--files=1"});
  EXPECT_EQ(outcome.status, kExitBadInput) << outcome.out;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr(name + " is not what its name says"),
                                 HasSubstr("; give yours another name\n")));
  EXPECT_EQ(Texts("c"), before);
}

TEST_F(FuzzCommand, OfACorpusSoManyFilesThatShowMost) {
  ASSERT_EQ(Toy({Flag("corpus", "c"), "--start=nothing", "--executions=30000"}).status, kExitClean);
  const Outcome outcome = Toy({Flag("corpus", "c"), "--minimize", "--files=3"});
  ASSERT_EQ(outcome.status, kExitClean) << outcome.err;
  EXPECT_EQ(Texts("c").size(), 3u);
  EXPECT_THAT(outcome.out, ContainsRegex("they show [0-9]+ of [0-9]+ features"));
  Refused({"--files=3"}, "--files: expected --minimize beside it");
}

TEST_F(FuzzCommand, ACorpusThatCannotBeWrittenIsSaidOnceAndFindingsAreTold) {
  std::filesystem::create_directory(Path("c"));
  struct rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit none = limit;
  none.rlim_cur = 8;  // enough to see that the folder can be written to, not for an input
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
  const Outcome outcome = Toy({Flag("corpus", "c"), "--start=nothing", "--executions=10000"});
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  EXPECT_EQ(outcome.status, kExitInternalError);
  EXPECT_THAT(outcome.err, MatchesRegex("racewalk fuzz: [^\n]*; no more inputs are written to the "
                                        "corpus, what is found is printed\n"));
  EXPECT_THAT(outcome.out, HasSubstr("verdict: internal-error"));
  EXPECT_THAT(Texts("c"), IsEmpty());
}

TEST_F(FuzzCommand, AFolderInWhichNoFileCanBeMadeIsBadInput) {
  std::filesystem::create_directory(Path("c"));
  struct rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit none = limit;
  none.rlim_cur = 0;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
  const Outcome corpus = Toy({Flag("corpus", "c"), "--start=nothing", "--executions=10000"});
  const Outcome out = Toy({Flag("out", "c"), "--start=nothing", "--executions=10000"});
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  EXPECT_EQ(corpus.status, kExitBadInput);
  EXPECT_EQ(out.status, kExitBadInput);
  EXPECT_EQ(corpus.out + out.out, "");
  EXPECT_THAT(corpus.err, MatchesRegex("racewalk fuzz: --corpus: cannot use folder [^\n]*: cannot "
                                       "write [^\n]*; name another one\n"));
  EXPECT_THAT(out.err, HasSubstr("--out: cannot use folder"));
  EXPECT_THAT(Texts("c"), IsEmpty());
}

TEST_F(FuzzCommand, WhatAWorkerDiedOfIsKept) {
  const Outcome outcome = Toy({Flag("out", "o"), "--start=nothing", "--executions=60000"},
                              [](const Input& input, uint64_t executions, Coverage& coverage) {
                                if (absl::StrContains(PrintInput(input), "destroy")) abort();
                                return RunToyInput(input, executions, coverage);
                              });
  EXPECT_EQ(outcome.status, kExitInternalError);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("internal error: the worker process was killed by "),
                                 HasSubstr("; the input is " + Path("o/lost.scn"))));
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("lost: the worker process was killed by signal 6"),
                                 HasSubstr("verdict: internal-error")));
  const std::string text = ReadAll(Path("o/lost.scn"));
  EXPECT_THAT(text, StartsWith("# the worker process was killed by signal 6"));
  EXPECT_TRUE(ParseInput(text, "lost.scn").ok());
}

TEST_F(FuzzCommand, CtrlCPrintsTheSummarySoFar) {
  const pid_t pid = Start({"fuzz", "--start=nothing", "--seconds=1000", Flag("corpus", "c")});
  while (!std::filesystem::exists(Path("c")) || std::filesystem::is_empty(Path("c"))) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  kill(pid, SIGINT);
  const Outcome outcome = Finish(pid);
  EXPECT_EQ(outcome.status, kExitInterrupted);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("files more in "), HasSubstr("verdict: interrupted")));
}

TEST_F(FuzzCommand, WhatAKilledOneLeftGoes) {
  std::filesystem::create_directory(Path("c"));
  // No process has such a number.
  const std::string half = Path("c/.racewalk-2147483647-3.tmp");
  std::ofstream(half) << "mmu: t";
  std::filesystem::last_write_time(
      half, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_EQ(Toy({Flag("corpus", "c"), "--start=nothing", "--executions=2000"}).status, kExitClean);
  EXPECT_FALSE(std::filesystem::exists(half));
}

TEST_F(FuzzCommand, KilledItLeavesWholeFiles) {
  const pid_t pid = Start({"fuzz", "--start=nothing", "--seconds=1000", Flag("corpus", "c")});
  while (!std::filesystem::exists(Path("c")) || Texts("c").size() < 20) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  kill(pid, SIGKILL);
  Finish(pid);
  const auto files = ReadCorpus(Path("c"));
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_GE(files->size(), 15u);
  for (const CorpusFile& file : *files) EXPECT_EQ(CorpusFileName(file.input), file.name);
}

}  // namespace
}  // namespace racewalk
