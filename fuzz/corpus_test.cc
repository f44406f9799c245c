// Goal: rare and small inputs are drawn more often, and a cover loses nothing
// and has nothing to spare. Method: entries with features by hand, and at random.
#include "fuzz/corpus.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>
#include <vector>

#include "fuzz/toy_inputs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scenarios/rng.h"

namespace racewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kPlain[] = "tdp frames=2 vcpu a{read 0} host h{unmap 0}";
constexpr char kLong[] =
    "tdp frames=2 vcpu a{read 0; write 0; read 1; write 1} host h{unmap 0; unmap 1; unmap 0}";

CorpusEntry Entry(std::vector<Feature> features, const char* text = kPlain) {
  return {.input = ToyInput(text), .features = std::move(features)};
}

TEST(Corpus, KnowsWhatItsEntriesHave) {
  Corpus corpus;
  EXPECT_THAT(corpus.NewIn({1, kStateFeature | 1}), ElementsAre(1, kStateFeature | 1));
  corpus.Add(Entry({1, 2, kStateFeature | 7}));
  corpus.Add(Entry({2, 3}));
  EXPECT_EQ(corpus.features(), 4u);
  EXPECT_THAT(corpus.NewIn({1, 2, 3, 4, kStateFeature | 1, kStateFeature | 7}),
              ElementsAre(4, kStateFeature | 1));
}

// How often each of the corpus' entries is drawn.
std::vector<int> Draws(const Corpus& corpus) {
  Rng rng(1);
  std::vector<int> drawn(corpus.entries().size());
  for (int i = 0; i < 2000; ++i) {
    ++drawn[static_cast<std::size_t>(&corpus.Draw(rng) - corpus.entries().data())];
  }
  return drawn;
}

TEST(Corpus, DrawsRareAndSmallOnesMoreOften) {
  Corpus corpus;
  corpus.Add(Entry({1, 2, 3, 4}));
  corpus.Add(Entry({1, 2, 3, 4}));
  corpus.Add(Entry({5, 6, 7, 8}));
  corpus.Add(Entry({15, 16, 17, 18}, kLong));
  const std::vector<int> drawn = Draws(corpus);
  EXPECT_GT(drawn[2], drawn[0] + drawn[0] / 2);
  EXPECT_GT(drawn[2], drawn[3] + drawn[3] / 4);
  // All have their day.
  for (const int count : drawn) EXPECT_GT(count, 20);
  // What is drawn is the entries' and not the past's.
  Corpus other;
  for (const CorpusEntry& entry : corpus.entries()) {
    other.Add(entry);
    Draws(other);
  }
  EXPECT_EQ(Draws(other), drawn);
}

std::vector<std::size_t> Chosen(const std::vector<CorpusEntry>& entries) {
  std::vector<std::size_t> chosen;
  for (const CoverMember& member : SmallCover(entries)) chosen.push_back(member.index);
  return chosen;
}

TEST(SmallCover, TakesTheSmallerOfEquals) {
  EXPECT_THAT(Chosen({Entry({1, 2}, kLong), Entry({1, 2})}), ElementsAre(1));
  EXPECT_THAT(Chosen({Entry({1, 2}), Entry({1, 2})}), ElementsAre(0));
  EXPECT_THAT(Chosen({Entry({}), Entry({})}), IsEmpty());
}

TEST(SmallCover, WhoTurnsOutToAddNothingGoes) {
  // The largest is taken first, and the other two, which are needed, have all of it.
  EXPECT_THAT(Chosen({Entry({1, 2, 3, 4}), Entry({1, 2, 5}), Entry({3, 4, 6})}), ElementsAre(1, 2));
}

TEST(SmallCover, OfTooFewThoseThatAddMost) {
  const std::vector<CorpusEntry> entries = {Entry({1}), Entry({2, 3, 4}), Entry({4, 5})};
  const std::vector<CoverMember> cover = SmallCover(entries, 2);
  ASSERT_EQ(cover.size(), 2u);
  EXPECT_EQ(cover[0].index, 0u);
  EXPECT_EQ(cover[1].index, 1u);
  EXPECT_EQ(SmallCover(entries, 1).front().index, 1u);
}

TEST(SmallCover, LosesNothingAndHasNothingToSpare) {
  Rng rng(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<CorpusEntry> entries;
    std::set<Feature> all;
    for (int i = 0; i < 30; ++i) {
      std::set<Feature> features;
      while (features.size() < 1 + rng.Below(8)) features.insert(rng.Below(60));
      all.insert(features.begin(), features.end());
      entries.push_back(
          Entry({features.begin(), features.end()}, rng.Below(2) == 0 ? kPlain : kLong));
    }
    const std::vector<CoverMember> cover = SmallCover(entries);
    std::multiset<Feature> has;
    std::multiset<Feature> shared;
    for (const CoverMember& member : cover) {
      const std::vector<Feature>& features = entries[member.index].features;
      has.insert(features.begin(), features.end());
      shared.insert(member.features.begin(), member.features.end());
      EXPECT_TRUE(std::includes(features.begin(), features.end(), member.features.begin(),
                                member.features.end()));
    }
    EXPECT_EQ(std::set<Feature>(has.begin(), has.end()), all);
    // Each feature is one member's.
    EXPECT_EQ(std::vector<Feature>(shared.begin(), shared.end()),
              std::vector<Feature>(all.begin(), all.end()));
    for (const CoverMember& member : cover) {
      bool needed = false;
      for (const Feature feature : entries[member.index].features) {
        needed |= has.count(feature) == 1;
      }
      EXPECT_TRUE(needed);
      EXPECT_FALSE(member.features.empty());
    }
  }
}

}  // namespace
}  // namespace racewalk
