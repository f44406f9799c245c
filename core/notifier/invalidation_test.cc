// Goal: a fault that looked a page up before or during an invalidation retries,
// and no other does. Method: sequences of calls on one thread.
#include "core/notifier/invalidation.h"

#include <gtest/gtest.h>

#include "core/platform/native.h"

namespace racewalk {
namespace {

class InvalidationTest : public testing::Test {
 protected:
  void Begin(Gfn first, Gfn last) {
    retry_.Begin();
    retry_.Add(first, last);
  }
  bool RetriesNow(Gfn gfn) const { return retry_.MustRetry(retry_.Snapshot(), gfn); }

  Invalidation<NativePlatform> retry_;
};

TEST_F(InvalidationTest, NothingToRetryAtFirst) {
  EXPECT_FALSE(RetriesNow(0));
  EXPECT_EQ(retry_.in_progress(), 0u);
}

TEST_F(InvalidationTest, TheRangeIsRetriedWhileInProgress) {
  Begin(4, 6);
  for (const Gfn gfn : {Gfn{4}, Gfn{5}, Gfn{6}}) EXPECT_TRUE(RetriesNow(gfn)) << gfn;
  for (const Gfn gfn : {Gfn{0}, Gfn{3}, Gfn{7}}) EXPECT_FALSE(RetriesNow(gfn)) << gfn;
  retry_.End();
  for (Gfn gfn = 0; gfn < 8; ++gfn) EXPECT_FALSE(RetriesNow(gfn)) << gfn;
}

TEST_F(InvalidationTest, AnEarlierSnapshotIsRetriedAfterTheEnd) {
  const uint64_t before = retry_.Snapshot();
  Begin(4, 6);
  const uint64_t during = retry_.Snapshot();
  retry_.End();
  EXPECT_TRUE(retry_.MustRetry(before, 4));
  EXPECT_TRUE(retry_.MustRetry(during, 4));
  EXPECT_TRUE(retry_.MustRetry(before, 0)) << "the count does not know ranges";
  EXPECT_GT(retry_.Snapshot(), before);
}

TEST_F(InvalidationTest, TwoRangesAreCoveredUntilBothHaveEnded) {
  Begin(0, 1);
  Begin(6, 7);
  EXPECT_EQ(retry_.in_progress(), 2u);
  for (const Gfn gfn : {Gfn{0}, Gfn{7}}) EXPECT_TRUE(RetriesNow(gfn)) << gfn;
  retry_.End();
  for (const Gfn gfn : {Gfn{0}, Gfn{7}}) EXPECT_TRUE(RetriesNow(gfn)) << gfn;
  retry_.End();
  EXPECT_FALSE(RetriesNow(0));
  // The next one starts from its own range.
  Begin(3, 3);
  EXPECT_TRUE(RetriesNow(3));
  EXPECT_FALSE(RetriesNow(0));
  retry_.End();
}

// The host's range may be in several slots, or in none.
TEST_F(InvalidationTest, TheRangeIsWhatWasAdded) {
  retry_.Begin();
  for (Gfn gfn = 0; gfn < 8; ++gfn) EXPECT_FALSE(RetriesNow(gfn)) << gfn;
  retry_.Add(6, 6);
  EXPECT_FALSE(RetriesNow(2));
  retry_.Add(2, 3);
  for (const Gfn gfn : {Gfn{2}, Gfn{3}, Gfn{6}}) EXPECT_TRUE(RetriesNow(gfn)) << gfn;
  for (const Gfn gfn : {Gfn{1}, Gfn{7}}) EXPECT_FALSE(RetriesNow(gfn)) << gfn;
  // Another one, of which nothing has been added yet, leaves it as it is.
  retry_.Begin();
  EXPECT_TRUE(RetriesNow(2));
  EXPECT_FALSE(RetriesNow(1));
  retry_.End();
  EXPECT_TRUE(RetriesNow(6));
  retry_.End();
}

TEST_F(InvalidationTest, ForgottenOnesKeepNobodyWaiting) {
  const uint64_t before = retry_.Snapshot();
  Begin(0, 1);
  Begin(4, 5);
  retry_.Forget();
  EXPECT_EQ(retry_.in_progress(), 0u);
  EXPECT_FALSE(RetriesNow(0));
  EXPECT_EQ(retry_.Snapshot(), before) << "none has ended";
  EXPECT_DEATH(retry_.End(), "has not been started");
}

TEST_F(InvalidationTest, AnEndWithoutAStartFails) {
  EXPECT_DEATH(retry_.End(), "has not been started");
}

}  // namespace
}  // namespace racewalk
