// Goal: a kill fits only if its token shows all that the table says of it.
// Method: a kill that was found in the fake world, then with one part changed.
#include "ci/kill_replay.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "ci/fake_explorer.h"
#include "ci/mutant_search.h"
#include "core/violation.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::HasSubstr;

// As `racewalk mutants` would find it.
Kill SomeKill() {
  const MutantUnit unit{"table_publish", "tdp", "owned"};
  const absl::StatusOr<MutantSearchOutcome> outcome =
      SearchMutant(unit, {.phases = {{{"random"}, 60}}, .executions = 20}, FakeFactory(), {});
  EXPECT_TRUE(outcome.ok() && outcome->finding.has_value()) << outcome.status();
  if (!outcome.ok() || !outcome->finding) return {};
  return {.unit = unit,
          .result = {.kind = Name(outcome->finding->kind),
                     .invariant = outcome->finding->invariant,
                     .scenario = outcome->finding->scenario,
                     .token = outcome->finding->token}};
}

// Decision by decision, so that another world does not fit.
Kill WithPath(const Kill& kill, const std::string& path) {
  Kill with = kill;
  std::string& token = with.result.token;
  token.resize(token.rfind('/', token.rfind('/') - 1));
  absl::StrAppend(&token, "/path:", path, "/seed=0000000000000000");
  return with;
}

TEST(KillReplay, WhatStillShowsTheSameFits) {
  const absl::Status status = CheckKill(SomeKill(), FakeFactory());
  EXPECT_TRUE(status.ok()) << status;
}

TEST(KillReplay, EveryPartIsCompared) {
  const Kill kill = SomeKill();
  const auto problem = [](const Kill& changed, const ExplorerFactory& factory = FakeFactory()) {
    const absl::Status status = CheckKill(changed, factory);
    EXPECT_FALSE(status.ok());
    return std::string(status.message());
  };
  Kill changed = kill;
  changed.unit.point = "leaf_publish";
  EXPECT_EQ(problem(changed), "the weakened point is table_publish, not leaf_publish");
  changed = kill;
  changed.unit.mmu = "stage2";
  EXPECT_EQ(problem(changed), "the MMU is tdp, not stage2");
  changed = kill;
  changed.unit.variant = "last_put_zaps";
  EXPECT_EQ(problem(changed), "the variant is owned, not last_put_zaps");
  changed = kill;
  changed.result.token = absl::StrReplaceAll(kill.result.token, {{"/random", "+bug=X23a/random"}});
  EXPECT_EQ(problem(changed), "the bug is X23a, not -");
  changed = kill;
  changed.result.scenario = "fault_vs_fault";
  EXPECT_THAT(problem(changed), HasSubstr("the scenario is "));
  changed = kill;
  changed.result.kind = "leak";
  EXPECT_EQ(problem(changed), "the violation is lost-dirty, not leak");
  changed = kill;
  changed.result.invariant = "";
  EXPECT_EQ(problem(changed), "the invariant is D1, not -");
  EXPECT_EQ(problem(kill,
                    [](const Subject& subject) {
                      Subject spared = subject;
                      spared.weakened.reset();
                      return FakeFactory()(spared);
                    }),
            "the violation is none, not lost-dirty");
  changed = kill;
  changed.result.token = "nonsense";
  problem(changed);
}

TEST(KillReplay, ADivergenceIsNoFit) {
  const Kill kill = WithPath(SomeKill(), "0001111");
  const absl::Status status = CheckKill(kill, FakeFactory());
  EXPECT_THAT(std::string(status.message()), HasSubstr("no longer fits the code"));
}

TEST(KillReplay, ManyAtOnceAreTheSame) {
  const Kill good = SomeKill();
  Kill bad = good;
  bad.result.kind = "leak";
  const auto statuses = CheckKills({bad, good, bad, good, good}, 2, FakeFactory(), {});
  ASSERT_TRUE(statuses.ok()) << statuses.status();
  ASSERT_EQ(statuses->size(), 5u);
  const absl::Status wrong = CheckKill(bad, FakeFactory());
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ((*statuses)[i], i == 0 || i == 2 ? wrong : absl::OkStatus()) << i;
  }
  const auto none = CheckKills({good}, 1, FakeFactory(), {.interrupted = [] { return true; }});
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE(absl::IsCancelled(none->front()));
}

}  // namespace
}  // namespace racewalk
