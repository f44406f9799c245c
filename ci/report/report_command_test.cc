// Goal: `racewalk report` as a person or a script meets it: statuses, messages, files. Method: the
// real binary and small stores.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/json_runner.h"
#include "ci/report/nights.h"
#include "ci/report/synthetic_store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class ReportCommandTest : public JsonRunner {
 protected:
  // A night of one row: its rate, and the classes of violations in it.
  std::string Made(absl::string_view name, double rate = 1000,
                   const std::vector<std::string>& classes = {}) {
    std::string path = Path(absl::StrCat(name, ".store"));
    SyntheticStore store(path);
    AddNight(store, name, rate, classes);
    return path;
  }

  static void AddNight(SyntheticStore& store, absl::string_view name, double rate,
                       const std::vector<std::string>& classes) {
    store.Night(name);
    for (int i = 0; i < 8; ++i) store.Chunk(Explored("fault_vs_fault"), 1000, rate + i);
    for (const std::string& violation : classes) {
      store.Violation(violation, Explored("fault_vs_fault"),
                      {.kind = "leak", .sentence = "lost.", .token = "t", .count = 1});
    }
  }

  // Status 2, one line that says so, and no file that was not there.
  void ExpectRefused(const std::vector<std::string>& arguments, absl::string_view message) {
    const std::vector<std::string> before = Files();
    const Outcome outcome = Run(arguments);
    EXPECT_EQ(outcome.status, 2) << outcome.out;
    EXPECT_THAT(outcome.err, AllOf(StartsWith("racewalk"), HasSubstr(std::string(message))));
    EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_EQ(Files(), before);
  }
};

TEST_F(ReportCommandTest, TheStatusSaysWhatWasFound) {
  Outcome outcome = Run({"report", Made("clean")});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, StartsWith("CLEAN: No violation in 8,000 executions."));
  EXPECT_THAT(outcome.err, IsEmpty());
  outcome = Run({"report", Made("violation", 1000, {"class"})});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, StartsWith("VIOLATION: 1 class of violations, in 8,000 executions."));
  const std::string empty = Path("nothing.store");
  {
    SyntheticStore(empty).Night("night");
  }
  outcome = Run({"report", empty});
  EXPECT_EQ(outcome.status, 3);
  EXPECT_THAT(outcome.out, StartsWith("NOTHING-RUN: "));
  const std::string died = Path("died.store");
  {
    SyntheticStore store(died);
    AddNight(store, "night", 1000, {});
    store.Chunk(Explored("fault_vs_fault"), 0, 1000, 1);
    store.Incident(Explored("fault_vs_fault"), "was killed by signal 11");
  }
  outcome = Run({"report", died});
  EXPECT_EQ(outcome.status, 4);
  EXPECT_THAT(outcome.out,
              StartsWith("WORKERS-LOST: No violation in 8,000 executions. 1 worker died"));
}

TEST_F(ReportCommandTest, FilesAreWrittenAndNotOverwritten) {
  const std::string store = Made("night", 1000, {"class"});
  const std::vector<std::string> arguments = {
      "report", store, absl::StrCat("--html=", Path("n.html")),
      absl::StrCat("--junit=", Path("n.xml")), absl::StrCat("--sarif=", Path("n.sarif"))};
  EXPECT_EQ(Run(arguments).status, 1);
  EXPECT_THAT(ReadAll(Path("n.html")), StartsWith("<!DOCTYPE html>"));
  EXPECT_THAT(ReadAll(Path("n.xml")), StartsWith("<?xml"));
  EXPECT_EQ(nlohmann::json::parse(ReadAll(Path("n.sarif")), nullptr, false)["version"], "2.1.0");
  ExpectRefused(arguments, "exists, and is not overwritten");
  ExpectRefused(
      {"report", store, absl::StrCat("--html=", Path("x")), absl::StrCat("--sarif=", Path("x"))},
      "both name");
  ExpectRefused({"report", store, absl::StrCat("--html=", Path("none/x"))},
                "its folder does not exist");
}

TEST_F(ReportCommandTest, JsonIsTheOnlyThingOnStandardOutput) {
  const nlohmann::json report = RunJson({"report", Made("night")}, 0);
  EXPECT_EQ(report["verdict"], "clean");
  EXPECT_EQ(report["results"][0]["scenario"], "fault_vs_fault");
  EXPECT_EQ(report["results"][0]["executions"], 8000);
}

TEST_F(ReportCommandTest, AgainstFailsForWhatIsWorseAndForNothingElse) {
  const std::string before = Made("before", 1000, {"known"});
  const std::string against = absl::StrCat("--against=", before);
  EXPECT_EQ(Run({"report", Made("same", 990, {"known"}), against}).status, 0);
  EXPECT_EQ(Run({"report", Made("fixed", 1000), against}).status, 0);
  Outcome outcome = Run({"report", Made("worse", 1000, {"known", "new"}), against});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, AllOf(StartsWith("REGRESSION: "), HasSubstr("new violation: leak"),
                                 HasSubstr("look: racewalk replay t")));
  const std::string slow = Made("slow", 600, {"known"});
  outcome = Run({"report", slow, against});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, HasSubstr("the rate fell by 40 %: fault_vs_fault tdp owned random"));
  EXPECT_EQ(Run({"report", slow, against, "--rate-drop=0.5"}).status, 0);
  // An earlier night of the same store.
  const std::string both = Path("both.store");
  {
    SyntheticStore store(both);
    AddNight(store, "one", 1000, {});
    AddNight(store, "two", 500, {});
  }
  EXPECT_EQ(Run({"report", both, absl::StrCat("--against=", both)}).status, 1);
  ExpectRefused({"report", both, "--campaign=one", absl::StrCat("--against=", both)},
                "no earlier campaign");
}

TEST_F(ReportCommandTest, ANightIsNotComparedWithItselfWhateverStoreItIsIn) {
  const std::string store = Path("nights.store");
  {
    SyntheticStore nights(store);
    AddNight(nights, "one", 1000, {});
    AddNight(nights, "two", 1000, {"new"});
    AddNight(nights, "three", 1000, {"new"});
  }
  std::filesystem::copy_file(store, Path("copy.store"));
  const std::string against = absl::StrCat("--against=", Path("copy.store"));
  // Nor with a later one.
  const Outcome outcome = Run({"report", store, "--campaign=two", against});
  EXPECT_EQ(outcome.status, 1) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("worse than in the night of 2026-09-22 14:13 UTC (one)"));
  EXPECT_EQ(Run({"report", store, against}).status, 0);
  ExpectRefused({"report", store, "--campaign=one", against}, "no earlier campaign");
}

TEST_F(ReportCommandTest, BadInputIsRefusedInOneLineAndNothingIsTouched) {
  const std::string store = Made("night");
  ExpectRefused({"report"}, "STORE");
  ExpectRefused({"report", Path("none.store")}, "none.store");
  ExpectRefused({"report", Path("")}, "is no file");
  ExpectRefused({"report", store, "--campaign=x"}, "has no campaign 'x'");
  ExpectRefused({"report", store, "--rate-drop=0.5"}, "--against=STORE beside it");
  for (const char* bad : {"1", "0", "-0.1", "30%", "nan", "1e-1", "x"}) {
    ExpectRefused(
        {"report", store, absl::StrCat("--against=", store), absl::StrCat("--rate-drop=", bad)},
        "a share between 0 and 1");
  }
  ExpectRefused({"report", store, absl::StrCat("--against=", Path("none.store"))}, "--against: ");
  std::ofstream(Path("text.store")) << "no store\n";
  ExpectRefused({"report", Path("text.store")}, "no store of racewalk campaigns");
  EXPECT_EQ(ReadAll(Path("text.store")), "no store\n");
  const std::string fresh = Path("fresh.store");
  {
    const SyntheticStore made(fresh);
  }
  ExpectRefused({"report", fresh}, "has no campaign yet");
  // Cut in the middle.
  const std::string whole = ReadAll(store);
  std::ofstream(Path("cut.store"), std::ios::binary) << whole.substr(0, whole.size() / 2);
  ExpectRefused({"report", Path("cut.store")}, "is damaged");
}

TEST_F(ReportCommandTest, AStoreIsReadAsItIsInAFolderThatCannotBeWrittenTo) {
  const std::string folder = Path("folder");
  std::filesystem::create_directory(folder);
  const std::string store = absl::StrCat(folder, "/night.store");
  std::filesystem::rename(Made("night"), store);
  const std::string before = ReadAll(store);
  chmod(store.c_str(), 0444);
  chmod(folder.c_str(), 0555);
  const Outcome outcome = Run({"report", store});
  chmod(folder.c_str(), 0755);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(ReadAll(store), before);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder),
                          std::filesystem::directory_iterator()),
            1);
}

TEST_F(ReportCommandTest, HelpHasAnExample) {
  const Outcome outcome = Run({"report", "--help"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("--against"), HasSubstr("Examples: racewalk report ")));
}

}  // namespace
}  // namespace racewalk
