// Goal: what a sanitizer sees in a round becomes a violation with both places.
// Method: toys with a planted race and a planted use after free; each test is
// of the builds that can see it.
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ci/stress_finding.h"
#include "ci/stress_run.h"
#include "ci/target.h"
#include "core/platform/native/fail.h"
#include "core/violation.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sanitizers/race_reports.h"
#include "sanitizers/round.h"
#include "sanitizers/runtime_options.h"
#include "scenarios/library.h"

namespace racewalk {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::SizeIs;

StressResult RunToys(const RoundRunner& runner, uint64_t rounds) {
  Target target;
  target.subject = {.scenario = *FindScenario("fault_vs_unmap"), .mmu = "tdp", .variant = "owned"};
  StressRunOptions options;
  options.seed = 7;
  options.rounds = rounds;
  absl::StatusOr<StressResult> result = RunRounds({target}, options, runner, {});
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : StressResult{};
}

int g_raced = 0;
std::atomic<bool> g_turn{false};

// Not inline: tests have the lines of debug information only.
[[gnu::noinline]] void WriteRaced() {
  g_raced = 1;
  g_turn.store(true, std::memory_order_relaxed);
}

[[gnu::noinline]] int ReadRaced() {
  while (!g_turn.load(std::memory_order_relaxed)) std::this_thread::yield();
  return g_raced;
}

absl::Status Race(const RoundPlan& /*plan*/, RoundLogs /*logs*/) {
  g_turn = false;
  int read = 0;
  std::thread writer(WriteRaced);
  std::thread reader([&read] { read = ReadRaced(); });
  writer.join();
  reader.join();
  return read == 1 ? absl::OkStatus() : absl::InvalidArgumentError("did not read");
}

TEST(StressSanitizers, ARaceIsAViolationAndTheRoundGoesOn) {
  if (!SeesRaces()) GTEST_SKIP() << "only ThreadSanitizer sees races";
  const StressResult result = RunToys(Race, 5);
  EXPECT_TRUE(result.input.ok()) << result.input;
  EXPECT_EQ(result.rows[0].rounds, 5u);
  ASSERT_THAT(result.findings, SizeIs(1));
  const StressFinding& finding = result.findings[0];
  EXPECT_EQ(finding.kind, ViolationKind::kDataRace);
  EXPECT_EQ(finding.round, 0u);
  EXPECT_THAT(finding.place, HasSubstr("stress_sanitizers_test.cc:"));
  EXPECT_THAT(finding.other_place, HasSubstr("stress_sanitizers_test.cc:"));
  EXPECT_NE(finding.place, finding.other_place);
  EXPECT_THAT(finding.sentence, HasSubstr("nothing orders the read of "));
  EXPECT_THAT(finding.sentence, HasSubstr("and the write of "));
  EXPECT_THAT(finding.details, Contains(HasSubstr("ReadRaced")));
  EXPECT_THAT(finding.details, Contains(HasSubstr("WriteRaced")));
}

// The race comes with the round even if an oracle ends that round.
TEST(StressSanitizers, ARaceAndAViolationOfOneRoundAreBothTold) {
  if (!SeesRaces()) GTEST_SKIP() << "only ThreadSanitizer sees races";
  const StressResult result = RunToys(
      [](const RoundPlan& plan, RoundLogs logs) -> absl::Status {
        (void)Race(plan, logs);
        NativeFail({.kind = ViolationKind::kLeak, .what = "left over"});
      },
      1);
  ASSERT_THAT(result.findings, SizeIs(2));
  EXPECT_EQ(result.findings[0].kind, ViolationKind::kDataRace);
  EXPECT_EQ(result.findings[1].kind, ViolationKind::kLeak);
}

TEST(StressSanitizers, AUseAfterFreeIsAViolation) {
  if (Instrumentation() == absl::string_view("none")) GTEST_SKIP() << "nobody sees it";
  const StressResult result = RunToys(
      [](const RoundPlan&, RoundLogs) {
        std::vector<int> words(3, 1);
        const int* volatile const hidden = words.data();  // compilers see it, too
        words = std::vector<int>(64, 2);
        const volatile int* const first = hidden;
        return *first == 77 ? absl::InternalError("") : absl::OkStatus();
      },
      2);
  ASSERT_THAT(result.findings, SizeIs(1));
  EXPECT_EQ(result.findings[0].kind, ViolationKind::kUseAfterFree);
  EXPECT_THAT(result.findings[0].sentence, HasSubstr("use-after-free"));
}

int* g_kept = nullptr;

TEST(StressSanitizers, ALeakIsAViolation) {
  if (Instrumentation() != absl::string_view("address,undefined")) {
    GTEST_SKIP() << "only AddressSanitizer sees it";
  }
  const StressResult result = RunToys(
      [](const RoundPlan&, RoundLogs) {
        for (int i = 0; i < 16; ++i) g_kept = new int(i);  // but the last one
        return absl::OkStatus();
      },
      1);
  ASSERT_THAT(result.findings, SizeIs(1));
  EXPECT_EQ(result.findings[0].kind, ViolationKind::kLeak);
  EXPECT_THAT(result.findings[0].place, HasSubstr("stress_sanitizers_test.cc:"));
}

TEST(StressSanitizers, UndefinedBehaviourIsAViolation) {
  if (Instrumentation() != absl::string_view("address,undefined")) {
    GTEST_SKIP() << "only UndefinedBehaviorSanitizer sees it";
  }
  const StressResult result = RunToys(
      [](const RoundPlan& plan, RoundLogs) {
        const int shift = 32 + static_cast<int>(plan.seed % 2);
        return (1 << shift) == 3 ? absl::InternalError("") : absl::OkStatus();
      },
      2);
  ASSERT_THAT(result.findings, SizeIs(1));
  EXPECT_THAT(result.findings[0].sentence, HasSubstr("runtime error: shift exponent"));
  EXPECT_THAT(result.findings[0].place, HasSubstr("stress_sanitizers_test.cc:"));
  EXPECT_EQ(result.findings[0].count, 2u);
}

}  // namespace
}  // namespace racewalk
