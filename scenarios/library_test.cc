// Goal: every library file is in the binary and parses, and whatever a person
// names as a scenario is found or explained. Method: the files themselves, and
// files made in a temporary directory.
#include "scenarios/library.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "scenarios/embedded.h"
#include "scenarios/parser.h"
#include "scenarios/printer.h"

namespace racewalk {
namespace {

namespace fs = std::filesystem;

TEST(Library, EveryScenarioParsesAndSaysWhatItIs) {
  ASSERT_FALSE(EmbeddedScenarios().empty());
  for (const EmbeddedScenario& embedded : EmbeddedScenarios()) {
    const absl::StatusOr<Scenario> scenario = ParseScenario(embedded.text, embedded.name);
    ASSERT_TRUE(scenario.ok()) << scenario.status();
    EXPECT_FALSE(scenario->summary.empty()) << scenario->name;
    EXPECT_TRUE(absl::StartsWith(embedded.text, absl::StrCat("# ", embedded.name, ": ")))
        << scenario->name;
    EXPECT_EQ(ParseScenario(PrintOneLine(*scenario), "").value(), *scenario);
  }
}

TEST(Library, IsSortedAndFoundByName) {
  ASSERT_EQ(Library().size(), EmbeddedScenarios().size());
  EXPECT_TRUE(std::is_sorted(Library().begin(), Library().end(),
                             [](const Scenario& a, const Scenario& b) { return a.name < b.name; }));
  for (const Scenario& scenario : Library()) EXPECT_EQ(FindScenario(scenario.name), &scenario);
  EXPECT_EQ(FindScenario("no_such"), nullptr);
  EXPECT_EQ(FindScenario(""), nullptr);
}

// The tests run in the source directory.
TEST(Library, HasEveryFile) {
  const fs::path folder = "scenarios/library";
  if (!fs::is_directory(folder)) GTEST_SKIP() << "not run in the source directory";
  std::set<std::string> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".scn") files.insert(entry.path().stem().string());
  }
  std::set<std::string> names;
  for (const Scenario& scenario : Library()) names.insert(scenario.name);
  EXPECT_EQ(names, files);
}

class ResolveTest : public testing::Test {
 protected:
  // ctest runs tests of one binary side by side: each needs a folder of its own.
  ResolveTest() {
    std::string pattern = testing::TempDir() + "library_test_XXXXXX";
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  ~ResolveTest() override { fs::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    const fs::path path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

  static std::string ErrorOf(absl::string_view argument) {
    const absl::StatusOr<Scenario> scenario = ResolveScenario(argument);
    EXPECT_EQ(scenario.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(scenario.status().message());
  }

  fs::path folder_;
};

constexpr char kText[] = "# x: a sentence\nvcpu a: write 0\nvcpu b: write 1\n";

TEST_F(ResolveTest, TakesNamesTextsAndFiles) {
  EXPECT_EQ(ResolveScenario("fault_vs_fault")->name, "fault_vs_fault");

  const Scenario text = ResolveScenario("tdp vcpu a{write 0} vcpu b{write 1}").value();
  EXPECT_EQ(text.name, "");
  EXPECT_EQ(text.threads.size(), 2u);
  EXPECT_EQ(ResolveScenario(kText)->summary, "a sentence");

  const Scenario file = ResolveScenario(Write("mine.scn", kText)).value();
  EXPECT_EQ(file.name, "mine");
  EXPECT_EQ(file.summary, "a sentence");
  EXPECT_TRUE(ResolveScenario(Write("no_extension", kText)).ok());
  EXPECT_TRUE(ResolveScenario(Write("braces{}.scn", kText)).ok());
}

TEST_F(ResolveTest, ProposesTheNearestName) {
  EXPECT_EQ(ErrorOf("fault_vs_falt"),
            "found 'fault_vs_falt', expected a scenario's name, file or one-line text; did you "
            "mean 'fault_vs_fault'?");
  EXPECT_EQ(ErrorOf("qqqq"),
            "found 'qqqq', expected a scenario's name, file or one-line text; 'racewalk list "
            "scenarios' shows the names");
  EXPECT_NE(ErrorOf(""), "");
  EXPECT_EQ(ErrorOf("fault_vs_falt.scn"),
            "fault_vs_falt.scn: found no such file, expected a scenario file; did you mean "
            "'fault_vs_fault'?");
}

TEST_F(ResolveTest, ExplainsFilesThatItCannotUse) {
  const std::string folder = folder_.string();
  EXPECT_EQ(ErrorOf(folder),
            folder + ": found a directory, expected a scenario file; name a file in it");
  const std::string large = Write("large.scn", std::string(kMaxScenarioBytes + 1, ' '));
  EXPECT_EQ(ErrorOf(large), large +
                                ": found more than 65536 bytes, expected a scenario file; make "
                                "several scenarios of it");
  const std::string empty = Write("empty.scn", "");
  EXPECT_TRUE(absl::StartsWith(ErrorOf(empty), empty + ": found 0 threads"));
  const std::string wrong = Write("wrong.scn", "mmu: tpd\n");
  EXPECT_EQ(ErrorOf(wrong), wrong + ":1:6: found 'tpd', expected an MMU; did you mean 'tdp'?");
  const std::string nowhere = folder + "/missing/x.scn";
  EXPECT_TRUE(absl::StartsWith(ErrorOf(nowhere), nowhere + ": found no such file"));
  const std::string below = wrong + "/x";
  EXPECT_TRUE(absl::StartsWith(ErrorOf(below), below + ": found no such file"));

  const std::string locked = Write("locked.scn", kText);
  fs::permissions(locked, fs::perms::none);
  // The superuser reads everything.
  if (std::FILE* file = std::fopen(locked.c_str(), "rb"); file != nullptr) {
    std::fclose(file);
  } else {
    EXPECT_EQ(ErrorOf(locked), locked +
                                   ": found Permission denied, expected a scenario file; make it "
                                   "readable");
  }
}

TEST_F(ResolveTest, BearsAnyBytes) {
  ErrorOf(absl::string_view("a\0b", 3));
  ErrorOf(absl::string_view("fault_vs_fault.scn\0/etc", 23));
  ErrorOf(std::string(100000, '/'));
  ErrorOf(std::string(100000, '{'));
  ErrorOf(std::string(5000, 'a') + ".scn");
}

}  // namespace
}  // namespace racewalk
