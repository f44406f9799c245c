// Goal: a child has operations of both parents and can be run.
#include "fuzz/splice.h"

#include <cstdint>
#include <string>

#include "fuzz/fit.h"
#include "fuzz/generate.h"
#include "fuzz/soundness.h"
#include "fuzz/tree.h"
#include "gtest/gtest.h"
#include "scenarios/rng.h"

namespace racewalk {
namespace {

bool Races(const Subject& subject, Verb verb) {
  for (const ScenarioThread& thread : subject.scenario.threads) {
    for (const Operation& operation : thread.operations) {
      if (operation.verb == verb) return true;
    }
  }
  return false;
}

TEST(Splice, IsSoundAndWithinLimits) {
  const Limits limits{.threads = 3, .operations = 12, .frames = 4};
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    Rng rng(seed);
    const Subject a = Generate(limits, rng);
    const Subject b = Generate({.threads = 5, .operations = 30, .frames = 64}, rng);
    Rng same = rng;
    const Subject child = Splice(a, b, limits, rng);
    ASSERT_EQ(Unsoundness(child), "") << TextOf(a) << "\n" << TextOf(b);
    ASSERT_TRUE(Within(child.scenario, limits)) << TextOf(child);
    ASSERT_NE(TextOf(child), TextOf(a));
    ASSERT_EQ(TextOf(child), TextOf(Splice(a, b, limits, same)));
    for (const Operation* operation : OperationsOf(child.scenario)) ASSERT_EQ(operation->line, 0u);
  }
}

// `a` says only words that `b` does not.
TEST(Splice, HasOperationsOfBoth) {
  const Subject a = SubjectOf("tdp frames=4 host=huge vcpu a{read 0} vcpu b{read 1; read 0..3}");
  const Subject b = SubjectOf("stage2 frames=8 setup{exec 0} vcpu a{write 7} vcpu b{write 0..7}",
                              "stage2", "rwlock");
  int joined = 0;
  int setups = 0;
  for (uint64_t seed = 0; seed < 500; ++seed) {
    Rng rng(seed);
    const Subject child = Splice(a, b, {}, rng);
    ASSERT_EQ(child.mmu, "tdp");
    ASSERT_EQ(child.variant, "owned");
    ASSERT_EQ(child.scenario.frames, 4u);
    ASSERT_EQ(child.scenario.host, HostBacking::kHuge);
    ASSERT_TRUE(Races(child, Verb::kRead)) << TextOf(child);
    ASSERT_TRUE(Races(child, Verb::kWrite)) << TextOf(child);
    for (const ScenarioThread& thread : child.scenario.threads) {
      joined += thread.operations.size() == 2 && thread.operations[0].verb == Verb::kRead &&
                thread.operations[1].verb == Verb::kWrite;
    }
    setups += child.scenario.setup.empty() ? 0 : 1;
  }
  EXPECT_GT(joined, 20);
  EXPECT_GT(setups, 200);
  EXPECT_LT(setups, 450);
}

TEST(Splice, EndsOfAVmGoWhereTheyCannotStay) {
  const Subject a = SubjectOf("tdp frames=2 vcpu a{read 0} vcpu b{read 1}");
  const Subject b = SubjectOf("tdp frames=2 host h{unmap 0} vmm m{zap_all; destroy}");
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Rng rng(seed);
    const Subject child = Splice(a, b, {}, rng);
    ASSERT_EQ(Unsoundness(child), "");
    ASSERT_FALSE(Races(child, Verb::kDestroy)) << TextOf(child);
    ASSERT_TRUE(Races(child, Verb::kUnmap) || Races(child, Verb::kZapAll)) << TextOf(child);
  }
}

TEST(Splice, MutatesWhereNothingFits) {
  const Subject a = SubjectOf("stage2 frames=2 vcpu a{read 0} vcpu b{read 1}", "stage2", "rwlock");
  const Subject b = SubjectOf("tdp frames=2 vmm m{invalidate_roots} vmm n{invalidate_roots}");
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Rng rng(seed);
    const Subject child = Splice(a, b, {}, rng);
    ASSERT_EQ(Unsoundness(child), "");
    ASSERT_NE(TextOf(child), TextOf(a));
  }
}

}  // namespace
}  // namespace racewalk
