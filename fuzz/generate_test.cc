// Goal: what is generated can be run, is within its limits, uses the whole
// language of each MMU and makes threads meet. Method: thousands of seeds.
#include "fuzz/generate.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "fuzz/fit.h"
#include "fuzz/invent.h"
#include "fuzz/soundness.h"
#include "fuzz/tree.h"
#include "gtest/gtest.h"
#include "scenarios/rng.h"
#include "scenarios/variants.h"

namespace racewalk {
namespace {

constexpr uint64_t kSeeds = 4000;

TEST(Generate, IsSoundAndWithinLimits) {
  for (const Limits& limits : {Limits{}, Limits{.threads = 2, .operations = 2, .frames = 1},
                               Limits{.threads = 5, .operations = 40, .frames = 64}}) {
    for (uint64_t seed = 0; seed < kSeeds / 2; ++seed) {
      Rng rng(seed);
      const Subject subject = Generate(limits, rng);
      ASSERT_EQ(Unsoundness(subject), "") << "seed " << seed;
      ASSERT_TRUE(Within(subject.scenario, limits)) << "seed " << seed << TextOf(subject);
      ASSERT_TRUE(subject.weakened.none());
    }
  }
}

TEST(Generate, IsTheSameForTheSameSeed) {
  std::set<std::string> texts;
  for (uint64_t seed = 0; seed < 500; ++seed) {
    Rng a(seed);
    Rng b(seed);
    const std::string text = TextOf(Generate({}, a));
    ASSERT_EQ(text, TextOf(Generate({}, b)));
    ASSERT_EQ(a.Next(), b.Next());
    texts.insert(text);
  }
  EXPECT_GT(texts.size(), 495u);
}

TEST(Generate, SaysEveryWordThatTheMmuHas) {
  for (const std::string& mmu : ModelledMmus()) {
    for (const std::string& variant : EveryVariant(mmu)) {
      std::set<Verb> racing, setup, after;
      for (uint64_t seed = 0; seed < kSeeds / 2; ++seed) {
        Rng rng(seed);
        Subject subject = Generate(mmu, variant, {}, rng);
        for (const Place& place : PlacesOf(subject.scenario)) {
          auto& seen = place.kind == Place::Kind::kThread  ? racing
                       : place.kind == Place::Kind::kSetup ? setup
                                                           : after;
          for (const Operation& operation : *place.list) seen.insert(operation.verb);
        }
      }
      for (const Word& word : Words()) {
        const bool has = HasWord(mmu, variant, word.verb);
        EXPECT_EQ(racing.count(word.verb), has) << mmu << "+" << variant << SpellingOf(word);
      }
      EXPECT_GT(setup.size(), 20u);
      for (const Verb verb : {Verb::kExitMm, Verb::kUnregister, Verb::kDestroy, Verb::kRead}) {
        EXPECT_EQ(after.count(verb), 1u) << SpellingOf(WordOf(verb));
      }
    }
  }
}

// How each setting is spelled, by header, over many scenarios.
TEST(Generate, UsesEverySetting) {
  for (const std::string& mmu : ModelledMmus()) {
    std::map<std::string, std::set<std::string>> seen;
    std::set<std::string> variants;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
      Rng rng(seed);
      const Subject subject = Generate({.frames = 64}, rng);
      if (subject.mmu != mmu) continue;
      const Scenario& scenario = subject.scenario;
      const auto number = [](std::size_t n) { return std::to_string(n); };
      variants.insert(subject.variant);
      seen["geometry"].insert(number(scenario.index_bits));
      seen["frames"].insert(number(scenario.frames));
      seen["host"].insert(std::string(SpellingOf(kHostSpellings, scenario.host)));
      seen["logging"].insert(std::string(SpellingOf(kLoggingSpellings, scenario.logging)));
      seen["access"].insert(std::string(SpellingOf(kAccessKindSpellings, scenario.access_kind)));
      seen["split"].insert(std::string(SpellingOf(kSplitSpellings, scenario.split)));
      seen["flush"].insert(std::string(SpellingOf(kFlushSpellings, scenario.flush)));
      seen["roles"].insert(number(scenario.roles));
      seen["slots"].insert(number(std::min<std::size_t>(scenario.slots.size(), 3)));
      seen["device"].insert(number(scenario.devices.size()));
      seen["threads"].insert(number(scenario.threads.size()));
    }
    const bool tdp = mmu == "tdp";
    EXPECT_EQ(seen["geometry"].size(), 2u);
    EXPECT_EQ(seen["frames"].size(), 7u);  // 1, 2, ... 64
    EXPECT_EQ(seen["host"].size(), 2u);
    EXPECT_EQ(seen["logging"].size(), tdp ? 2u : 1u);
    EXPECT_EQ(seen["access"].size(), 2u);
    EXPECT_EQ(seen["split"].size(), 2u);
    EXPECT_EQ(seen["flush"].size(), 2u);
    EXPECT_EQ(seen["roles"].size(), tdp ? kMaxRoles : 1u);
    EXPECT_EQ(seen["slots"].size(), 4u);
    EXPECT_EQ(seen["device"].size(), 2u);
    EXPECT_EQ(seen["threads"].size(), 3u);  // 2, 3, 4
    EXPECT_EQ(variants.size(), EveryVariant(mmu).size());
    EXPECT_EQ(EveryVariant(mmu).size(), 12u);
  }
}

bool Meets(const Operation& a, const Operation& b) {
  const auto has_frames = [](const Operation& operation) {
    const Operands operands = WordOf(operation.verb).operands;
    return operands == Operands::kFrame || operands == Operands::kFrames ||
           operands == Operands::kFramesAccess;
  };
  return has_frames(a) && has_frames(b) && a.range.first <= b.range.last &&
         b.range.first <= a.range.last;
}

TEST(Generate, MakesThreadsMeet) {
  uint64_t meeting = 0;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    Rng rng(seed);
    const Subject subject = Generate({}, rng);
    const auto& threads = subject.scenario.threads;
    bool meets = false;
    for (std::size_t i = 0; i < threads.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        for (const Operation& a : threads[i].operations) {
          for (const Operation& b : threads[k].operations) meets |= Meets(a, b);
        }
      }
    }
    meeting += meets ? 1 : 0;
  }
  EXPECT_GT(meeting, kSeeds * 6 / 10);
}

}  // namespace
}  // namespace racewalk
