#include "ci/check.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/console.h"
#include "ci/fake_explorer.h"
#include "ci/replay.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk::check_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kScenario[] = "tdp frames=2 vcpu a{write 0} host h{unmap 0}";

struct Outcome {
  ExitStatus status = kExitClean;
  std::string out{};
  std::string err{};
};

Console ConsoleTo(Outcome& outcome) {
  return {.out = [&](absl::string_view text) { absl::StrAppend(&outcome.out, text); },
          .err = [&](absl::string_view text) { absl::StrAppend(&outcome.err, text); }};
}

CheckOptions Options() {
  CheckOptions options;
  options.scenarios = {kScenario};
  options.variants = {"owned"};
  options.strategies = {"random"};
  options.executions = 1000;
  options.seed = 7;
  options.jobs = 1;
  return options;
}

Outcome Check(const CheckOptions& options, const FakeBehaviour& behaviour = {}) {
  Outcome outcome;
  outcome.status = RunCheck(options, "racewalk check", FakeFactory(behaviour), ConsoleTo(outcome));
  return outcome;
}

Outcome Replay(const std::string& target, const FakeBehaviour& behaviour = {}, bool json = false) {
  Outcome outcome;
  outcome.status = RunReplay({.target = target, .json = json}, "racewalk replay",
                             FakeFactory(behaviour), ConsoleTo(outcome));
  return outcome;
}

// What stands between the quotes of "racewalk replay '...'".
std::string TokenIn(const std::string& text) {
  constexpr absl::string_view kBefore = "racewalk replay '";
  const std::size_t begin = text.find(std::string(kBefore));
  if (begin == std::string::npos) return "";
  const std::size_t end = text.find('\'', begin + kBefore.size());
  return text.substr(begin + kBefore.size(), end - begin - kBefore.size());
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

class Folder {
 public:
  Folder() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    path_ = ::testing::TempDir() + "racewalk_" + test->name();
    std::filesystem::remove_all(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }
  std::size_t files() const {
    std::size_t count = 0;
    if (!std::filesystem::exists(path_)) return 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
      count += entry.is_regular_file() ? 1 : 0;
    }
    return count;
  }

 private:
  std::string path_;
};

TEST(Check, ACleanRunSaysWhatItMeans) {
  const Outcome outcome = Check(Options());
  EXPECT_EQ(outcome.status, kExitClean) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("1,000 clean executions; a bug that shows once in 300"));
  EXPECT_THAT(outcome.out, HasSubstr("sampled"));
  EXPECT_THAT(outcome.err, IsEmpty());
}

// Goal: from the first or the last line alone the run can be repeated.
TEST(Check, TheFirstAndTheLastLineHoldEveryParameter) {
  const std::vector<std::string> lines = Lines(Check(Options()).out);
  ASSERT_GE(lines.size(), 3u);
  EXPECT_THAT(lines.front(), StartsWith("racewalk "));
  EXPECT_THAT(lines.front(), AllOf(HasSubstr("seed=7"), HasSubstr("jobs=1"),
                                   HasSubstr("executions=1000"), HasSubstr("strategies=random")));
  EXPECT_EQ(lines.back(), absl::StrCat("verdict: clean (sampled); ", lines.front()));
}

TEST(Check, AFreshSeedIsPrintedAndDiffers) {
  CheckOptions options = Options();
  options.seed.reset();
  EXPECT_NE(Lines(Check(options).out).front(), Lines(Check(options).out).front());
}

// Goal: what was found is found again from what was printed, the same bytes
// each time.
TEST(Check, TheTokenReplaysTheViolation) {
  CheckOptions options = Options();
  options.weaken = {"table_publish"};
  const Outcome found = Check(options);
  ASSERT_EQ(found.status, kExitViolation) << found.err;
  EXPECT_THAT(found.out, AllOf(HasSubstr("VIOLATION: lost-dirty (invariant D1)"),
                               HasSubstr("lost an update of"), HasSubstr("== add 0 by a =="),
                               HasSubstr("^ here it was seen"), HasSubstr("^ this step made it")));
  const std::string token = TokenIn(found.out);
  ASSERT_THAT(token, Not(IsEmpty()));
  const Outcome first = Replay(token);
  EXPECT_EQ(first.status, kExitViolation) << first.err;
  EXPECT_THAT(first.out, HasSubstr("VIOLATION: lost-dirty (invariant D1)"));
  EXPECT_EQ(Replay(token).out, first.out);
  const Outcome json = Replay(token, {}, true);
  EXPECT_EQ(json.status, kExitViolation);
  EXPECT_THAT(json.out, AllOf(StartsWith("{"), HasSubstr("\"verdict\": \"violation\"")));
}

TEST(Check, ATokenWithoutItsWeakenedPointIsClean) {
  CheckOptions options = Options();
  options.weaken = {"table_publish"};
  std::string token = TokenIn(Check(options).out);
  const std::size_t at = token.find("+weaken=table_publish");
  ASSERT_NE(at, std::string::npos);
  token.erase(at, std::string("+weaken=table_publish").size());
  const Outcome outcome = Replay(token);
  EXPECT_EQ(outcome.status, kExitClean) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("nothing was found"));
}

TEST(Check, TracesAreWrittenAndReplayedAndNeverOverwritten) {
  const Folder folder;
  CheckOptions options = Options();
  options.weaken = {"table_publish"};
  options.out = folder.path() + "/deep/er";
  const Outcome first = Check(options);
  ASSERT_EQ(first.status, kExitViolation) << first.err;
  EXPECT_EQ(folder.files(), 2u);  // a trace and its page
  EXPECT_EQ(Check(options).status, kExitViolation);
  EXPECT_EQ(folder.files(), 4u);
  for (const auto& entry : std::filesystem::directory_iterator(options.out)) {
    if (entry.path().extension() != ".trace") continue;
    const Outcome replayed = Replay(entry.path().string());
    EXPECT_EQ(replayed.status, kExitViolation) << replayed.err;
  }
}

// Goal: a trace of other code is refused, with the step, and gives no verdict.
TEST(Check, ATraceThatNoLongerFitsIsRefused) {
  const Folder folder;
  CheckOptions options = Options();
  options.weaken = {"table_publish"};
  options.out = folder.path();
  ASSERT_EQ(Check(options).status, kExitViolation);
  for (const auto& entry : std::filesystem::directory_iterator(options.out)) {
    if (entry.path().extension() != ".trace") continue;
    const Outcome outcome = Replay(entry.path().string(), {.extra_steps = 1});
    EXPECT_EQ(outcome.status, kExitBadInput);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("no longer fits"), HasSubstr("step ")));
    EXPECT_THAT(outcome.out, IsEmpty());
  }
}

TEST(Check, BadInputWritesNothing) {
  const Folder folder;
  CheckOptions options = Options();
  options.out = folder.path();
  options.weaken = {"no_such_point"};
  const Outcome outcome = Check(options);
  EXPECT_EQ(outcome.status, kExitBadInput);
  EXPECT_THAT(outcome.err, HasSubstr("no_such_point"));
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(folder.path()));
}

TEST(Check, AFolderThatCannotBeIsBadInput) {
  CheckOptions options = Options();
  options.out = "/dev/null/x";
  const Outcome outcome = Check(options);
  EXPECT_EQ(outcome.status, kExitBadInput);
  EXPECT_THAT(outcome.err, HasSubstr("--out"));
}

TEST(Check, NothingToRaceIsBadInput) {
  const Outcome outcome = Check(Options(), {.nothing_to_race = true});
  EXPECT_EQ(outcome.status, kExitBadInput);
  EXPECT_THAT(outcome.err, HasSubstr("nothing to race"));
  EXPECT_THAT(outcome.out, HasSubstr("verdict: bad-input"));
}

TEST(Check, TheHarnessCatchesItsOwnNondeterminism) {
  const Outcome outcome = Check(Options(), {.nondeterministic = true});
  EXPECT_EQ(outcome.status, kExitInternalError);
  EXPECT_THAT(outcome.err, HasSubstr("came out differently"));
}

TEST(Check, ACrashIsAnInternalError) {
  const Outcome outcome = Check(Options(), {.crash_at = 3});
  EXPECT_EQ(outcome.status, kExitInternalError);
  EXPECT_THAT(outcome.err, HasSubstr("executions 0 to 499"));
}

TEST(Check, RowsThatNeverRanAreNoPass) {
  CheckOptions options = Options();
  options.time_limit = 0.2;
  const Outcome outcome = Check(options, {.hang_at = 0});
  EXPECT_EQ(outcome.status, kExitBudgetEnded);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("never ran"), HasSubstr("verdict: budget-ended")));
}

TEST(Check, JsonIsOneObjectAndNothingElse) {
  CheckOptions options = Options();
  options.json = true;
  options.weaken = {"table_publish"};
  const Outcome outcome = Check(options);
  EXPECT_EQ(outcome.status, kExitViolation);
  EXPECT_THAT(outcome.out, StartsWith("{\n"));
  for (const char* field : {"version", "command", "verdict", "label", "seed", "results",
                            "violations", "kind", "invariant", "scenario", "step", "sentence",
                            "token", "trace", "points", "executions", "distinct", "seconds"}) {
    EXPECT_THAT(outcome.out, HasSubstr(absl::StrCat("\"", field, "\""))) << field;
  }
}

CheckOptions With(const std::string& strategy, uint64_t executions = 1000) {
  CheckOptions options = Options();
  options.strategies = {strategy};
  options.executions = executions;
  options.jobs = 2;
  return options;
}

// Two threads of three steps have 20 orders, 2 of them without a preemption.
TEST(CheckExhaustive, ALabelIsEarnedByTheWholeTree) {
  const Outcome full = Check(With("full"), {.extra_steps = 2});
  EXPECT_EQ(full.status, kExitClean);
  EXPECT_THAT(full.out, AllOf(HasSubstr("verdict: clean (exhausted)"), HasSubstr("  20  "),
                              Not(HasSubstr("missed with probability"))));
  const Outcome bounded = Check(With("bound:0"), {.extra_steps = 2});
  EXPECT_EQ(bounded.status, kExitClean);
  EXPECT_THAT(bounded.out, AllOf(HasSubstr("verdict: clean (bounded(0))"), HasSubstr("  2  ")));
}

TEST(CheckExhaustive, ATreeThatIsNotFinishedEstablishesNothing) {
  const Outcome outcome = Check(With("full", 19), {.extra_steps = 2});
  EXPECT_EQ(outcome.status, kExitBudgetEnded);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("verdict: budget-ended (sampled)"),
                                 HasSubstr("not finished, some ")));
}

// Goal: chunks follow one another, whichever worker runs them.
TEST(CheckExhaustive, ATreeOfManyChunksIsRunOnce) {
  const Outcome outcome = Check(With("full", 1'000'000), {.extra_steps = 6});
  EXPECT_EQ(outcome.status, kExitClean);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("(exhausted)"), HasSubstr("  3,432  ")));
}

TEST(CheckExhaustive, TheWeakestRowIsTheLabel) {
  CheckOptions options = With("full");
  options.strategies = {"full", "bound:1", "random"};
  const Outcome outcome = Check(options, {.extra_steps = 1});
  EXPECT_EQ(outcome.status, kExitClean);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("full      exhausted"), HasSubstr("bounded(1)"),
                                 HasSubstr("verdict: clean (sampled)")));
}

TEST(CheckExhaustive, AViolationIsNamedByItsPath) {
  const FakeBehaviour weak{.always_weak = true, .extra_steps = 2};
  const Outcome found = Check(With("bound:2"), weak);
  EXPECT_EQ(found.status, kExitViolation);
  const std::string token = TokenIn(found.out);
  EXPECT_THAT(token, AllOf(HasSubstr("/path:"), HasSubstr("/seed=0000000000000000")));
  const Outcome again = Replay(token, weak);
  EXPECT_EQ(again.status, kExitViolation);
  EXPECT_THAT(again.out, HasSubstr("lost an update of"));

  const std::size_t path = token.find("/path:");
  const std::string subject = token.substr(0, path);
  const Outcome longer = Replay(subject + "/path:010000000/seed=0000000000000000", weak);
  EXPECT_EQ(longer.status, kExitBadInput);
  EXPECT_THAT(longer.err, HasSubstr("the token no longer fits the code: step "));
  const Outcome full = Replay(subject + "/full/seed=0000000000000000", weak);
  EXPECT_EQ(full.status, kExitBadInput);
  EXPECT_THAT(full.err, HasSubstr("a seed names none of them"));
}

TEST(CheckExhaustive, APathIsNotExplored) {
  const Outcome outcome = Check(With("path:01"));
  EXPECT_EQ(outcome.status, kExitBadInput);
  EXPECT_THAT(outcome.err, HasSubstr("names a single execution"));
}

TEST(CheckExhaustive, NondeterminismIsAnInternalError) {
  EXPECT_EQ(Check(With("full"), {.nondeterministic = true}).status, kExitInternalError);
}

TEST(Replay, WhatIsNeitherTokenNorFileSaysWhereToGetOne) {
  const Outcome outcome = Replay("no_such_file.trace");
  EXPECT_EQ(outcome.status, kExitBadInput);
  EXPECT_THAT(outcome.err, HasSubstr("racewalk check"));
}

TEST(Replay, AStrategyThatIsNoneIsBadInput) {
  CheckOptions options = Options();
  options.weaken = {"table_publish"};
  std::string token = TokenIn(Check(options).out);
  const std::size_t at = token.find("/random/");
  ASSERT_NE(at, std::string::npos);
  token.replace(at, 8, "/randm/");
  const Outcome outcome = Replay(token);
  EXPECT_EQ(outcome.status, kExitBadInput);
  EXPECT_THAT(outcome.err, HasSubstr("randm"));
}

}  // namespace
}  // namespace racewalk::check_test
