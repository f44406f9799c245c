// Goal: what is counted as every execution is every execution. Method: small
// scenarios drawn at random from a fixed seed; whatever any strategy reaches,
// final states and orders of conflicting operations, `full` has reached.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "scenarios/explore/exhaustive_strategy.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/parser.h"
#include "scenarios/rng.h"

namespace racewalk {
namespace {

constexpr int kPrograms = 52;
constexpr int kMostDrawn = 2000;
// A program that needs more of them is not taken: the next one is smaller.
constexpr uint64_t kMostExecutions = 12'000;
constexpr uint64_t kSamples = 300;

struct Reached {
  std::set<uint64_t> states{};
  std::set<uint64_t> interleavings{};
};

std::unique_ptr<Explorer> Make(const std::string& text, const std::string& variant) {
  absl::StatusOr<Scenario> scenario = ParseScenario(text, "");
  if (!scenario.ok()) return nullptr;
  Subject subject{.scenario = *std::move(scenario), .variant = variant};
  absl::StatusOr<std::unique_ptr<Explorer>> explorer = Explorer::Create(std::move(subject));
  return explorer.ok() ? *std::move(explorer) : nullptr;
}

void Add(Explorer& explorer, Strategy& strategy, uint64_t key, Reached& reached) {
  const Recording recording = explorer.Record(strategy, key, false);
  EXPECT_EQ(recording.violation.kind, ViolationKind::kNone) << recording.violation.what;
  EXPECT_FALSE(recording.divergence.has_value()) << recording.divergence->message;
  reached.states.insert(recording.final_state);
  reached.interleavings.insert(recording.interleaving);
}

// Nothing if it would take too long.
std::optional<Reached> All(Explorer& explorer, ExhaustiveStrategy& strategy, uint64_t most) {
  Reached reached;
  for (uint64_t i = 1; !strategy.exhausted(); ++i) {
    Add(explorer, strategy, 0, reached);
    if (i > most || (i == 300 && strategy.done() * 20 * static_cast<double>(most) < 300)) {
      return std::nullopt;
    }
  }
  return reached;
}

void ExpectWithin(Explorer& explorer, const Reached& full, const std::string& program,
                  uint64_t most) {
  const Profile profile = explorer.Pilot();
  for (const char* spec : {"random", "pct:3", "pos", "surw"}) {
    auto strategy = MakeStrategy(spec, profile);
    ASSERT_TRUE(strategy.ok());
    Reached reached;
    for (uint64_t i = 0; i < kSamples; ++i) {
      Add(explorer, **strategy, ExecutionKey(1, i), reached);
    }
    EXPECT_TRUE(std::includes(full.states.begin(), full.states.end(), reached.states.begin(),
                              reached.states.end()))
        << spec << ": " << program;
    EXPECT_TRUE(std::includes(full.interleavings.begin(), full.interleavings.end(),
                              reached.interleavings.begin(), reached.interleavings.end()))
        << spec << ": " << program;
  }
  ExhaustiveStrategy bounded(1);
  const std::optional<Reached> few = All(explorer, bounded, most);
  ASSERT_TRUE(few.has_value()) << program;
  EXPECT_TRUE(std::includes(full.interleavings.begin(), full.interleavings.end(),
                            few->interleavings.begin(), few->interleavings.end()))
      << program;
}

// Two threads of at most `operations` operations each.
std::string Draw(Rng& rng, uint32_t operations) {
  using Words = std::vector<const char*>;
  static const Words setups = {"",          "load_root", "load_root 1", "write 0",
                               "read 0..1", "write 1",   "read 0"};
  static const Words vcpu = {"load_root", "load_root 1", "put_root", "close",     "read 0",
                             "write 0",   "read 1",      "write 1",  "load_root", "prefetch 0"};
  static const Words vmm = {"zap_all",      "invalidate_roots", "collapse 0",  "split 0",
                            "dirty_log on", "harvest",          "wrprotect 0", "slot delete 0"};
  static const Words host = {"unmap 0", "swap 1", "migrate 0", "age 0..1", "make_huge 0"};
  static const Words headers = {"", "", "host=huge ", "logging=dirty_bit ", "access=tracked "};
  const auto one = [&rng](const Words& words) {
    return words[rng.Below(static_cast<uint32_t>(words.size()))];
  };
  std::string text =
      absl::StrCat("tdp frames=2 roles=2 ", one(headers), "setup{", one(setups), "}");
  for (const char* name : {"a", "b"}) {
    const uint32_t role = rng.Below(6);
    absl::StrAppend(&text, role < 3 ? " vcpu " : role < 5 ? " vmm " : " host ", name, "{");
    for (uint32_t i = 1 + rng.Below(operations); i > 0; --i) {
      absl::StrAppend(&text, one(role < 3 ? vcpu : role < 5 ? vmm : host), i > 1 ? "; " : "");
    }
    text += "}";
  }
  return text;
}

TEST(SmallProgramsTest, NoStrategyReachesWhatFullDoesNot) {
  Rng rng(20);
  int compared = 0;
  std::set<std::string> seen;
  uint32_t operations = 2;
  for (int drawn = 0; compared < kPrograms && drawn < kMostDrawn; ++drawn) {
    const std::string text = Draw(rng, operations);
    const std::string variant = rng.Below(2) == 0 ? "owned" : "last_put_zaps";
    const std::string program = absl::StrCat(text, " ", variant);
    if (!seen.insert(program).second) continue;
    std::unique_ptr<Explorer> explorer = Make(text, variant);
    if (explorer == nullptr) continue;
    ExhaustiveStrategy strategy;
    const std::optional<Reached> full = All(*explorer, strategy, kMostExecutions);
    operations = full ? 2 : 1;
    // Where the two threads do not meet there is nothing to compare.
    if (!full || full->interleavings.size() < 2) continue;
    ++compared;
    ExpectWithin(*explorer, *full, program, kMostExecutions);
    if (HasFailure()) return;
  }
  EXPECT_GE(compared, 50);
}

// Goal: a batch ends with the last schedule, and says that none was cut.
TEST(SmallProgramsTest, ABatchEndsWhereNothingIsLeft) {
  std::unique_ptr<Explorer> explorer =
      Make("tdp frames=2 setup{load_root} vcpu a{put_root} vcpu b{load_root}", "owned");
  ASSERT_NE(explorer, nullptr);
  ExhaustiveStrategy strategy;
  std::vector<uint64_t> interleavings;
  const Batch batch = explorer->Run(strategy, 1, 0, 1'000'000, &interleavings);
  EXPECT_FALSE(batch.violated);
  EXPECT_TRUE(strategy.exhausted());
  EXPECT_EQ(batch.cut, 0u);
  EXPECT_LT(batch.executions, 100'000u);
  EXPECT_EQ(interleavings.size(), batch.executions);
  EXPECT_EQ(explorer->Run(strategy, 1, 0, 10, nullptr).executions, 0u);  // nothing is left

  ExhaustiveStrategy again;
  const std::optional<Reached> full = All(*explorer, again, 1'000'000);
  ASSERT_TRUE(full.has_value());
  EXPECT_EQ(full->interleavings, std::set<uint64_t>(interleavings.begin(), interleavings.end()));
}

// A larger one, whose final state depends on who comes first.
TEST(SmallProgramsTest, EveryFinalStateIsReached) {
  const char* text = "tdp frames=2 setup{write 1} vcpu a{write 1} vmm b{invalidate_roots}";
  std::unique_ptr<Explorer> explorer = Make(text, "owned");
  ASSERT_NE(explorer, nullptr);
  ExhaustiveStrategy strategy;
  const std::optional<Reached> full = All(*explorer, strategy, 500'000);
  ASSERT_TRUE(full.has_value());
  EXPECT_GE(full->states.size(), 2u);
  ExpectWithin(*explorer, *full, text, 500'000);
}

TEST(SmallProgramsTest, APathRepeatsAnExecutionOfTheMachine) {
  std::unique_ptr<Explorer> explorer =
      Make("tdp frames=2 setup{write 0} vcpu a{read 0} vmm m{zap_all}", "owned");
  ASSERT_NE(explorer, nullptr);
  ExhaustiveStrategy strategy(1);
  for (int i = 0; i < 2000 && !strategy.exhausted(); ++i) {
    const Recording first = explorer->Record(strategy, 0, false);
    auto path = MakeStrategy(strategy.last(), {});
    ASSERT_TRUE(path.ok()) << path.status();
    const Recording second = explorer->Record(**path, 0, false);
    EXPECT_FALSE(second.divergence.has_value()) << second.divergence->message;
    EXPECT_EQ(first.decisions, second.decisions);
    EXPECT_EQ(first.fingerprint, second.fingerprint);
  }
}

TEST(SmallProgramsTest, ThePilotCountsOperations) {
  std::unique_ptr<Explorer> explorer =
      Make("tdp frames=2 setup{load_root} vcpu a{put_root} vcpu b{load_root}", "owned");
  ASSERT_NE(explorer, nullptr);
  const Profile profile = explorer->Pilot();
  EXPECT_EQ(profile.threads, 3);
  EXPECT_GT(profile.operations[0], 0u);
  EXPECT_GT(profile.operations[1], profile.operations[0]);
  EXPECT_EQ(explorer->Pilot().operations, profile.operations);
  EXPECT_EQ(explorer->Pilot().words, profile.words);
}

}  // namespace
}  // namespace racewalk
