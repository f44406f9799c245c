// Goal: a run's verdict, table and files are those of what was found, whether
// it ran at once or was killed halfway. Method: the fake world, in which every
// weakened point loses an update unless a test says that it is spared.
#include "ci/mutants.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/fake_explorer.h"
#include "ci/kill_table.h"
#include "ci/mutants_page.h"
#include "ci/mutants_report.h"
#include "core/protocol.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk::mutants_test {
namespace {

namespace fs = std::filesystem;

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

struct Outcome {
  ExitStatus status = kExitClean;
  std::string out{};
  std::string err{};
};

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A world in which these points are not needed.
ExplorerFactory Sparing(const std::vector<point>& points) {
  return [points](const Subject& subject) -> absl::StatusOr<std::unique_ptr<Explorer>> {
    Subject spared = subject;
    for (point at : points) spared.weakened.reset(static_cast<std::size_t>(at));
    return std::make_unique<FakeExplorer>(spared, FakeBehaviour{});
  };
}

class MutantsTest : public ::testing::Test {
 protected:
  MutantsTest()
      : tree_(absl::StrCat(::testing::TempDir(), "racewalk_mutants_", getpid(), "_",
                           ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(tree_);
    fs::create_directories(tree_ + "/scenarios/library");
    fs::create_directories(tree_ + "/docs");
  }
  ~MutantsTest() override { fs::remove_all(tree_); }

  // Of tdp's three default variants each.
  MutantsOptions Options() const {
    MutantsOptions options;
    options.points = {"table_publish", "flush_frozen"};
    options.executions = 20;
    options.seeds = {1};
    options.jobs = 1;
    options.tree = tree_;
    return options;
  }

  Outcome Run(const MutantsOptions& options, const ExplorerFactory& factory = FakeFactory()) const {
    Outcome outcome;
    const Console console{
        .out = [&](absl::string_view text) { absl::StrAppend(&outcome.out, text); },
        .err = [&](absl::string_view text) { absl::StrAppend(&outcome.err, text); }};
    outcome.status = RunMutants(options, "racewalk mutants <&>", factory, console);
    return outcome;
  }

  std::string Table() const { return ReadAll(tree_ + "/scenarios/library/kills.tsv"); }
  std::string Page() const { return ReadAll(tree_ + "/docs/kills.md"); }
  void Explain(const std::string& text) const {
    std::ofstream(tree_ + "/scenarios/library/survivors.tsv") << text;
  }

  std::string tree_;
};

TEST_F(MutantsTest, EveryUnitIsKilled) {
  const Outcome outcome = Run(Options());
  EXPECT_EQ(outcome.status, kExitClean) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(StartsWith("racewalk "), HasSubstr("units=6"),
                    HasSubstr("6 of 6 units killed by every seed of their search"),
                    HasSubstr("verdict: all-killed; racewalk "), HasSubstr("lost-dirty")));
  EXPECT_THAT(outcome.err, HasSubstr("6/6 flush_frozen tdp owned+ad_at_zap: lost-dirty in "));
  EXPECT_THAT(Table(), IsEmpty());
}

TEST_F(MutantsTest, ASurvivorIsTheFirstThingSaidAndTheStatus) {
  const Outcome outcome = Run(Options(), Sparing({point::flush_frozen}));
  EXPECT_EQ(outcome.status, kExitViolation) << outcome.err;
  const std::size_t survivor = outcome.out.find("SURVIVED: flush_frozen tdp owned\n");
  EXPECT_LT(survivor, outcome.out.find("table_publish"));
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("3 of 6 units killed"), HasSubstr("3 by none"),
                                 HasSubstr("verdict: survivors")));
}

TEST_F(MutantsTest, ExplainedSurvivorsAreNoFailure) {
  Explain(
      "# Nothing here can show it.\n"
      "flush_frozen\ttdp\towned\tIt is not needed.\n"
      "flush_frozen\ttdp\tlast_put_zaps\tIt is not needed.\n");
  const Outcome some = Run(Options(), Sparing({point::flush_frozen}));
  EXPECT_EQ(some.status, kExitViolation);
  MutantsOptions options = Options();
  options.variants = {"owned", "last_put_zaps"};
  const Outcome all = Run(options, Sparing({point::flush_frozen}));
  EXPECT_EQ(all.status, kExitClean) << all.err;
  EXPECT_THAT(all.out,
              AllOf(HasSubstr("SURVIVED: flush_frozen tdp owned, explained: It is not"),
                    HasSubstr("2 by none (2 explained)"), HasSubstr("verdict: all-explained")));
  Explain("flush_frozen\ttdp\n");
  const Outcome bad = Run(Options());
  EXPECT_EQ(bad.status, kExitBadInput);
  EXPECT_THAT(bad.err, HasSubstr("survivors.tsv:1: "));
  EXPECT_THAT(bad.out, IsEmpty());
}

// A limit that is over before it begins: no clock decides what is known.
TEST_F(MutantsTest, ATimeLimitLeavesUnitsUnknown) {
  MutantsOptions options = Options();
  options.time_limit = 1e-9;
  const Outcome outcome = Run(options);
  EXPECT_EQ(outcome.status, kExitBudgetEnded);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("6 not known"), HasSubstr("cut short by --time-limit"),
                                 HasSubstr("verdict: cut-short")));
}

TEST_F(MutantsTest, NoViolationInAPartOfTheLibrarySaysNothing) {
  MutantsOptions options = Options();
  options.points = {"table_publish"};
  options.variants = {"owned"};
  options.seconds = 1e-6;
  options.store = tree_ + "/store";
  const Outcome outcome = Run(options, Sparing({point::table_publish}));
  EXPECT_EQ(outcome.status, kExitBudgetEnded) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("unfinished: table_publish tdp owned; not every row"));
  // It is not known, and so not stored.
  options.seconds = 60;
  fs::remove(options.store);
  EXPECT_EQ(Run(options).status, kExitClean);
}

TEST_F(MutantsTest, ACrashOfTheHarnessIsAnInternalError) {
  MutantsOptions options = Options();
  options.points = {"table_publish"};
  options.variants = {"owned"};
  const Outcome outcome = Run(options, FakeFactory({.crash_at = 0}));
  EXPECT_EQ(outcome.status, kExitInternalError);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("internal error: "), HasSubstr("; and likewise ")));
  EXPECT_THAT(outcome.out, HasSubstr("not-run"));
}

TEST_F(MutantsTest, BadInputIsRefusedBeforeAnythingIsWritten) {
  const auto refused = [&](const std::function<void(MutantsOptions&)>& change, const char* words) {
    MutantsOptions options = Options();
    change(options);
    const Outcome outcome = Run(options);
    EXPECT_EQ(outcome.status, kExitBadInput) << words;
    EXPECT_THAT(outcome.err, AllOf(StartsWith("racewalk mutants: "), HasSubstr(words)));
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_TRUE(fs::is_empty(tree_ + "/docs"));
  };
  refused([](MutantsOptions& options) { options.points = {"nonsense"}; }, "nonsense");
  refused([](MutantsOptions& options) { options.strategies = {"randm"}; }, "randm");
  refused([](MutantsOptions& options) { options.compare = {"randm"}; }, "randm");
  refused([](MutantsOptions& options) { options.compare = {"random"}; },
          "names a scenario for none");
  refused([](MutantsOptions& options) { options.html = "/dev/null/x.html"; }, "--html: ");
  refused([](MutantsOptions& options) { options.store = "/dev/null/x"; }, "--store: ");
  refused(
      [](MutantsOptions& options) {
        options.update = true;
        options.tree = "no_such_folder";
      },
      "--update: ");
  std::ofstream(tree_ + "/scenarios/library/kills.tsv") << "nonsense\n";
  refused([](MutantsOptions&) {}, "kills.tsv:1: found 1 columns");
}

// Goal: a table is replayed; what no longer shows what it says is searched.
TEST_F(MutantsTest, KnownKillsAreReplayedAndOthersSearched) {
  MutantsOptions options = Options();
  options.update = true;
  EXPECT_EQ(Run(options).status, kExitClean);
  std::string table = Table();
  const Outcome again = Run(options);
  EXPECT_EQ(again.status, kExitClean);
  EXPECT_THAT(again.out,
              HasSubstr("6 by a known token, replayed (found before in searches of 1 seed), "
                        "0 from the store, 0 searched with 1 seed: 1\n"));
  EXPECT_THAT(again.err, IsEmpty());
  EXPECT_EQ(Table(), table);

  // Another kind, another unit's token, and a token of no execution.
  const std::string kind = "table_publish\ttdp\towned\t";
  table.replace(table.find(kind) + kind.size(), std::string("lost-dirty").size(), "leak");
  const std::size_t row = table.find("flush_frozen\ttdp\towned\t");
  table.replace(table.find("weaken=flush_frozen", row), 19, "weaken=flush_carried");
  const std::size_t last = table.find("flush_frozen\ttdp\tlast_put_zaps");
  table.replace(table.find("/random/", last), 8, "/rondom/");
  std::ofstream(tree_ + "/scenarios/library/kills.tsv") << table;
  const Outcome changed = Run(options);
  EXPECT_EQ(changed.status, kExitClean) << changed.err;
  EXPECT_THAT(changed.out, HasSubstr("3 by a known token"));
  EXPECT_THAT(changed.err,
              HasSubstr("table_publish tdp owned: the known token no longer fits: the violation is "
                        "lost-dirty, not leak\n"));
  EXPECT_THAT(changed.err, AllOf(HasSubstr("1/3 table_publish tdp owned: lost-dirty"),
                                 HasSubstr("2/3 flush_frozen tdp owned: lost-dirty"),
                                 HasSubstr("3/3 flush_frozen tdp last_put_zaps: lost-dirty")));

  options.fresh = true;
  EXPECT_THAT(Run(options).out, HasSubstr("0 by a known token"));
}

// Goal: the table claims to be made of this tree only once all of it is.
TEST_F(MutantsTest, UpdatedInputsNeedEveryUnit) {
  MutantsOptions options = Options();
  options.update = true;
  EXPECT_EQ(Run(options).status, kExitClean);
  EXPECT_THAT(Table(), HasSubstr("# inputs: points= library=\n"));
  EXPECT_THAT(Page(), HasSubstr("not searched yet"));

  options.points.clear();
  EXPECT_EQ(Run(options).status, kExitClean);
  const KillInputs now = CurrentKillInputs();
  const std::string inputs =
      absl::StrCat("# inputs: points=", now.points, " library=", now.library, "\n");
  EXPECT_THAT(Table(), HasSubstr(inputs));
  EXPECT_THAT(Page(), AllOf(Not(HasSubstr("not searched yet")),
                            HasSubstr(absl::StrCat("\n", AllMutants().size(), " of ")),
                            HasSubstr(" by every seed of their search and 0 by some of its seeds"),
                            HasSubstr("The searches were of 1 seed.")));

  // A survivor stays in the table, and in its way.
  options.points = {"flush_frozen"};
  options.fresh = true;
  EXPECT_EQ(Run(options, Sparing({point::flush_frozen})).status, kExitViolation);
  EXPECT_THAT(Table(),
              AllOf(HasSubstr("flush_frozen\ttdp\towned\t-\t-\t-\t-\t-\t-\n"), HasSubstr(inputs)));
  EXPECT_THAT(Page(), HasSubstr("- `flush_frozen tdp owned`\n"));
}

// Goal: a page says what is known of the whole tree; a run that was cut short
// keeps the rows that it found and leaves the page alone.
TEST_F(MutantsTest, ARunThatWasCutShortWritesNoPage) {
  MutantsOptions options = Options();
  options.update = true;
  EXPECT_EQ(Run(options).status, kExitClean);
  const std::string page = Page();
  const std::string table = Table();
  options.points = {"walk_follow"};
  options.time_limit = 1e-9;
  EXPECT_EQ(Run(options).status, kExitBudgetEnded);
  EXPECT_EQ(Page(), page);
  EXPECT_EQ(Table(), table);
  options.time_limit.reset();
  EXPECT_EQ(Run(options, FakeFactory({.crash_at = 0})).status, kExitInternalError);
  EXPECT_EQ(Page(), page);
  EXPECT_EQ(Run(options).status, kExitClean);
  EXPECT_NE(Page(), page);
}

// The rows of a summary without what a clock has measured.
std::vector<std::string> RowsWithoutSeconds(const std::string& path) {
  std::vector<std::string> rows;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const absl::StatusOr<Kill> kill = ParseKill(line.substr(0, line.rfind('\t')));
    if (!kill.ok()) continue;  // the first line
    Kill timeless = *kill;
    for (MutantSearch& search : timeless.result.searches) search.seconds.reset();
    rows.push_back(FormatKill(timeless));
  }
  return rows;
}

// Goal: kill -9 in the middle loses nothing that was known, and the run that
// goes on ends with the same results. The third unit hangs, so that there is a
// middle.
TEST_F(MutantsTest, ARunThatWasKilledGoesOn) {
  MutantsOptions options = Options();
  options.points = {"table_publish", "leaf_publish"};
  options.fresh = true;
  options.store = tree_ + "/whole";
  EXPECT_EQ(Run(options).status, kExitClean);
  const std::vector<std::string> whole = RowsWithoutSeconds(options.store);
  ASSERT_EQ(whole.size(), 4u);

  options.store = tree_ + "/store";
  const pid_t child = fork();
  if (child == 0) {
    const auto hangs = [](const Subject& subject) -> absl::StatusOr<std::unique_ptr<Explorer>> {
      const bool third = subject.variant == "owned+ad_at_zap";
      return std::make_unique<FakeExplorer>(subject,
                                            FakeBehaviour{.hang_at = third ? 0 : ~uint64_t{0}});
    };
    Run(options, hangs);
    _exit(0);
  }
  while (RowsWithoutSeconds(options.store).size() < 2) {
    ASSERT_EQ(waitpid(child, nullptr, WNOHANG), 0) << "it ended by itself";
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  std::ofstream(options.store, std::ios::app) << "leaf_publish\ttdp\thalf a li";

  const Outcome outcome = Run(options);
  EXPECT_EQ(outcome.status, kExitClean) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("4 of 4 units killed by every seed of their search"));
  EXPECT_THAT(outcome.out, HasSubstr("2 from the store"));
  EXPECT_EQ(RowsWithoutSeconds(options.store), whole);
  const Outcome again = Run(options);
  EXPECT_THAT(again.out, HasSubstr("4 from the store"));
  EXPECT_THAT(again.err, IsEmpty());
  // Results of another budget do not mix with these.
  options.seconds = 1;
  EXPECT_THAT(Run(options).err, HasSubstr("has seconds=60, this run seconds=1"));
}

TEST_F(MutantsTest, AKillByOneOfTheSeedsIsAKillButNotByAll) {
  MutantsReport report;
  report.states = {{.unit = {"a", "tdp", "owned"},
                    .origin = MutantOrigin::kSearched,
                    .result = {.kind = "leak", .token = "t", .searches = {{.executions = 3}, {}}}},
                   {.unit = {"b", "tdp", "owned"},
                    .origin = MutantOrigin::kSearched,
                    .result = {.searches = {{}, {}}}}};
  MutantCounts counts = CountMutants(report);
  EXPECT_EQ(counts.partly, 1u);
  EXPECT_EQ(counts.survivors, 1u);
  EXPECT_EQ(WorstFirst(report).front()->unit.point, "b");
  EXPECT_EQ(ExitStatusOf(report), kExitViolation);
  report.states.pop_back();
  EXPECT_EQ(ExitStatusOf(report), kExitClean);
  EXPECT_EQ(VerdictOf(report), "partly-killed");
  // A pre-submit run must have found it.
  report.presubmit = true;
  EXPECT_EQ(ExitStatusOf(report), kExitViolation);
  EXPECT_EQ(VerdictOf(report), "rate-missed");
}

TEST_F(MutantsTest, APresubmitRunIsJudgedByItsRate) {
  MutantsOptions options = Options();
  options.presubmit = true;
  const Outcome all = Run(options);
  EXPECT_EQ(all.status, kExitClean) << all.err;
  EXPECT_THAT(all.out, HasSubstr("a pre-submit run kills 100.0 % of these units; 95 % are wanted"));
  const Outcome half = Run(options, Sparing({point::flush_frozen}));
  EXPECT_EQ(half.status, kExitViolation);
  EXPECT_THAT(half.out, HasSubstr("a pre-submit run kills 50.0 %"));
}

TEST_F(MutantsTest, ThePageEscapesWhatItIsGiven) {
  MutantsReport report;
  report.command = "racewalk mutants <script>'\"&";
  report.states = {{.unit = {"a", "tdp", "owned"},
                    .origin = MutantOrigin::kSearched,
                    .result = {.kind = "leak",
                               .scenario = "<b>&",
                               .token = "x<y>\"'&",
                               .searches = {{.executions = 3, .seconds = 0.5}}}},
                   {.unit = {"a", "tdp", "rwlock"},
                    .origin = MutantOrigin::kSearched,
                    .result = {.searches = {{}}},
                    .explanation = "<i>"}};
  report.without_units = {{"c", "a < b"}};
  const std::string page = MutantsHtml(report);
  EXPECT_THAT(page, AllOf(HasSubstr("racewalk mutants &lt;script&gt;&#39;&quot;&amp;"),
                          HasSubstr("&lt;b&gt;&amp;"), HasSubstr("x&lt;y&gt;&quot;&#39;&amp;"),
                          HasSubstr("explained: &lt;i&gt;"), HasSubstr("a &lt; b"),
                          HasSubstr("1 of 2 units killed")));
  EXPECT_THAT(page, Not(HasSubstr("<b>")));
  EXPECT_THAT(page, HasSubstr("Content-Security-Policy\" content=\"default-src 'none'; "));
  for (const char* outside : {"http:", "https:", "src=", "url(", "@import"}) {
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  }

  MutantsOptions options = Options();
  options.html = tree_ + "/page.html";
  EXPECT_EQ(Run(options).status, kExitClean);
  EXPECT_THAT(ReadAll(options.html), HasSubstr("mutants &lt;&amp;&gt;"));
}

// Goal: a page does not take the place of anything, not even of its own store.
TEST_F(MutantsTest, ThePageOverwritesNothing) {
  const auto refused = [&](const MutantsOptions& options, const char* words) {
    const Outcome outcome = Run(options);
    EXPECT_EQ(outcome.status, kExitBadInput) << words;
    EXPECT_THAT(outcome.err, HasSubstr(words));
    EXPECT_THAT(outcome.out, IsEmpty());
  };
  MutantsOptions options = Options();
  options.html = tree_ + "/page.html";
  std::ofstream(options.html) << "mine";
  refused(options, "exists, and is not overwritten");
  EXPECT_EQ(ReadAll(options.html), "mine");
  options.html = tree_ + "/new";
  options.store = tree_ + "/docs/../new";
  refused(options, "--html and --store: ");
  EXPECT_FALSE(fs::exists(options.html));
  options.store.clear();
  options.html = tree_ + "/no/page.html";
  refused(options, "its folder does not exist");
}

// Goal: a comparison does not depend on jobs, nor on having been cut short.
TEST_F(MutantsTest, StrategiesAreComparedByExecutions) {
  MutantsOptions options = Options();
  options.update = true;
  EXPECT_EQ(Run(options).status, kExitClean);
  options.compare = {"random", "pct:3"};
  options.executions = 100;
  options.seeds = {1, 2, 3};
  options.json = true;
  const Outcome one = Run(options, Sparing({point::flush_frozen}));
  EXPECT_EQ(one.status, kExitClean) << one.err;
  const std::string page = ReadAll(tree_ + "/docs/strategies.md");
  EXPECT_THAT(page, AllOf(HasSubstr("| units | `random` | 3/6 | 0 | 3 |"),
                          HasSubstr("| units | `pct:3` | 3/6 |"), HasSubstr(">100")));
  options.jobs = 2;
  options.store = tree_ + "/compared";
  EXPECT_EQ(Run(options, Sparing({point::flush_frozen})).status, kExitClean);
  EXPECT_EQ(ReadAll(tree_ + "/docs/strategies.md"), page);
  // All from the store: the world is not asked again.
  EXPECT_EQ(Run(options, FakeFactory({.crash_at = 0})).status, kExitClean);
  EXPECT_EQ(ReadAll(tree_ + "/docs/strategies.md"), page);
}

}  // namespace
}  // namespace racewalk::mutants_test
