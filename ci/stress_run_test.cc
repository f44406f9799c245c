// Goal: whatever a round does to its process, the run tells it and goes on.
// Method: toys in place of rounds that fail, die, hang or print in known ways.
#include "ci/stress_run.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <source_location>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ci/stress_finding.h"
#include "ci/target.h"
#include "core/platform/event.h"
#include "core/platform/native/fail.h"
#include "core/violation.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sanitizers/round.h"
#include "sanitizers/round_record.h"
#include "sanitizers/scaled.h"
#include "scenarios/parser.h"

namespace racewalk::stress_run_test {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;

Target TargetOfText(const std::string& text) {
  Target target;
  absl::StatusOr<Scenario> scenario = ParseScenario(text, "");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  target.subject = {.scenario = *std::move(scenario), .mmu = "tdp", .variant = "owned"};
  return target;
}

std::vector<Target> OneTarget() { return {TargetOfText("tdp vcpu a{write 0} host h{unmap 0}")}; }

StressRunOptions Rounds(uint64_t rounds) {
  StressRunOptions options;
  options.seed = 7;
  options.rounds = rounds;
  return options;
}

StressResult RunToys(const RoundRunner& runner, const StressRunOptions& options,
                     const std::vector<Target>& targets = OneTarget(),
                     const StressHooks& hooks = {}) {
  absl::StatusOr<StressResult> result = RunRounds(targets, options, runner, hooks);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : StressResult{};
}

absl::Status Clean(const RoundPlan& /*plan*/, RoundLogs /*logs*/) { return absl::OkStatus(); }

// Workers get one round at a time.
StressRunOptions OneMessageEach(uint64_t rounds) {
  StressRunOptions options = Rounds(rounds);
  options.batch = std::chrono::nanoseconds(1);
  return options;
}

// The record that the logs are part of.
RoundRecord& RecordOf(RoundLogs logs) {
  char* const at = reinterpret_cast<char*>(logs.threads.data());
  return *reinterpret_cast<RoundRecord*>(at - offsetof(RoundRecord, logs));
}

absl::Status FailOnAThread(const RoundPlan& plan, RoundLogs logs) {
  const uint64_t first = Scale(plan)->prepared.shape.first_gfn;
  logs.threads[0].Add({.kind = EventKind::kPause});
  std::thread([first] {
    SetNativeThreadName("a");
    NativeFail({.kind = ViolationKind::kStaleTranslation,
                .invariant = "T1",
                .what = "{thread} reaches page {pfn} through {gfn}",
                .gfn = first,
                .pfn = 5});
  }).join();
  return absl::OkStatus();
}

TEST(StressRun, RunsAsManyRoundsAsAreAskedFor) {
  std::vector<Target> targets = OneTarget();
  targets.push_back(TargetOfText("tdp vcpu a{read 0} host h{age 0}"));
  StressRunOptions options = Rounds(9);
  options.jobs = 2;
  const StressResult result = RunToys(Clean, options, targets);
  ASSERT_THAT(result.rows, SizeIs(2));
  EXPECT_EQ(result.rows[0].rounds, 9u);
  EXPECT_EQ(result.rows[1].rounds, 9u);
  EXPECT_THAT(result.findings, IsEmpty());
}

TEST(StressRun, AViolationOfAnyThreadIsToldAndTheRunGoesOn) {
  const StressResult result = RunToys(FailOnAThread, Rounds(4));
  EXPECT_EQ(result.rows[0].rounds, 4u);
  EXPECT_EQ(result.rows[0].found, 4u);
  ASSERT_THAT(result.findings, SizeIs(1));
  const StressFinding& finding = result.findings[0];
  EXPECT_EQ(finding.kind, ViolationKind::kStaleTranslation);
  EXPECT_EQ(finding.invariant, "T1");
  EXPECT_THAT(
      finding.sentence,
      // In tables as small as the scenario's own the frame has its own number.
      MatchesRegex("a reaches page 5 through (0|0x[0-9a-f]+) \\(frame 0 of the scenario.*\\)."));
  EXPECT_EQ(finding.thread, "a");
  EXPECT_THAT(finding.place, HasSubstr("stress_run_test.cc:"));
  EXPECT_EQ(finding.count, 4u);
  EXPECT_EQ(finding.round, 0u);
  EXPECT_THAT(finding.drawn, HasSubstr("pages="));
  EXPECT_THAT(finding.scenario, AllOf(HasSubstr("write 0"), HasSubstr("unmap 0")));
  ASSERT_THAT(finding.events, SizeIs(1));
  EXPECT_EQ(finding.events[0].thread, "a");
  EXPECT_EQ(finding.events[0].text, "pause");
  ASSERT_THAT(finding.threads, SizeIs(1));
  EXPECT_EQ(finding.threads[0].all, 1u);
}

TEST(StressRun, ADeathIsAViolation) {
  const StressResult result = RunToys(
      [](const RoundPlan&, RoundLogs) {
        signal(SIGSEGV, SIG_DFL);  // also where a sanitizer would catch it
        raise(SIGSEGV);
        return absl::OkStatus();
      },
      Rounds(3));
  EXPECT_EQ(result.rows[0].rounds, 3u);
  ASSERT_THAT(result.findings, SizeIs(1));
  EXPECT_EQ(result.findings[0].kind, ViolationKind::kAssertion);
  EXPECT_THAT(result.findings[0].sentence, HasSubstr("signal 11"));
  EXPECT_EQ(result.findings[0].count, 3u);
}

// The kernel does that when memory is short.
TEST(StressRun, AKillFromOutsideIsNoViolation) {
  std::vector<std::string> troubles;
  StressHooks hooks;
  hooks.trouble = [&](const std::string& trouble) { troubles.push_back(trouble); };
  const StressResult result = RunToys(
      [](const RoundPlan&, RoundLogs) {
        raise(SIGKILL);
        return absl::OkStatus();
      },
      Rounds(3), OneTarget(), hooks);
  EXPECT_EQ(result.rows[0].rounds, 3u);
  EXPECT_EQ(result.rows[0].found, 0u);
  EXPECT_THAT(result.findings, IsEmpty());
  EXPECT_EQ(result.killed, 3u);
  ASSERT_THAT(troubles, SizeIs(1));
  EXPECT_THAT(troubles[0], AllOf(HasSubstr("signal 9 from outside"), HasSubstr("Free memory")));
}

TEST(StressRun, WhereLeaksMayNotBeLookedForIsNoViolation) {
  std::string trouble;
  StressHooks hooks;
  hooks.trouble = [&](const std::string& text) { trouble = text; };
  const StressResult result = RunToys(
      [](const RoundPlan&, RoundLogs) -> absl::Status {
        std::fputs("==7==LeakSanitizer has encountered a fatal error.\n", stderr);
        std::fflush(stderr);
        _exit(1);
      },
      Rounds(1), OneTarget(), hooks);
  EXPECT_THAT(result.findings, IsEmpty());
  EXPECT_EQ(result.killed, 1u);
  EXPECT_THAT(trouble, HasSubstr("ASAN_OPTIONS=detect_leaks=0"));
}

TEST(StressRun, WhatASanitizerPrintedIsTheViolation) {
  const StressResult result = RunToys(
      [](const RoundPlan&, RoundLogs) -> absl::Status {
        std::fputs(
            "something else\n"
            "==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x1 at pc 0x2\n"
            "READ of size 8 at 0x1 thread T2\n"
            "    #0 0x2 in Walk(int) /src/core/tdp/walk.h:42:7\n"
            "SUMMARY: AddressSanitizer: heap-use-after-free /src/core/tdp/walk.h:42:7 in Walk\n",
            stderr);
        std::fflush(stderr);
        _exit(1);
      },
      Rounds(2));
  ASSERT_THAT(result.findings, SizeIs(1));
  const StressFinding& finding = result.findings[0];
  EXPECT_EQ(finding.kind, ViolationKind::kUseAfterFree);
  EXPECT_EQ(finding.place, "walk.h:42");
  EXPECT_THAT(finding.sentence, HasSubstr("heap-use-after-free"));
  EXPECT_THAT(finding.details, Contains(HasSubstr("READ of size 8")));
  EXPECT_THAT(finding.details, Not(Contains(HasSubstr("something else"))));
}

TEST(StressRun, ARoundThatWaitsForEverIsADeadlock) {
  StressRunOptions options = Rounds(2);
  options.stuck = milliseconds(700);
  options.batch = milliseconds(100);
  const StressResult result = RunToys(
      [](const RoundPlan& plan, RoundLogs logs) {
        logs.threads[1].Add({.kind = EventKind::kPause});
        while (plan.seed != 0) pause();
        return absl::OkStatus();
      },
      options);
  EXPECT_EQ(result.rows[0].rounds, 2u);
  ASSERT_THAT(result.findings, SizeIs(1));
  EXPECT_EQ(result.findings[0].kind, ViolationKind::kDeadlock);
  EXPECT_EQ(result.findings[0].count, 2u);
  ASSERT_THAT(result.findings[0].events, SizeIs(1));
  EXPECT_EQ(result.findings[0].events[0].thread, "h");
}

// Where each thread stands is never the same; what is wrong is.
TEST(StressRun, HangsOfOneRowAreOneClass) {
  StressRunOptions options = Rounds(2);
  options.stuck = milliseconds(300);
  options.batch = milliseconds(100);
  const StressResult result = RunToys(
      [](const RoundPlan& plan, RoundLogs logs) {
        // Each in a process of its own, of which one is the first.
        if (RecordOf(logs).round == 0) {
          logs.threads[0].Add({.kind = EventKind::kLock, .where = std::source_location::current()});
        }
        logs.threads[1].Add({.kind = EventKind::kLock, .where = std::source_location::current()});
        while (plan.seed != 0) pause();
        return absl::OkStatus();
      },
      options);
  ASSERT_THAT(result.findings, SizeIs(1));
  EXPECT_EQ(result.findings[0].count, 2u);
  EXPECT_THAT(result.findings[0].place, HasSubstr("h at stress_run_test.cc:"));
  EXPECT_THAT(result.findings[0].sentence, HasSubstr("gave no answer in 400 ms"));
}

TEST(StressRun, WithoutEventsAHangSaysWhatIsNotKnown) {
  StressRunOptions options = Rounds(1);
  options.stuck = milliseconds(300);
  options.batch = milliseconds(100);
  options.events = false;
  const StressResult result = RunToys(
      [](const RoundPlan& plan, RoundLogs) {
        while (plan.seed != 0) pause();
        return absl::OkStatus();
      },
      options);
  ASSERT_THAT(result.findings, SizeIs(1));
  EXPECT_EQ(result.findings[0].kind, ViolationKind::kDeadlock);
  EXPECT_THAT(result.findings[0].sentence,
              AllOf(HasSubstr("without --events=on it is not known"), Not(HasSubstr("no thread"))));
}

TEST(StressRun, ARoundThatNeverEndsButMovesIsALivelock) {
  StressRunOptions options = Rounds(1);
  options.stuck = milliseconds(1500);
  const StressResult result = RunToys(
      [](const RoundPlan& plan, RoundLogs logs) {
        while (plan.seed != 0) {
          logs.threads[0].Add({.kind = EventKind::kPause});
          std::this_thread::sleep_for(milliseconds(1));
        }
        return absl::OkStatus();
      },
      options);
  ASSERT_THAT(result.findings, SizeIs(1));
  EXPECT_EQ(result.findings[0].kind, ViolationKind::kLivelock);
}

// A violation that is seen without end must cost no more than one that is seen once.
TEST(StressRun, ManyClassesAreCountedAndNotKept) {
  const StressResult result = RunToys(
      [](const RoundPlan& plan, RoundLogs) -> absl::Status {
        // Each round fails at a place of its own.
        std::fprintf(stderr, "/src/x.cc:%u:1: runtime error: odd\n",
                     static_cast<unsigned>(plan.seed % 100'000));
        std::fflush(stderr);
        _exit(1);
      },
      Rounds(kMostStressFindings + 30));
  EXPECT_THAT(result.findings, SizeIs(kMostStressFindings));
  EXPECT_EQ(result.untold, 30u);
  EXPECT_EQ(result.rows[0].found, kMostStressFindings + 30);
}

// Which a process then never reports again.
TEST(StressRun, RacesThatThereIsNoRoomForAreCountedAndTheProcessRenewed) {
  static std::set<pid_t>* const seen = new std::set<pid_t>;
  const StressResult result = RunToys(
      [](const RoundPlan&, RoundLogs logs) -> absl::Status {
        // A worker that has been here before has had its say.
        if (!seen->insert(getpid()).second) return absl::OkStatus();
        RoundRecord& record = RecordOf(logs);
        for (uint64_t i = 0; i < RoundRecord::kRaces; ++i) {
          record.race[i] = {};
          record.race[i].what = {"data-race"};
          record.race[i].sides[0].stack = {0x10};
        }
        record.races = RoundRecord::kRaces + 4;
        return absl::OkStatus();
      },
      OneMessageEach(3));
  EXPECT_EQ(result.rows[0].found, 3 * (RoundRecord::kRaces + 4));
  EXPECT_EQ(result.untold, 12u);
  ASSERT_THAT(result.findings, SizeIs(1));
  EXPECT_EQ(result.findings[0].count, 3 * RoundRecord::kRaces);
  EXPECT_TRUE(result.findings[0].reports);
}

TEST(StressRun, OneRoundAgainAndAgain) {
  StressRunOptions options = Rounds(5);
  options.only = 12;
  std::vector<Target> targets = OneTarget();
  const StressResult result = RunToys(FailOnAThread, options, targets);
  EXPECT_EQ(result.rows[0].rounds, 5u);
  ASSERT_THAT(result.findings, SizeIs(1));
  EXPECT_EQ(result.findings[0].round, 12u);
  EXPECT_EQ(result.findings[0].count, 5u);
}

TEST(StressRun, WhatCannotBeRunIsBadInput) {
  const StressResult result = RunToys(
      [](const RoundPlan&, RoundLogs) { return absl::InvalidArgumentError("no such thing"); },
      Rounds(5));
  EXPECT_TRUE(absl::IsInvalidArgument(result.input));
  EXPECT_THAT(result.input.message(), HasSubstr("no such thing"));
}

TEST(StressRun, AnInterruptEndsARunThatHasNoEnd) {
  StressRunOptions options;
  int asked = 0;
  StressHooks hooks;
  hooks.interrupted = [&] { return ++asked > 3; };
  const StressResult result = RunToys(Clean, options, OneTarget(), hooks);
  EXPECT_TRUE(result.interrupted);
  EXPECT_GT(result.rows[0].rounds, 0u);
}

TEST(StressRun, EventsCanBeTurnedOff) {
  StressRunOptions options = Rounds(1);
  options.events = false;
  const StressResult result = RunToys(
      [](const RoundPlan&, RoundLogs logs) {
        return logs.threads.empty() ? absl::OkStatus() : absl::InvalidArgumentError("logs");
      },
      options);
  EXPECT_TRUE(result.input.ok()) << result.input;
}

// Rows that few seconds do not suffice for must not be the same ones each time.
TEST(StressRun, TheSeedOrdersTheRows) {
  std::vector<Target> targets;
  for (int i = 0; i < 8; ++i) {
    targets.push_back(
        TargetOfText(absl::StrCat("tdp frames=8 vcpu a{read ", i, "} host h{age 0}")));
  }
  std::set<std::string> first;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    StressRunOptions options = Rounds(1);
    options.seed = seed;
    const StressResult result = RunToys(FailOnAThread, options, targets);
    ASSERT_THAT(result.findings, SizeIs(1));
    first.insert(result.findings[0].scenario);
  }
  EXPECT_GT(first.size(), 2u);
}

// Goal: a short run leaves out variants, not scenarios.
// Method: each row fails at a place of its own, so that findings are in the order of rows.
TEST(StressRun, EachScenarioHasATurnBeforeAnyHasASecond) {
  std::vector<Target> targets;
  for (const char* text :
       {"any vcpu a{read 0} host h{age 0}", "any vcpu a{write 0} host h{age 0}"}) {
    for (const char* variant : {"owned", "last_put_zaps", "ad_at_zap"}) {
      targets.push_back(TargetOfText(text));
      targets.back().subject.variant = variant;
    }
    targets.push_back(TargetOfText(text));
    targets.back().subject.mmu = "stage2";
    targets.back().subject.variant = "lock_subtree";
  }
  for (uint64_t seed = 0; seed < 8; ++seed) {
    StressRunOptions options = Rounds(1);
    options.seed = seed;
    const StressResult result = RunToys(
        [](const RoundPlan&, RoundLogs logs) -> absl::Status {
          std::fprintf(stderr, "/src/x.cc:%u:1: runtime error: odd\n",
                       static_cast<unsigned>(RecordOf(logs).row + 1));
          std::fflush(stderr);
          _exit(1);
        },
        options, targets);
    EXPECT_TRUE(result.input.ok()) << result.input;
    ASSERT_THAT(result.findings, SizeIs(targets.size()));
    std::set<std::size_t> first;
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t row = result.findings[i].row;
      first.insert(row == 3 || row == 7 ? row : row / 4 * 4);
    }
    EXPECT_THAT(first, ElementsAre(0, 3, 4, 7)) << "seed " << seed;
  }
}

TEST(StressProgressText, HasWhatOneWaitsFor) {
  EXPECT_EQ(ProgressText(StressProgress{.rounds = 3000, .seconds = 2, .seconds_left = 7.2}),
            "3,000 rounds, 1,500/s, no violation, 8 s left");
}

}  // namespace
}  // namespace racewalk::stress_run_test
