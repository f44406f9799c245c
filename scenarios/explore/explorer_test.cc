// Goal: an execution is a function of its key, what is recorded is what ran,
// wrong subjects are refused with their place, and failures leave nothing
// behind. Method: small scenarios on the real machine.
#include "scenarios/explore/explorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/platform/relacy/world.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/library.h"
#include "scenarios/parser.h"

namespace racewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kFaults[] = "tdp frames=2 vcpu a{write 0} vcpu b{write 1}";
constexpr char kUnmap[] = "tdp frames=2 setup{write 0} vcpu a{write 0} host h{unmap 0}";

Scenario Parse(const std::string& text) {
  absl::StatusOr<Scenario> scenario = ParseScenario(text, "");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return scenario.ok() ? *std::move(scenario) : Scenario{};
}

Subject SubjectOf(const std::string& text, point weakened = point::none) {
  Subject subject{.scenario = Parse(text)};
  if (weakened != point::none) subject.weakened.set(static_cast<std::size_t>(weakened));
  return subject;
}

std::unique_ptr<Explorer> Make(Subject subject) {
  auto explorer = Explorer::Create(std::move(subject));
  EXPECT_TRUE(explorer.ok()) << explorer.status();
  return explorer.ok() ? *std::move(explorer) : nullptr;
}

std::unique_ptr<Strategy> MakeFor(Explorer& explorer, const std::string& spec) {
  auto strategy = MakeStrategy(spec, explorer.Pilot());
  EXPECT_TRUE(strategy.ok()) << strategy.status();
  return *std::move(strategy);
}

void ExpectSame(const Recording& a, const Recording& b) {
  EXPECT_EQ(a.fingerprint, b.fingerprint);
  EXPECT_EQ(a.interleaving, b.interleaving);
  EXPECT_EQ(a.final_state, b.final_state);
  EXPECT_EQ(a.steps, b.steps);
  EXPECT_EQ(a.decisions, b.decisions);
  EXPECT_EQ(a.violation.kind, b.violation.kind);
  EXPECT_EQ(a.violation.step, b.violation.step);
}

TEST(ExplorerTest, TheSameKeyGivesTheSameExecution) {
  for (const char* spec : {"random", "pct:3"}) {
    const auto explorer = Make(SubjectOf(kUnmap));
    const auto strategy = MakeFor(*explorer, spec);
    const auto other = MakeStrategy(strategy->spec(), {});
    ASSERT_TRUE(other.ok()) << other.status();
    for (uint64_t i = 0; i < 200; ++i) {
      const uint64_t key = ExecutionKey(7, i);
      const Recording first = explorer->Record(*strategy, key, false);
      ASSERT_EQ(first.violation.kind, ViolationKind::kNone);
      // Nor does recording events change it, or the name that a token gives the strategy.
      ExpectSame(first, explorer->Record(*strategy, key, i % 2 == 0));
      ExpectSame(first, explorer->Record(**other, key, false));
    }
  }
}

TEST(ExplorerTest, KeysDiffer) {
  const auto explorer = Make(SubjectOf(kFaults));
  const auto strategy = MakeFor(*explorer, "random");
  std::set<uint64_t> fingerprints, interleavings;
  for (uint64_t i = 0; i < 500; ++i) {
    const Recording recording = explorer->Record(*strategy, ExecutionKey(7, i), false);
    fingerprints.insert(recording.fingerprint);
    interleavings.insert(recording.interleaving);
  }
  EXPECT_GT(fingerprints.size(), 400u);
  EXPECT_GT(interleavings.size(), 30u);
}

TEST(ExplorerTest, ANewExplorerGivesTheSameExecution) {
  std::vector<Recording> recordings;
  for (int i = 0; i < 3; ++i) {
    const auto explorer = Make(SubjectOf(kUnmap));
    // Whatever ran before must not matter.
    const auto strategy = MakeFor(*explorer, "random");
    explorer->Run(*strategy, 1, 0, uint64_t{100} * static_cast<uint64_t>(i), nullptr);
    recordings.push_back(explorer->Record(*strategy, ExecutionKey(7, 3), true));
    EXPECT_FALSE(recordings.back().events.empty());
  }
  ExpectSame(recordings[0], recordings[1]);
  ExpectSame(recordings[0], recordings[2]);
}

TEST(ExplorerTest, RunIsTheExecutionsOneByOne) {
  const auto explorer = Make(SubjectOf(kFaults));
  const auto strategy = MakeFor(*explorer, "random");
  std::vector<uint64_t> together;
  const Batch batch = explorer->Run(*strategy, 5, 10, 50, &together);
  EXPECT_EQ(batch.executions, 50u);
  ASSERT_EQ(together.size(), 50u);
  uint64_t steps = 0;
  for (uint64_t i = 0; i < 50; ++i) {
    const Recording recording = explorer->Record(*strategy, ExecutionKey(5, 10 + i), false);
    EXPECT_EQ(recording.interleaving, together[i]) << i;
    steps += recording.steps;
  }
  EXPECT_EQ(batch.steps, steps);
  EXPECT_GT(batch.choices, 0u);
  EXPECT_EQ(explorer->Run(*strategy, 5, 0, 0, nullptr).executions, 0u);
}

TEST(ExplorerTest, RecordReproducesWhatRunFound) {
  for (const char* spec : {"random", "pct:3"}) {
    const auto explorer = Make(SubjectOf(kFaults, point::table_publish));
    const auto strategy = MakeFor(*explorer, spec);
    const Batch batch = explorer->Run(*strategy, 3, 0, 100'000, nullptr);
    ASSERT_TRUE(batch.violated);
    EXPECT_EQ(batch.key, ExecutionKey(3, batch.index));
    EXPECT_EQ(batch.executions, batch.index + 1) << "it stops at the first";
    for (int i = 0; i < 3; ++i) {
      const Recording recording = explorer->Record(*strategy, batch.key, true);
      EXPECT_EQ(recording.violation.kind, batch.violation.kind);
      EXPECT_EQ(recording.violation.step, batch.violation.step);
      EXPECT_EQ(recording.violation.thread, batch.violation.thread);
      EXPECT_STREQ(recording.violation.what, batch.violation.what);
    }
  }
}

TEST(ExplorerTest, DecisionsAloneReplayAnExecution) {
  const auto explorer = Make(SubjectOf(kFaults, point::table_publish));
  const auto strategy = MakeFor(*explorer, "random");
  const Batch batch = explorer->Run(*strategy, 3, 0, 100'000, nullptr);
  ASSERT_TRUE(batch.violated);
  const Recording recorded = explorer->Record(*strategy, batch.key, false);
  const auto replay = MakeReplay(recorded.decisions);
  ExpectSame(recorded, explorer->Record(*replay, 0, false));
}

// Goal: the stop is in the very step, once, on the stack of what was done there,
// and the execution goes on as if nothing had been.
TEST(ExplorerTest, StopsInTheStepThatItIsTold) {
  const auto explorer = Make(SubjectOf(kUnmap));
  const auto strategy = MakeFor(*explorer, "random");
  const Recording plain = explorer->Record(*strategy, 7, true);
  std::set<uint64_t> steps;
  for (const Event& event : plain.events) steps.insert(event.step);
  ASSERT_GT(steps.size(), 10u);
  for (const uint64_t step : steps) {
    int stops = 0;
    explorer->set_stop(step, [&] {
      ++stops;
      EXPECT_EQ(World::Get().steps(), step);
    });
    ExpectSame(explorer->Record(*strategy, 7, true), plain);
    EXPECT_EQ(stops, 1) << step;
    // Nothing is recorded while exploring, and so nothing stops it.
    explorer->Record(*strategy, 7, false);
    EXPECT_EQ(stops, 1) << step;
  }
  int stops = 0;
  explorer->set_stop(plain.steps + 1, [&] { ++stops; });
  explorer->Record(*strategy, 7, true);
  EXPECT_EQ(stops, 0);
}

TEST(ExplorerTest, AnEngineIsReplacedAfterAFailure) {
  const auto explorer = Make(SubjectOf(kFaults, point::table_publish));
  const auto strategy = MakeFor(*explorer, "random");
  uint64_t next = 0;
  for (int failure = 0; failure < 20; ++failure) {
    const Batch batch = explorer->Run(*strategy, 3, next, 100'000, nullptr);
    ASSERT_TRUE(batch.violated) << failure;
    next = batch.index + 1;
  }
  // And another subject after it, in the same process.
  const std::string names = absl::StrCat(explorer->thread_names().size());
  EXPECT_EQ(names, "3");
}

TEST(ExplorerTest, ACleanSubjectStaysCleanAfterAFailedOne) {
  {
    const auto explorer = Make(SubjectOf(kFaults, point::table_publish));
    EXPECT_TRUE(explorer->Run(*MakeFor(*explorer, "random"), 3, 0, 100'000, nullptr).violated);
  }
  const auto explorer = Make(SubjectOf(kFaults));
  EXPECT_FALSE(explorer->Run(*MakeFor(*explorer, "random"), 3, 0, 2000, nullptr).violated);
}

TEST(ExplorerTest, NamesThreadsAndOperations) {
  const auto explorer = Make(SubjectOf(
      "tdp frames=4 vcpu a{repeat 2 { write 0 }; read 1..2} host h{unmap 0; synchronize_rcu}"));
  EXPECT_THAT(explorer->thread_names(), ElementsAre("a", "h", "rcu"));
  EXPECT_EQ(explorer->OperationText(0, 0), "write 0");
  EXPECT_EQ(explorer->OperationText(0, 1), "write 0");
  EXPECT_EQ(explorer->OperationText(0, 2), "read 1..2");
  EXPECT_EQ(explorer->OperationText(1, 1), "synchronize_rcu");
  EXPECT_EQ(explorer->OperationText(0, 3), "");
  EXPECT_EQ(explorer->OperationText(2, 0), "");
  EXPECT_EQ(explorer->OperationText(-1, 0), "");
}

TEST(ExplorerTest, ChecksAreChecked) {
  const std::string race = "tdp frames=2 vcpu a{write 0} vcpu b{write 0} ";
  for (const auto& [check, fails] : std::vector<std::pair<std::string, bool>>{
           {"check{mapped 0}", false}, {"check{unmapped 1}", false}, {"check{unmapped 0}", true}}) {
    const auto explorer = Make(SubjectOf(race + check));
    const Batch batch = explorer->Run(*MakeFor(*explorer, "random"), 1, 0, 50, nullptr);
    EXPECT_EQ(batch.violated, fails) << check;
    if (fails) {
      EXPECT_EQ(batch.violation.kind, ViolationKind::kAssertion);
    }
  }
}

struct Refused {
  const char* text;
  const char* mmu;
  const char* variant;
  const char* says;
};

TEST(ExplorerTest, RefusesWhatIsNotModelledAndSaysWhere) {
  const std::vector<Refused> cases = {
      {kFaults, "stage2", "rwlock", "not for stage2"},
      {"any frames=2 logging=dirty_bit vcpu a{write 0} vcpu b{write 1}", "stage2", "rwlock",
       "dirty_bit"},
      {"any frames=2 roles=2 vcpu a{write 0} vcpu b{write 1}", "stage2", "rwlock", "roles"},
      {"any frames=2 vcpu a{write 0} vmm m{invalidate_roots}", "stage2", "rwlock",
       "line 1, column 36: `invalidate_roots`"},
      {kFaults, "x86", "owned", "x86"},
      {"any frames=2 host=huge vcpu a{write 0} vcpu b{write 1}", "tdp", "owned+v14", "base pages"},
      {"any frames=2 vcpu a{write 0} vmm m{gpc use 0}", "stage2", "rwlock+v14",
       "line 1, column 36: `gpc use 0` is younger"},
      {kFaults, "tdp", "rwlock", "rwlock"},
      {kFaults, "tdp", "nonsense", "nonsense"},
      {"stage2 frames=2 vcpu a{write 0} vcpu b{write 1}", "tdp", "owned", "not for tdp"},
      {"any frames=2 vcpu a{write 0} vcpu b{write 1}", "stage2", "owned", "owned"},
      {"tdp geometry=4x1 frames=2 vcpu a{write 0} vcpu b{write 1}", "tdp", "owned", "4x1"},
      {"tdp access=tracked frames=2 vcpu a{write 0} vcpu b{write 1}", "tdp", "owned+ad_at_zap",
       "ad_at_zap"},
      {"tdp frames=2 vcpu a{write 0} vmm m{donate 0}", "tdp", "owned",
       "line 1, column 36: `donate 0`"},
      {"mmu: tdp\nframes: 2\nvcpu a: write 0\nvmm m: reclaim 0\n", "tdp", "owned",
       "line 4, column 8: `reclaim 0`"},
  };
  for (const Refused& refused : cases) {
    SCOPED_TRACE(absl::StrCat(refused.text, " on ", refused.mmu, " ", refused.variant));
    Subject subject = SubjectOf(refused.text);
    subject.mmu = refused.mmu;
    subject.variant = refused.variant;
    const auto explorer = Explorer::Create(std::move(subject));
    ASSERT_EQ(explorer.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(explorer.status().message()), HasSubstr(refused.says));
  }
}

// Resident memory of this process in pages.
long ResidentPages() {
  std::ifstream statm("/proc/self/statm");
  long total = 0, resident = 0;
  statm >> total >> resident;
  return resident;
}

// The tables of a VM that no guest enters any more are zapped without a flush.
TEST(ExplorerTest, TranslationsOfGuestsThatHaveEndedAreNoDebt) {
  for (const char* text : {"tdp frames=2 vcpu a{read 0} vcpu b{read 0} after{unregister}",
                           "tdp frames=2 vcpu a{read 0} vcpu b{read 0} after{exit_mm}",
                           "tdp frames=2 setup{read 0} vcpu a{synchronize_rcu} host h{exit_mm}"}) {
    const auto explorer = Make(SubjectOf(text));
    const auto strategy = MakeFor(*explorer, "random");
    const Batch batch = explorer->Run(*strategy, 1, 0, 200, nullptr);
    EXPECT_FALSE(batch.violated) << text << ": " << batch.violation.what;
  }
}

TEST(ExplorerTest, MemoryDoesNotGrow) {
  const auto explorer = Make(SubjectOf(kUnmap));
  const auto strategy = MakeFor(*explorer, "random");
  const auto run = [&](uint64_t first, uint64_t count) {
    EXPECT_FALSE(explorer->Run(*strategy, 1, first, count, nullptr).violated);
  };
  run(0, 20'000);
  const long before = ResidentPages();
  run(20'000, 200'000);
  const long grown_bytes = (ResidentPages() - before) * sysconf(_SC_PAGESIZE);
  // A leak of one word an execution would be 1.6 MB.
  EXPECT_LT(grown_bytes, 1'000'000);
}

}  // namespace
}  // namespace racewalk
