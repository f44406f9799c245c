// Goal: rounds of correct MMUs are clean, a step that is left out is caught by
// the oracle that is there for it, and ThreadSanitizer still sees a missing
// order with all oracles on.
// Method: library scenarios by planned rounds; setups of one thread, in which a
// weakened MMU goes wrong for certain; a race in a process of its own.
#include "sanitizers/round.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "core/platform/native/fail.h"
#include "core/platform/native/tsan.h"
#include "sanitizers/plan_round.h"
#include "sanitizers/race_reports.h"
#include "sanitizers/round_record.h"
#include "scenarios/library.h"
#include "scenarios/parser.h"
#include "scenarios/subject.h"
#include "scenarios/variants.h"

namespace racewalk {
namespace {

class Logs {
 public:
  RoundLogs logs() { return {.threads = {logs_.get(), kLogs}}; }
  EventLog& of(std::size_t thread) { return logs_[thread]; }

 private:
  static constexpr std::size_t kLogs = kMaxScenarioThreads + 2;
  std::unique_ptr<EventLog[]> logs_ = std::make_unique<EventLog[]>(kLogs);
};

RoundPlan PlanOf(const std::string& text, const std::string& mmu) {
  const absl::StatusOr<Scenario> scenario = ParseScenario(text, "test");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return {.scenario = *scenario, .mmu = mmu, .variant = mmu == "tdp" ? "owned" : "lock_subtree"};
}

// --- Correct MMUs. ---

class LibraryRoundTest : public testing::TestWithParam<const char*> {};

TEST_P(LibraryRoundTest, IsClean) {
  const Scenario* const scenario = FindScenario(GetParam());
  ASSERT_NE(scenario, nullptr);
  for (const std::string& mmu : ModelledMmus()) {
    const MmuChoice choice = mmu == "tdp" ? MmuChoice::kTdp : MmuChoice::kStage2;
    if (scenario->mmu != MmuChoice::kAny && scenario->mmu != choice) continue;
    for (const std::string& variant : VariantsToRun(*scenario, choice)) {
      for (uint64_t number = 0; number < 2; ++number) {
        const absl::StatusOr<RoundPlan> plan =
            PlanRound(*scenario, mmu, variant, /*seed=*/1, number, {});
        ASSERT_TRUE(plan.ok()) << plan.status();
        SCOPED_TRACE(mmu + " " + variant + " " + RoundText(*plan));
        Logs logs;
        EXPECT_TRUE(RunRound(*plan, logs.logs()).ok());
        EXPECT_GT(logs.of(0).written(), 0u);
      }
    }
  }
}

// One for each kind of word, and those with the most in them.
INSTANTIATE_TEST_SUITE_P(All, LibraryRoundTest,
                         testing::Values("age_vs_unmap", "collapse_vs_log_off", "destroy_vs_unmap",
                                         "donate_vs_faults", "exec_vs_fault",
                                         "exit_mm_vs_unregister", "fault_vs_swap",
                                         "gpc_two_refreshes", "migration_of_blocks_vs_swap",
                                         "slot_move_vs_fault", "v14_fault_vs_swap",
                                         "zap_all_vs_zap_all"),
                         [](const auto& info) { return std::string(info.param); });

// Somebody copies a page while the host, which has let go of it, is held up.
TEST(RoundTest, ACopyOfAPageThatIsTakenAwayIsNotOutOfDate) {
  const Scenario* const scenario = FindScenario("migration_vs_swap");
  ASSERT_NE(scenario, nullptr);
  for (uint64_t number = 0; number < 300; ++number) {
    absl::StatusOr<RoundPlan> plan = PlanRound(*scenario, "tdp", "owned", /*seed=*/4, number, {});
    ASSERT_TRUE(plan.ok()) << plan.status();
    plan->noise = {.kind = NoiseKind::kYield, .per_mille = 1000};
    EXPECT_TRUE(RunRound(*plan, {}).ok());
  }
}

TEST(RoundTest, RunsEachThreadsListAsOftenAsItHasTurns) {
  for (const std::string& mmu : ModelledMmus()) {
    RoundPlan plan = PlanOf("frames=2 vcpu a{write 0} vcpu b{write 1} vmm m{collapse 0..1}", mmu);
    plan.turns = 3;
    plan.in_order = false;
    Logs logs;
    ASSERT_TRUE(RunRound(plan, logs.logs()).ok());
    for (std::size_t thread = 0; thread < 3; ++thread) {
      uint64_t ends = 0;
      for (const StressEvent& event : logs.of(thread).Last(EventLog::kEvents)) {
        ends += event.kind == EventKind::kEnd ? 1 : 0;
      }
      EXPECT_EQ(ends, 3u) << mmu << " thread " << thread;
    }
    // And the thread that sets up says what it does, too.
    EXPECT_GT(logs.of(kMaxScenarioThreads).written(), 0u);
  }
}

TEST(RoundTest, WithoutLogsNothingIsLogged) {
  EXPECT_TRUE(RunRound(PlanOf("frames=2 vcpu a{write 0} vcpu b{write 1}", "tdp"), {}).ok());
}

TEST(RoundTest, RefusesWhatDoesNotFit) {
  const RoundPlan plan = PlanOf("frames=2 vcpu a{write 0} vcpu b{write 1} vmm m{donate 0}", "tdp");
  EXPECT_EQ(RunRound(plan, {}).code(), absl::StatusCode::kInvalidArgument);
}

TEST(RoundDeathTest, AChangeOfWhatIsCheckedIsSeen) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  RoundPlan plan = PlanOf("frames=2 vcpu a{write 0} vcpu b{write 0} check{mapped 1}", "tdp");
  plan.pages_per_frame = 256;
  EXPECT_DEATH(RunRound(plan, {}).IgnoreError(), "assertion: guest frame [0-9]+ is not mapped");
  plan.in_order = false;
  EXPECT_TRUE(RunRound(plan, {}).ok());
}

// --- Steps left out. ---

// What a process does that runs a round in which something is found.
[[noreturn]] void Exit(const Violation& violation, std::source_location /*where*/,
                       const char* thread) {
  std::fprintf(stderr, "found %s %s by %s\n", Name(violation.kind), violation.invariant, thread);
  _exit(3);
}

struct Omission {
  const char* name;
  const char* mmu;
  point at;
  const char* setup;
  const char* found;
  friend std::ostream& operator<<(std::ostream& out, const Omission& omission) {
    return out << Info(omission.at).name;
  }
};

class OmissionDeathTest : public testing::TestWithParam<Omission> {};

TEST_P(OmissionDeathTest, IsCaughtByItsOracle) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const Omission& omission = GetParam();
  RoundPlan plan =
      PlanOf(std::string("frames=4 setup{") + omission.setup + "} vcpu a{read 0} vcpu b{read 1}",
             omission.mmu);
  ASSERT_TRUE(RunRound(plan, {}).ok());  // with nothing left out
  plan.weakened = {omission.at};
  EXPECT_EXIT(
      {
        SetNativeFailHandler(Exit);
        RunRound(plan, {}).IgnoreError();
      },
      testing::ExitedWithCode(3), std::string("found ") + omission.found + " by main");
}

INSTANTIATE_TEST_SUITE_P(
    All, OmissionDeathTest,
    testing::Values(Omission{"UnmapTdp", "tdp", point::unmap_flushes, "write 0; unmap 0; read 0",
                             "stale-translation T1"},
                    Omission{"UnmapStage2", "stage2", point::unmap_flushes,
                             "write 0..1; unmap 0; read 0", "stale-translation T1"},
                    Omission{"RequestTdp", "tdp", point::request_flushes,
                             "write 0; unmap 0; read 0", "stale-translation T1"},
                    Omission{"SlotTdp", "tdp", point::slot_zapped, "write 0; slot delete 0; read 0",
                             "stale-translation R7"},
                    Omission{"SlotStage2", "stage2", point::slot_zapped,
                             "write 0; slot delete 0; read 0", "stale-translation R7"},
                    Omission{"RootTdp", "tdp", point::invalidate_requests_reload,
                             "write 0; invalidate_roots; read 0", "stale-translation R7"},
                    Omission{"ProtectTdp", "tdp", point::map_respects_tracking,
                             "wrprotect 0; write 0", "permission S6"},
                    Omission{"HarvestTdp", "tdp", point::harvest_flushes,
                             "dirty_log on; write 0; harvest; write 0", "lost-dirty D1"},
                    Omission{"HarvestStage2", "stage2", point::harvest_flushes,
                             "dirty_log on; write 0; harvest; write 0", "lost-dirty D1"},
                    Omission{"MarkStage2", "stage2", point::map_marks_dirty,
                             "dirty_log on; write 0", "lost-dirty D1"},
                    Omission{"OwnerStage2", "stage2", point::map_respects_owner, "donate 0; read 0",
                             "permission A6"},
                    Omission{"PageCacheTdp", "tdp", point::gpc_invalidated,
                             "gpc activate 0; unmap 0; gpc use 0", "use-after-free L1"},
                    Omission{"CleanStage2", "stage2", point::clean_before_make, "exec 0",
                             "stale-translation A7"}),
    [](const auto& info) { return std::string(info.param.name); });

// --- Orders left out. ---

#if defined(RACEWALK_TSAN)
struct MissingOrder {
  const char* scenario;  // of the library, or text
  const char* mmu;
  const char* variant;
  point at;
};

class MissingOrderDeathTest : public testing::TestWithParam<MissingOrder> {};

// Runs rounds until ThreadSanitizer has reported something.
[[noreturn]] void RunUntilReported(const Scenario& scenario, const MissingOrder& missing) {
  constexpr uint64_t kMostRounds = 20000;
  static RoundRecord record;
  RecordRacesIn(&record);
  StressLimits limits;
  limits.weakened.set(static_cast<std::size_t>(missing.at));
  Logs logs;
  for (uint64_t number = 0; number < kMostRounds && record.races == 0; ++number) {
    const absl::StatusOr<RoundPlan> plan =
        PlanRound(scenario, missing.mmu, missing.variant, /*seed=*/1, number, limits);
    if (!plan.ok() || !RunRound(*plan, logs.logs()).ok()) std::_Exit(1);
  }
  std::_Exit(record.races == 0 ? 0 : 3);
}

TEST_P(MissingOrderDeathTest, IsReportedWithAllOraclesOn) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const MissingOrder& missing = GetParam();
  const Scenario* const known = FindScenario(missing.scenario);
  const Scenario scenario =
      known != nullptr ? *known : PlanOf(missing.scenario, missing.mmu).scenario;
  EXPECT_EXIT(RunUntilReported(scenario, missing), testing::ExitedWithCode(3),
              "ThreadSanitizer: data race");
}

constexpr char kTablesComeAndGo[] =
    "frames=4 vcpu a{write 0..3} vcpu b{write 0..3} vmm m{repeat 8 {collapse 0..3}}";
// Whoever ages first when all are gone but the oldest root has not seen it made.
constexpr char kRootsComeAndGo[] =
    "tdp frames=2 roles=2 vcpu a{load_root 0; load_root 1; load_root 0} vmm m{zap_all} "
    "host h{age 0} host i{age 1}";

INSTANTIATE_TEST_SUITE_P(
    All, MissingOrderDeathTest,
    testing::Values(
        MissingOrder{kTablesComeAndGo, "tdp", "owned", point::table_publish},
        MissingOrder{kTablesComeAndGo, "tdp", "owned", point::walk_follow},
        MissingOrder{kTablesComeAndGo, "stage2", "defer_to_callback", point::make_publish},
        MissingOrder{kTablesComeAndGo, "stage2", "defer_to_callback", point::stage2_follow},
        MissingOrder{"collapse_inside_collapse", "tdp", "owned+ad_at_zap", point::leaf_publish},
        MissingOrder{"collapse_inside_collapse", "tdp", "owned", point::freeze_acquire},
        MissingOrder{"collapse_inside_collapse", "stage2", "lock_subtree", point::lock_acquire},
        MissingOrder{"exit_mm_vs_destroy", "tdp", "owned", point::release_is_idempotent},
        MissingOrder{kRootsComeAndGo, "tdp", "owned", point::root_unlink_publish}),
    [](const auto& info) { return std::string(Info(info.param.at).name); });
#endif

}  // namespace
}  // namespace racewalk
