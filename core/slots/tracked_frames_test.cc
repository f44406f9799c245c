// Goal: frames are found from when they are tracked, alone and in ranges.
// Method: one thread; what orders threads is the MMU lock, which is not here.
#include "core/slots/tracked_frames.h"

#include <gtest/gtest.h>

#include "core/platform/native.h"

namespace racewalk {
namespace {

TEST(TrackedFramesTest, NoneAtFirst) {
  const TrackedFrames<NativePlatform> frames;
  EXPECT_FALSE(frames.Any(0, ~Gfn{0}));
}

TEST(TrackedFramesTest, FindsWhatOverlaps) {
  TrackedFrames<NativePlatform> frames;
  frames.Add(5, 7);
  frames.Add(512, 512);
  for (const Gfn gfn : {Gfn{5}, Gfn{6}, Gfn{7}, Gfn{512}}) EXPECT_TRUE(frames.Any(gfn, gfn)) << gfn;
  for (const Gfn gfn : {Gfn{0}, Gfn{4}, Gfn{8}, Gfn{511}, Gfn{513}}) {
    EXPECT_FALSE(frames.Any(gfn, gfn)) << gfn;
  }
  EXPECT_TRUE(frames.Any(0, 5));
  EXPECT_TRUE(frames.Any(7, 100));
  EXPECT_TRUE(frames.Any(6, 6));
  EXPECT_TRUE(frames.Any(0, ~Gfn{0}));
  EXPECT_FALSE(frames.Any(0, 4));
  EXPECT_FALSE(frames.Any(8, 511));
}

TEST(TrackedFramesTest, TwiceIsOnce) {
  TrackedFrames<NativePlatform> frames;
  frames.Add(5, 7);
  frames.Add(6, 9);
  for (Gfn gfn = 5; gfn <= 9; ++gfn) EXPECT_TRUE(frames.Any(gfn, gfn)) << gfn;
  EXPECT_FALSE(frames.Any(10, 20));
}

}  // namespace
}  // namespace racewalk
