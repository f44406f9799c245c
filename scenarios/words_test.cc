// Goal: the tables are sound, so that everything that reads them may rely on
// it. Method: properties over all words; DESIGN's words, spelled out.
#include "scenarios/words.h"

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scenarios/variants.h"

namespace racewalk {
namespace {

using ::testing::ElementsAre;

TEST(Words, AreDistinctAndFoundByTheirVerb) {
  std::set<std::string> spellings;
  for (const Word& word : Words()) {
    EXPECT_TRUE(spellings.insert(SpellingOf(word)).second) << SpellingOf(word);
    EXPECT_EQ(&WordOf(word.verb), &word);
    EXPECT_FALSE(word.meaning.empty());
    EXPECT_NE(word.roles, 0);
  }
  for (const CheckWord& word : CheckWords()) EXPECT_EQ(&WordOf(word.verb), &word);
}

// The parser decides by the first part whether there is a second one.
TEST(Words, OfOneFirstPartAllHaveASecondOne) {
  for (const Word& a : Words()) {
    for (const Word& b : Words()) {
      if (a.first == b.first) {
        EXPECT_EQ(a.second.empty(), b.second.empty());
      }
    }
  }
}

TEST(Words, BelongToTheirRoles) {
  const auto of = [](ThreadRole role) { return FirstParts(RoleBit(role)); };
  EXPECT_THAT(of(ThreadRole::kVcpu),
              ElementsAre("read", "write", "exec", "fault", "prefetch", "load_root", "put_root",
                          "close", "repeat", "synchronize_rcu"));
  EXPECT_THAT(of(ThreadRole::kHost),
              ElementsAre("unmap", "swap", "migrate", "age", "test_young", "make_huge",
                          "make_small", "exit_mm", "repeat", "synchronize_rcu"));
  EXPECT_THAT(of(ThreadRole::kVmm),
              ElementsAre("dirty_log", "harvest", "collapse", "split", "wrprotect", "zap_all",
                          "invalidate_roots", "slot", "donate", "reclaim", "gpc", "unregister",
                          "destroy", "repeat", "synchronize_rcu"));
}

TEST(Words, DescribeTheirOperandsAndRoles) {
  EXPECT_EQ(Describe(WordOf(Verb::kFault).operands), "A or A..B, then r, w or x");
  EXPECT_EQ(Describe(WordOf(Verb::kZapAll).operands), "");
  EXPECT_EQ(SpellingOf(kAnyRole), "any");
  EXPECT_EQ(SpellingOf(WordOf(Verb::kSwap).roles), "host");
}

TEST(Variants, CombinationsHaveOneSpelling) {
  const auto canonical = [](MmuChoice mmu, absl::string_view text) {
    const auto result = CanonicalVariant(mmu, text);
    return result.ok() ? *result : std::string(result.status().message());
  };
  EXPECT_EQ(canonical(MmuChoice::kTdp, "ad_at_zap"), "owned+ad_at_zap");
  EXPECT_EQ(canonical(MmuChoice::kTdp, "v14+ad_at_zap+last_put_zaps"),
            "last_put_zaps+ad_at_zap+v14");
  EXPECT_EQ(canonical(MmuChoice::kTdp, "async_zap"), "owned+async_zap");
  EXPECT_EQ(canonical(MmuChoice::kTdp, "v14+async_zap+ad_at_zap+owned"),
            "owned+ad_at_zap+async_zap+v14");
  EXPECT_EQ(canonical(MmuChoice::kAny, "async_zap"), "owned+async_zap");
  EXPECT_EQ(canonical(MmuChoice::kTdp, "current"), "owned");
  EXPECT_EQ(canonical(MmuChoice::kStage2, "v14"), "defer_to_callback+v14");
  EXPECT_EQ(canonical(MmuChoice::kStage2, "bbm2+rwlock"), "rwlock+bbm2");
  EXPECT_EQ(canonical(MmuChoice::kAny, "bbm2"), "defer_to_callback+bbm2");
  EXPECT_EQ(canonical(MmuChoice::kAny, "v14"), "v14");
  EXPECT_EQ(canonical(MmuChoice::kAny, "current"), "current");
}

TEST(Variants, WhatIsNoCombinationIsExplained) {
  const auto error = [](MmuChoice mmu, absl::string_view text) {
    return std::string(CanonicalVariant(mmu, text).status().message());
  };
  EXPECT_EQ(error(MmuChoice::kTdp, "ownd"),
            "found 'ownd', expected a variant; did you mean 'owned'?");
  EXPECT_EQ(error(MmuChoice::kTdp, "rwlock"),
            "found 'rwlock', expected a variant of tdp; choose from owned, last_put_zaps, "
            "ad_at_zap, async_zap, current, v14");
  EXPECT_EQ(error(MmuChoice::kAny, "owned+rwlock"),
            "found 'rwlock', expected a variant of tdp; choose from owned, last_put_zaps, "
            "ad_at_zap, async_zap, current, v14");
  EXPECT_EQ(error(MmuChoice::kStage2, "rwlock+lock_subtree"),
            "found 'rwlock' and 'lock_subtree', expected one of them; separate alternatives by "
            "',' instead of '+'");
  for (const char* text : {"last_put_zaps+async_zap", "async_zap+ad_at_zap+last_put_zaps"}) {
    EXPECT_EQ(
        error(MmuChoice::kAny, text),
        "found 'last_put_zaps' and 'async_zap', expected 'async_zap' with 'owned' only; write "
        "'owned' instead of 'last_put_zaps', or leave 'async_zap' out");
  }
  EXPECT_FALSE(CanonicalVariant(MmuChoice::kStage2, "async_zap").ok());
  EXPECT_FALSE(CanonicalVariant(MmuChoice::kTdp, "async_zap+async_zap").ok());
  EXPECT_FALSE(CanonicalVariant(MmuChoice::kTdp, "").ok());
  EXPECT_FALSE(CanonicalVariant(MmuChoice::kTdp, "owned+").ok());
  EXPECT_FALSE(CanonicalVariant(MmuChoice::kTdp, "owned+owned").ok());
}

TEST(Variants, ThoseToRunAreTheScenariosOrTheDefaultOnes) {
  Scenario scenario;
  EXPECT_THAT(VariantsToRun(scenario, MmuChoice::kTdp),
              ElementsAre("owned", "last_put_zaps", "owned+ad_at_zap"));
  EXPECT_THAT(VariantsToRun(scenario, MmuChoice::kStage2),
              ElementsAre("defer_to_callback", "lock_subtree", "rwlock"));
  scenario.variants = {"last_put_zaps", "rwlock", "v14"};
  EXPECT_THAT(VariantsToRun(scenario, MmuChoice::kTdp), ElementsAre("last_put_zaps", "owned+v14"));
  EXPECT_THAT(VariantsToRun(scenario, MmuChoice::kStage2),
              ElementsAre("rwlock", "defer_to_callback+v14"));
  scenario.variants = {"async_zap", "owned+async_zap"};
  EXPECT_THAT(VariantsToRun(scenario, MmuChoice::kTdp), ElementsAre("owned+async_zap"));
  EXPECT_EQ(DefaultVariants(MmuChoice::kAny).size(), 6u);
  for (const MmuChoice mmu : {MmuChoice::kTdp, MmuChoice::kStage2}) {
    for (const std::string& variant : DefaultVariants(mmu)) {
      EXPECT_EQ(*CanonicalVariant(mmu, variant), variant);
    }
  }
}

TEST(Variants, WithoutAccessedBitsNoneArePassedOn) {
  Scenario scenario;
  scenario.access_kind = AccessKind::kTracked;
  EXPECT_THAT(VariantsToRun(scenario, MmuChoice::kTdp), ElementsAre("owned", "last_put_zaps"));
  EXPECT_EQ(VariantsToRun(scenario, MmuChoice::kStage2), DefaultVariants(MmuChoice::kStage2));
  scenario.variants = {"async_zap"};
  EXPECT_THAT(VariantsToRun(scenario, MmuChoice::kTdp), ElementsAre("owned+async_zap"));
  EXPECT_TRUE(FitsAccess("owned+ad_at_zap", AccessKind::kBits));
  EXPECT_TRUE(FitsAccess("owned+async_zap", AccessKind::kTracked));
  EXPECT_FALSE(FitsAccess("owned+ad_at_zap+async_zap", AccessKind::kTracked));
}

}  // namespace
}  // namespace racewalk
