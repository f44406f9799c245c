// Goal: every kind of mutation happens, changes something, and leaves what can
// be run. Method: chains of mutations from generated scenarios and the library.
#include "fuzz/mutate.h"

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "fuzz/fit.h"
#include "fuzz/generate.h"
#include "fuzz/soundness.h"
#include "fuzz/tree.h"
#include "gtest/gtest.h"
#include "scenarios/library.h"
#include "scenarios/rng.h"
#include "scenarios/variants.h"

namespace racewalk {
namespace {

std::string NameOf(Mutation kind) { return std::string(SpellingOf(kMutations, kind)); }

TEST(Mutate, IsSoundAndWithinLimitsHoweverOften) {
  const Limits limits{.threads = 3, .operations = 10, .frames = 4};
  std::map<Mutation, int> done;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Rng rng(seed);
    Subject subject = Generate(limits, rng);
    for (int i = 0; i < 30; ++i) {
      const std::string before = TextOf(subject);
      const Mutation kind = Mutate(subject, limits, rng);
      ++done[kind];
      ASSERT_EQ(Unsoundness(subject), "") << NameOf(kind) << " of " << before;
      ASSERT_NE(TextOf(subject), before) << NameOf(kind);
      ASSERT_TRUE(Within(subject.scenario, limits)) << NameOf(kind) << " of " << before;
    }
  }
  for (const auto& [kind, name] : kMutations) EXPECT_GT(done[kind], 50) << name;
}

TEST(Mutate, IsTheSameForTheSameSeed) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    std::array<std::string, 2> texts;
    for (std::string& text : texts) {
      Rng rng(seed);
      Subject subject = Generate({}, rng);
      for (int i = 0; i < 10; ++i) Mutate(subject, {}, rng);
      text = TextOf(subject);
    }
    ASSERT_EQ(texts[0], texts[1]);
  }
}

TEST(Mutate, LeavesTheWeakenedPoints) {
  Rng rng(1);
  Subject subject = Generate({}, rng);
  subject.weakened.set(3);
  for (int i = 0; i < 100; ++i) Mutate(subject, {}, rng);
  EXPECT_EQ(subject.weakened, PointSet{}.set(3));
}

// What is larger than the limits may stay, and no more.
TEST(Mutate, KeepsTheLibrarySound) {
  const Limits limits{.threads = 2, .operations = 2, .frames = 1};
  for (const Scenario& scenario : Library()) {
    const MmuChoice mmu = scenario.mmu == MmuChoice::kStage2 ? MmuChoice::kStage2 : MmuChoice::kTdp;
    Subject subject{.scenario = scenario,
                    .mmu = std::string(SpellingOf(kMmuSpellings, mmu)),
                    .variant = VariantsToRun(scenario, mmu).front()};
    if (!CheckSubject(subject).ok()) continue;
    Rng rng(1);
    const Limits largest{.threads = static_cast<uint32_t>(scenario.threads.size()),
                         .operations = static_cast<uint32_t>(RunsOf(scenario)),
                         .frames = scenario.frames};
    for (int i = 0; i < 30; ++i) {
      Mutate(subject, limits, rng);
      ASSERT_EQ(Unsoundness(subject), "") << scenario.name;
      ASSERT_TRUE(Within(subject.scenario, largest)) << scenario.name << TextOf(subject);
    }
  }
}

class MutateBy1 : public testing::TestWithParam<Spelling<Mutation>> {};

TEST_P(MutateBy1, HappensAndChangesSomething) {
  const Limits limits{.threads = 4, .operations = 24, .frames = 8};
  int done = 0;
  for (uint64_t seed = 0; seed < 500; ++seed) {
    Rng rng(seed);
    Subject subject = Generate(limits, rng);
    const std::string before = TextOf(subject);
    if (!MutateBy(GetParam().value, subject, limits, rng)) {
      ASSERT_EQ(TextOf(subject), before);
      continue;
    }
    ++done;
    ASSERT_NE(TextOf(subject), before);
    ASSERT_EQ(Unsoundness(subject), "") << before;
  }
  // Some have no third thread, or no number.
  EXPECT_GT(done, 200);
}

INSTANTIATE_TEST_SUITE_P(All, MutateBy1, testing::ValuesIn(kMutations),
                         [](const auto& kind) { return std::string(kind.param.text); });

// What each kind changes, and what it leaves.
constexpr char kOfEverything[] =
    "tdp frames=4 roles=2 setup{write 0} vcpu a{read 0; fault 1 w} vcpu b{write 0; load_root 1} "
    "vmm m{collapse 0..3; zap_all} after{zap_all}";

std::vector<Verb> VerbsOf(const Scenario& scenario) {
  std::vector<Verb> verbs;
  for (const Operation* operation : OperationsOf(scenario)) verbs.push_back(operation->verb);
  return verbs;
}

Scenario HeadersOf(Scenario scenario) {
  scenario.mmu = MmuChoice::kAny;
  scenario.setup.clear();
  scenario.threads.clear();
  scenario.after.clear();
  return scenario;
}

TEST(MutateByKind, ChangesWhatItsNameSays) {
  std::map<Mutation, int> words, threads, headers, mmus;
  constexpr int kTimes = 200;
  for (const auto& [kind, name] : kMutations) {
    for (uint64_t seed = 0; seed < kTimes; ++seed) {
      Rng rng(seed);
      const Subject before = SubjectOf(kOfEverything);
      Subject after = before;
      ASSERT_TRUE(MutateBy(kind, after, {}, rng)) << name;
      const std::vector<Verb> had = VerbsOf(before.scenario);
      const std::vector<Verb> has = VerbsOf(after.scenario);
      words[kind] += std::multiset<Verb>(had.begin(), had.end()) !=
                     std::multiset<Verb>(has.begin(), has.end());
      threads[kind] += before.scenario.threads.size() != after.scenario.threads.size();
      headers[kind] += !(HeadersOf(before.scenario) == HeadersOf(after.scenario));
      mmus[kind] += before.mmu != after.mmu;
    }
    using M = Mutation;
    const bool adds = kind == M::kInsert || kind == M::kDelete || kind == M::kDuplicate ||
                      kind == M::kWord || kind == M::kRepeat || kind == M::kAddThread;
    if (adds) {
      EXPECT_EQ(words[kind], kTimes) << name;
    }
    const bool keeps =
        kind == M::kMove || kind == M::kSwap || kind == M::kFrames || kind == M::kNumber;
    if (keeps) {
      EXPECT_EQ(words[kind], 0) << name;
    }
    const bool threads_change = kind == M::kAddThread || kind == M::kRemoveThread;
    EXPECT_EQ(threads[kind], threads_change ? kTimes : 0) << name;
    const bool headers_change = kind == M::kSetting || kind == M::kVariant || kind == M::kMmu;
    EXPECT_EQ(headers[kind], headers_change ? kTimes : 0) << name;
    EXPECT_EQ(mmus[kind], kind == M::kMmu ? kTimes : 0) << name;
  }
}

// A mutation that moves operations makes none and loses none.
TEST(MutateByKind, MovesBetweenThreads) {
  bool between = false;
  for (uint64_t seed = 0; seed < 200 && !between; ++seed) {
    Rng rng(seed);
    Subject subject = SubjectOf("tdp frames=2 vcpu a{read 0; write 1} vcpu b{exec 0}");
    ASSERT_TRUE(MutateBy(Mutation::kMove, subject, {}, rng));
    between = subject.scenario.threads[1].operations.size() == 2;
  }
  EXPECT_TRUE(between);
}

}  // namespace
}  // namespace racewalk
