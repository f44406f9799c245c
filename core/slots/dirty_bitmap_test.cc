// Goal: each mark is taken once, by the first take that follows it, and none is
// lost or made up. Method: one thread for the cases, then threads that mark
// beside one that takes, with each page marked a known number of times.
#include "core/slots/dirty_bitmap.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <bit>
#include <thread>
#include <vector>

#include "core/platform/native.h"

namespace racewalk {
namespace {

using Bitmap = DirtyBitmap<NativePlatform>;

TEST(DirtyBitmapTest, HasAWordForEach64PagesBegun) {
  EXPECT_EQ(Bitmap(1).words(), 1u);
  EXPECT_EQ(Bitmap(64).words(), 1u);
  EXPECT_EQ(Bitmap(65).words(), 2u);
  EXPECT_EQ(Bitmap(128).words(), 2u);
  EXPECT_EQ(Bitmap(1000).words(), 16u);
}

TEST(DirtyBitmapTest, NothingIsMarkedAtFirst) {
  Bitmap bitmap(130);
  for (uint64_t page = 0; page < 130; ++page) EXPECT_FALSE(bitmap.PeekMarked(page)) << page;
  for (std::size_t word = 0; word < bitmap.words(); ++word) {
    EXPECT_EQ(bitmap.Read(word), 0u);
    EXPECT_EQ(bitmap.taken(word), 0u);
  }
}

TEST(DirtyBitmapTest, AMarkIsOfOnePage) {
  for (const uint64_t page : {0u, 1u, 63u, 64u, 65u, 127u, 128u, 129u}) {
    Bitmap bitmap(130);
    bitmap.Mark(page);
    for (uint64_t other = 0; other < 130; ++other) {
      EXPECT_EQ(bitmap.PeekMarked(other), other == page) << page << " " << other;
    }
    EXPECT_EQ(bitmap.Read(page / 64), uint64_t{1} << (page % 64));
  }
}

TEST(DirtyBitmapTest, ATakeLeavesNothing) {
  Bitmap bitmap(130);
  bitmap.Mark(3);
  bitmap.Mark(3);
  bitmap.Mark(60);
  bitmap.Mark(64);
  const uint64_t marked = uint64_t{1} << 3 | uint64_t{1} << 60;
  EXPECT_EQ(bitmap.Read(0), marked) << "a look takes nothing";
  EXPECT_EQ(bitmap.Take(0), marked);
  EXPECT_EQ(bitmap.taken(0), marked);
  EXPECT_EQ(bitmap.Read(0), 0u);
  EXPECT_FALSE(bitmap.PeekMarked(3));
  EXPECT_TRUE(bitmap.PeekMarked(64)) << "another word";
  bitmap.Mark(5);
  EXPECT_EQ(bitmap.taken(0), marked) << "as it was then";
  EXPECT_EQ(bitmap.Take(0), uint64_t{1} << 5);
  EXPECT_EQ(bitmap.Take(0), 0u);
  EXPECT_EQ(bitmap.taken(0), 0u);
}

TEST(DirtyBitmapDeathTest, AMarkAfterTheEndFails) {
  Bitmap bitmap(1);
  bitmap.Mark(0);
  bitmap.End();
  EXPECT_DEATH(bitmap.Mark(0), "use-after-free L1");
  EXPECT_DEATH(bitmap.End(), "double-free L4");
}

TEST(DirtyBitmapThreadsTest, EachMarkIsTakenOnce) {
  constexpr uint64_t kPages = 4096;
  constexpr int kMarkers = 3;
  Bitmap bitmap(kPages);
  std::atomic<int> marking{kMarkers};
  std::barrier start(kMarkers + 1);
  std::vector<std::thread> markers;
  for (uint64_t marker = 0; marker < kMarkers; ++marker) {
    markers.emplace_back([&, marker] {
      start.arrive_and_wait();
      // Neighbours belong to different threads, but for every eighth page, which is nobody's.
      for (uint64_t page = marker; page < kPages; page += kMarkers) {
        if (page % 8 != 0) bitmap.Mark(page);
      }
      marking.fetch_sub(1);
    });
  }
  std::vector<int> taken(kPages, 0);
  auto take = [&] {
    for (std::size_t word = 0; word < bitmap.words(); ++word) {
      for (uint64_t mask = bitmap.Take(word); mask != 0; mask &= mask - 1) {
        ++taken[word * Bitmap::kPagesPerWord + static_cast<std::size_t>(std::countr_zero(mask))];
      }
    }
  };
  start.arrive_and_wait();
  while (marking.load() != 0) take();
  take();
  for (std::thread& marker : markers) marker.join();
  for (uint64_t page = 0; page < kPages; ++page) {
    EXPECT_EQ(taken[page], page % 8 == 0 ? 0 : 1) << page;
  }
}

}  // namespace
}  // namespace racewalk
