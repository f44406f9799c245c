// Goal: the arithmetic of tables, at the smallest and at the real size.
// Method: known values, and identities over all frames of small geometries.
#include "core/geometry.h"

#include <gtest/gtest.h>

namespace racewalk {
namespace {

using Full = Geometry<4, 9>;
using Small = Geometry<3, 1>;

static_assert(Full::kEntries == 512 && Full::kFrames == Gfn{1} << 36);
static_assert(Full::Span(1) == 1 && Full::Span(2) == 512 && Full::Span(3) == 512 * 512);
static_assert(Full::Align(513, 2) == 512 && Full::Align(513, 1) == 513);
static_assert(Full::Index(513, 1) == 1 && Full::Index(513, 2) == 1 && Full::Index(513, 3) == 0);
static_assert(Full::Index(Full::kFrames - 1, 4) == 511);
static_assert(Small::kEntries == 2 && Small::kFrames == 8);

template <typename G>
class GeometryTest : public testing::Test {};
using Geometries = testing::Types<Geometry<2, 1>, Geometry<3, 1>, Geometry<3, 2>, Geometry<5, 1>>;
TYPED_TEST_SUITE(GeometryTest, Geometries);

TYPED_TEST(GeometryTest, IndexesAreTheDigitsOfAFrame) {
  using G = TypeParam;
  for (Gfn gfn = 0; gfn < G::kFrames; ++gfn) {
    Gfn sum = 0;
    for (int level = 1; level <= G::kLevels; ++level) {
      EXPECT_LT(G::Index(gfn, level), G::kEntries);
      sum += G::Index(gfn, level) * G::Span(level);
    }
    EXPECT_EQ(sum, gfn);
  }
}

TYPED_TEST(GeometryTest, AlignGivesTheFirstFrameOfAnEntry) {
  using G = TypeParam;
  for (Gfn gfn = 0; gfn < G::kFrames; ++gfn) {
    for (int level = 1; level <= G::kLevels; ++level) {
      const Gfn first = G::Align(gfn, level);
      EXPECT_LE(first, gfn);
      EXPECT_LT(gfn - first, G::Span(level));
      EXPECT_EQ(first % G::Span(level), 0u);
    }
  }
}

TYPED_TEST(GeometryTest, AnEntrySpansATableOfTheLevelBelow) {
  using G = TypeParam;
  EXPECT_EQ(G::Span(1), 1u);
  for (int level = 2; level <= G::kLevels; ++level) {
    EXPECT_EQ(G::Span(level), G::Span(level - 1) * G::kEntries);
  }
  EXPECT_EQ(G::kFrames, G::Span(G::kLevels) * G::kEntries);
}

}  // namespace
}  // namespace racewalk
