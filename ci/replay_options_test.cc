// Goal: what `replay` writes and where it stops is what was asked for, and
// what cannot be done is refused in one line with nothing left behind.
// Method: the real binary in processes of its own.
#include <sys/stat.h>

#include <csignal>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "ci/command_runner.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scenarios/explore/trace.h"

namespace racewalk {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ReplayOptionsTest : public CommandRunner {
 protected:
  // A trace of something that is found at once.
  std::string MakeTrace(
      const std::string& scenario = "tdp frames=2 vcpu a{write 0} vcpu b{write 0}") {
    const Outcome outcome =
        Run({"check", scenario, "--weaken=table_publish", "--seed=1", "--jobs=1",
             "--strategy=random", absl::StrCat("--out=", Path("traces"))});
    EXPECT_EQ(outcome.status, 1) << outcome.err;
    for (const std::string& file : Files()) {
      if (absl::EndsWith(file, ".trace")) return file;
    }
    return "";
  }

  void ExpectRefused(const std::vector<std::string>& arguments, const std::string& why) {
    const Outcome outcome = Run(arguments);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_TRUE(absl::StartsWith(outcome.err, "racewalk replay: ")) << outcome.err;
    EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(why));
  }
};

TEST_F(ReplayOptionsTest, ThePageOfATraceIsTheSameEachTimeAndThatOfCheck) {
  const std::string trace = MakeTrace();
  const std::string first = Path("first.html");
  const std::string second = Path("second.html");
  EXPECT_EQ(Run({"replay", trace, absl::StrCat("--html=", first)}).status, 1);
  EXPECT_EQ(Run({"replay", trace, absl::StrCat("--html=", second)}).status, 1);
  const std::string page = ReadAll(first);
  EXPECT_EQ(page, ReadAll(second));
  EXPECT_EQ(page, ReadAll(absl::StrCat(trace.substr(0, trace.rfind('.')), ".html")));
  EXPECT_THAT(page, HasSubstr("<b>Why:</b>"));
  EXPECT_THAT(page, HasSubstr("table_publish is relaxed, not release"));
  EXPECT_THAT(page, HasSubstr("\"missing\",\"table_publish\""));
  // Nothing comes from elsewhere.
  for (const char* outside : {"src=", "href=\"http", "url(", "@import"}) {
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  }
}

TEST_F(ReplayOptionsTest, AnExistingFileIsKept) {
  const std::string trace = MakeTrace();
  for (const char* flag : {"--html=", "--perfetto="}) {
    std::ofstream(Path("mine")) << "mine";
    ExpectRefused({"replay", trace, absl::StrCat(flag, Path("mine"))}, "not overwritten");
    EXPECT_EQ(ReadAll(Path("mine")), "mine");
    ExpectRefused({"replay", trace, absl::StrCat(flag, Path("no/such/folder/file"))},
                  flag[2] == 'h' ? "--html" : "--perfetto");
    ExpectRefused({"replay", trace, absl::StrCat(flag, "/proc/page.html")}, "cannot");
  }
}

// Both are looked at before either is written.
TEST_F(ReplayOptionsTest, OneBadFileLeavesNeither) {
  const std::string trace = MakeTrace();
  const std::string good = absl::StrCat("--html=", Path("good"));
  ExpectRefused({"replay", trace, good, absl::StrCat("--perfetto=", Path("no/x"))}, "--perfetto");
  ExpectRefused({"replay", trace, good, absl::StrCat("--perfetto=", Path("./good"))}, "both name");
  EXPECT_FALSE(std::ifstream(Path("good")).good());
}

TEST_F(ReplayOptionsTest, AUsersWordsCannotBecomeHtml) {
  const std::string file = Path("<script>alert(1)<script>.scn");
  std::ofstream(file) << "# <script>alert('&\"')</script> \xff\xc3\n"
                         "mmu: tdp\nframes: 2\nvcpu a: write 0\nvcpu b: write 0\n";
  const std::string trace = MakeTrace(file);
  const std::string html = Path("page.html");
  EXPECT_EQ(Run({"replay", trace, absl::StrCat("--html=", html)}).status, 1);
  const std::string page = ReadAll(html);
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  std::size_t scripts = 0;
  for (std::size_t at = 0; (at = page.find("<script", at)) != std::string::npos; ++at) ++scripts;
  EXPECT_EQ(scripts, 2u);  // the data and ours
  EXPECT_EQ(page.find('\xff'), std::string::npos);
}

// Goal: each step is stopped at exactly or refused, and the last row is of it.
TEST_F(ReplayOptionsTest, StopsAtEachStep) {
  const std::string trace = MakeTrace();
  const Outcome whole = Run({"replay", trace});
  const std::size_t at = whole.out.rfind("verdict: violation; ") + 20;
  uint64_t steps = 0;
  ASSERT_TRUE(absl::SimpleAtoi(whole.out.substr(at, whole.out.find(' ', at) - at), &steps));
  ASSERT_GT(steps, 10u);
  uint64_t stopped = 0;
  for (uint64_t step = 0; step <= steps; ++step) {
    SCOPED_TRACE(step);
    const std::vector<std::string> arguments = {"replay", trace, absl::StrCat("--stop-at=", step)};
    const Outcome outcome = Run(arguments);
    if (outcome.status == 2) {
      ExpectRefused(arguments, "nothing was done in that step but to wait; the nearest are");
      continue;
    }
    ++stopped;
    EXPECT_EQ(outcome.status, step == steps ? 1 : 0);
    EXPECT_THAT(outcome.out, HasSubstr("page tables:\n"));
    EXPECT_THAT(outcome.out, HasSubstr(absl::StrCat(" at step ", step, " of ", steps, " step")));
    EXPECT_THAT(outcome.out, HasSubstr(absl::StrCat(" ", step, "  ")));
    EXPECT_THAT(outcome.out,
                Not(HasSubstr(absl::StrCat("\n  ", step < 9 ? "     " : "    ", step + 1, "  "))));
  }
  EXPECT_GT(stopped, steps / 2);
  ExpectRefused({"replay", trace, absl::StrCat("--stop-at=", steps + 1)},
                absl::StrCat("the execution has ", steps, " steps"));
}

// Nobody debugs it: the signal ends it, before anything is printed.
TEST_F(ReplayOptionsTest, BreakRaisesATrap) {
  const Outcome outcome = Run({"replay", MakeTrace(), "--stop-at=5", "--break"});
  EXPECT_EQ(outcome.status, 1000 + SIGTRAP);
  EXPECT_THAT(outcome.out, IsEmpty());
}

// Goal: no damage to a trace file goes unnoticed.
TEST_F(ReplayOptionsTest, DamagedAndForeignFilesAreRefused) {
  const std::string text = ReadAll(MakeTrace());
  struct Case {
    std::string name, contents;
  };
  std::vector<Case> cases = {
      {"empty", ""},
      {"binary", std::string("\x7f"
                             "ELF\x02\x01\x01\0\0\0\xff\xfe",
                             12)},
      {"another program's", "{\"traceEvents\":[]}\n"},
      {"another version", absl::StrCat("racewalk-trace 2", text.substr(text.find('\n')))},
      {"twice", text + text},
  };
  for (std::size_t size = 1; size + 1 < text.size(); size += 10) {
    cases.push_back({absl::StrCat("cut at ", size), text.substr(0, size)});
  }
  for (std::size_t at = 0; at < text.size(); at += 13) {
    std::string flipped = text;
    flipped[at] = static_cast<char>(flipped[at] ^ 1 << at % 8);
    cases.push_back({absl::StrCat("flipped at ", at), flipped});
  }
  ASSERT_GT(cases.size(), 50u);
  for (const Case& damaged : cases) {
    SCOPED_TRACE(damaged.name);
    std::ofstream(Path("damaged.trace"), std::ios::binary) << damaged.contents;
    ExpectRefused({"replay", Path("damaged.trace")}, "damaged.trace");
  }
}

}  // namespace
}  // namespace racewalk
