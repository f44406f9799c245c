// Goal: a walk reports each entry of its range once, in order, whatever is
// replaced on its way, and goes on where it was after a yield.
// Method: tables built by hand, one thread.
#include "core/tdp/iterator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <vector>

#include "core/platform/native.h"

namespace racewalk::iterator_test {
namespace {

using P = NativePlatform;
using G = Geometry<3, 1>;
using Entry = Spte<P>;
using Iterator = TdpIterator<P, G>;
using ::testing::ElementsAre;

struct Visit {
  Gfn gfn;
  int level;
  bool operator==(const Visit&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Visit& visit) {
    return out << "gfn " << visit.gfn << " level " << visit.level;
  }
};

class IteratorTest : public testing::Test {
 protected:
  IteratorTest() : root_(tables_.Allocate(G::kLevels, 0, nullptr)) { rcu_.read_lock(); }
  ~IteratorTest() override { rcu_.read_unlock(); }

  // Links a new table below `parent` for the entry at `gfn`.
  Pfn Link(Pfn parent, Gfn gfn) {
    auto& table = tables_.At(parent);
    const int level = table.level.load();
    const Pfn child = tables_.Allocate(level - 1, G::Align(gfn, level), nullptr);
    Set(parent, gfn, tables_.LinkTo(child));
    return child;
  }
  void Set(Pfn parent, Gfn gfn, Entry entry) {
    auto& table = tables_.At(parent);
    table.entries[G::Index(gfn, table.level.load())].store(entry, std::memory_order_relaxed);
  }
  Iterator Walk(int min_level, Gfn start, Gfn end) {
    return Iterator(tables_, rcu_, root_, min_level, start, end);
  }
  static std::vector<Visit> Rest(Iterator& iter) {
    std::vector<Visit> visits;
    for (; iter.valid(); iter.Next()) visits.push_back({iter.gfn, iter.level});
    return visits;
  }
  std::vector<Visit> All(int min_level, Gfn start, Gfn end) {
    Iterator iter = Walk(min_level, start, end);
    return Rest(iter);
  }

  TdpTables<P, G> tables_{100, 32};
  P::Rcu rcu_{"test"};
  Pfn root_;
};

TEST_F(IteratorTest, AnEmptyRootHasItsOwnEntries) {
  EXPECT_THAT(All(1, 0, G::kFrames), ElementsAre(Visit{0, 3}, Visit{4, 3}));
}

TEST_F(IteratorTest, ParentsComeBeforeChildren) {
  const Pfn middle = Link(root_, 0);
  Link(middle, 2);
  EXPECT_THAT(All(1, 0, G::kFrames), ElementsAre(Visit{0, 3}, Visit{0, 2}, Visit{2, 2}, Visit{2, 1},
                                                 Visit{3, 1}, Visit{4, 3}));
}

TEST_F(IteratorTest, NothingBelowTheLowestLevelIsLookedAt) {
  Link(Link(root_, 0), 2);
  EXPECT_THAT(All(2, 0, G::kFrames),
              ElementsAre(Visit{0, 3}, Visit{0, 2}, Visit{2, 2}, Visit{4, 3}));
  EXPECT_THAT(All(3, 0, G::kFrames), ElementsAre(Visit{0, 3}, Visit{4, 3}));
}

TEST_F(IteratorTest, ARangeIsEntriesThatOverlapIt) {
  const Pfn left = Link(root_, 0);
  Link(left, 0);
  Link(left, 2);
  Link(Link(root_, 4), 4);
  EXPECT_THAT(All(1, 1, 2), ElementsAre(Visit{0, 3}, Visit{0, 2}, Visit{1, 1}));
  EXPECT_THAT(All(1, 3, 5), ElementsAre(Visit{0, 3}, Visit{2, 2}, Visit{3, 1}, Visit{4, 3},
                                        Visit{4, 2}, Visit{4, 1}));
  EXPECT_THAT(All(1, 7, 8), ElementsAre(Visit{4, 3}, Visit{6, 2}));
  EXPECT_THAT(All(1, 3, 3), ElementsAre(Visit{0, 3}, Visit{2, 2})) << "an empty range has parents";
}

TEST_F(IteratorTest, LeavesHaveNothingBelow) {
  Set(Link(root_, 0), 0, Entry::Leaf(7, true, false, {}));
  Iterator iter = Walk(1, 0, 2);
  iter.Next();
  ASSERT_TRUE(iter.valid());
  EXPECT_TRUE(iter.old.leaf());
  iter.Next();
  EXPECT_FALSE(iter.valid());
}

TEST_F(IteratorTest, ATableThatWasLinkedSinceIsEntered) {
  Iterator iter = Walk(1, 0, 1);
  EXPECT_FALSE(iter.old.present());
  const Pfn middle = Link(root_, 0);
  iter.Next();
  EXPECT_EQ(iter.level, 2);
  Link(middle, 0);
  EXPECT_THAT(Rest(iter), ElementsAre(Visit{0, 2}, Visit{0, 1}));
}

TEST_F(IteratorTest, ATableThatWasRemovedSinceIsNotEntered) {
  Link(root_, 0);
  Iterator iter = Walk(1, 0, G::kFrames);
  EXPECT_TRUE(iter.old.table());
  Set(root_, 0, Entry{});
  EXPECT_THAT(Rest(iter), ElementsAre(Visit{0, 3}, Visit{4, 3}));
}

TEST_F(IteratorTest, ATableThatWasReplacedSinceIsTheOneEntered) {
  Link(root_, 0);
  Iterator iter = Walk(1, 0, 4);
  Link(Link(root_, 0), 2);
  EXPECT_THAT(Rest(iter),
              ElementsAre(Visit{0, 3}, Visit{0, 2}, Visit{2, 2}, Visit{2, 1}, Visit{3, 1}));
}

TEST_F(IteratorTest, AfterAYieldTheSameEntryIsFoundAnew) {
  const Pfn middle = Link(root_, 0);
  const Pfn low = Link(middle, 2);
  Iterator iter = Walk(1, 0, G::kFrames);
  while (iter.level != 1) iter.Next();
  iter.Next();
  ASSERT_EQ(iter.gfn, 3u);
  EXPECT_TRUE(iter.HasProgressed());
  iter.yielded = true;
  Set(low, 3, Entry::Leaf(9, false, false, {}));
  iter.Next();
  EXPECT_FALSE(iter.yielded);
  EXPECT_FALSE(iter.HasProgressed()) << "the way down is no progress";
  std::vector<Visit> visits;
  for (; iter.valid(); iter.Next()) {
    visits.push_back({iter.gfn, iter.level});
    if (iter.gfn == 3 && iter.level == 1) {
      EXPECT_EQ(iter.old.pfn(), 9u);
    }
  }
  EXPECT_THAT(visits, ElementsAre(Visit{0, 3}, Visit{2, 2}, Visit{3, 1}, Visit{4, 3}));
}

TEST_F(IteratorTest, AfterAYieldOtherTablesMayStandOnTheWay) {
  Link(Link(root_, 0), 0);
  Iterator iter = Walk(1, 0, 2);
  while (iter.level != 1) iter.Next();
  iter.yielded = true;
  Set(root_, 0, Entry{});
  iter.Next();
  EXPECT_THAT(Rest(iter), ElementsAre(Visit{0, 3}));
}

TEST_F(IteratorTest, ProgressIsMeasuredInFrames) {
  Iterator iter = Walk(1, 0, G::kFrames);
  EXPECT_FALSE(iter.HasProgressed());
  EXPECT_EQ(iter.next_gfn(), 0u);
  iter.Next();
  EXPECT_TRUE(iter.HasProgressed());
  EXPECT_EQ(iter.next_gfn(), 4u);
}

// The other geometry that is explored, and the real one, over a single path.
template <typename Shape>
void ExpectOnePath() {
  TdpTables<P, Shape> tables(100, 8);
  P::Rcu rcu("test");
  const Gfn gfn = Shape::kFrames - 1;
  Pfn pfn = tables.Allocate(Shape::kLevels, 0, nullptr);
  const Pfn root = pfn;
  for (int level = Shape::kLevels; level > 1; --level) {
    const Pfn child = tables.Allocate(level - 1, Shape::Align(gfn, level), nullptr);
    tables.At(pfn).entries[Shape::Index(gfn, level)].store(tables.LinkTo(child),
                                                           std::memory_order_relaxed);
    pfn = child;
  }
  rcu.read_lock();
  int visits = 0;
  for (TdpIterator<P, Shape> iter(tables, rcu, root, 1, gfn, gfn + 1); iter.valid(); iter.Next()) {
    EXPECT_EQ(iter.level, Shape::kLevels - visits);
    EXPECT_EQ(iter.gfn, Shape::Align(gfn, iter.level));
    ++visits;
  }
  EXPECT_EQ(visits, Shape::kLevels);
  uint64_t all = 0;
  for (TdpIterator<P, Shape> iter(tables, rcu, root, 1, 0, Shape::kFrames); iter.valid();
       iter.Next()) {
    ++all;
  }
  EXPECT_EQ(all, uint64_t{Shape::kLevels} * Shape::kEntries);
  rcu.read_unlock();
}

TEST(IteratorGeometryTest, FollowsOnePathToTheLastFrame) {
  ExpectOnePath<Geometry<3, 2>>();
  ExpectOnePath<Geometry<4, 9>>();
}

using IteratorDeathTest = IteratorTest;

TEST_F(IteratorDeathTest, NeedsAReadSection) {
  rcu_.read_unlock();
  EXPECT_DEATH(Walk(1, 0, 1), "outside of a read section");
  rcu_.read_lock();
}

TEST_F(IteratorDeathTest, SeesATableOfAnotherAddress) {
  const Pfn stranger = tables_.Allocate(2, 4, nullptr);
  Set(root_, 0, tables_.LinkTo(stranger));
  Iterator iter = Walk(1, 0, 1);
  EXPECT_DEATH(iter.Next(), "belongs to another level or address");
}

TEST_F(IteratorDeathTest, SeesAFreedTable) {
  tables_.Free(Link(root_, 0));
  Iterator iter = Walk(1, 0, 1);
  EXPECT_DEATH(iter.Next(), "has been freed");
}

}  // namespace
}  // namespace racewalk::iterator_test
