// Goal: a request and an entry to guest mode never miss each other.
// Method: the cases one by one, then both sides on real threads in rounds.
#include "core/vcpu/vcpu.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "core/platform/native.h"
#include "core/vm/fake_environment.h"

namespace racewalk {
namespace {

using P = NativePlatform;

class VcpuTest : public testing::Test {
 protected:
  FakeEnvironment environment_{1};
  Vcpu<P> vcpu_{0};
};

TEST_F(VcpuTest, EntersWithoutRequests) {
  EXPECT_TRUE(vcpu_.Enter());
  vcpu_.Exit();
  EXPECT_EQ(vcpu_.TakeRequests(), 0u);
  EXPECT_EQ(vcpu_.root, Vcpu<P>::kNoRoot);
}

TEST_F(VcpuTest, ARequestKeepsItOutUntilItIsTaken) {
  vcpu_.Request(kRequestFlush, environment_);
  EXPECT_EQ(environment_.interrupts(), 0u) << "it is outside of the guest and looks by itself";
  EXPECT_FALSE(vcpu_.Enter());
  EXPECT_FALSE(vcpu_.Enter());
  EXPECT_EQ(vcpu_.TakeRequests(), kRequestFlush);
  EXPECT_TRUE(vcpu_.Enter());
}

TEST_F(VcpuTest, RequestsAddUp) {
  vcpu_.Request(kRequestFlush, environment_);
  vcpu_.Request(kRequestFreeObsoleteRoot, environment_);
  EXPECT_EQ(vcpu_.pending(), kRequestFlush | kRequestFreeObsoleteRoot);
  EXPECT_EQ(vcpu_.TakeRequests(), kRequestFlush | kRequestFreeObsoleteRoot);
  EXPECT_EQ(vcpu_.TakeRequests(), 0u);
}

TEST_F(VcpuTest, AGuestIsInterrupted) {
  ASSERT_TRUE(vcpu_.Enter());
  vcpu_.Request(kRequestFlush, environment_);
  EXPECT_EQ(environment_.interrupts(), 1u);
  vcpu_.Exit();
  vcpu_.Request(kRequestFlush, environment_);
  EXPECT_EQ(environment_.interrupts(), 1u);
}

TEST_F(VcpuTest, AKickMakesItLeaveAndAsksForNothing) {
  vcpu_.Kick(environment_);
  EXPECT_EQ(environment_.interrupts(), 0u) << "it is outside of the guest";
  ASSERT_TRUE(vcpu_.Enter());
  vcpu_.Kick(environment_);
  EXPECT_EQ(environment_.interrupts(), 1u);
  vcpu_.Exit();
  EXPECT_EQ(vcpu_.pending(), 0u);
  EXPECT_TRUE(vcpu_.Enter());
}

// The guest uses a page until it is asked to forget it; when Request has
// returned it no longer does.
TEST_F(VcpuTest, WhoeverRequestedKnowsThatTheGuestHasStopped) {
  constexpr int kRounds = 5000;
  std::atomic<bool> valid{true};
  std::atomic<int> bad{0};
  std::barrier round(2);
  std::thread guest([&] {
    for (int i = 0; i < kRounds; ++i) {
      round.arrive_and_wait();
      environment_.BeginGuest(0);
      if (vcpu_.Enter()) {
        if (!valid.load(std::memory_order_relaxed)) bad.fetch_add(1);
        vcpu_.Exit();
      }
      environment_.EndGuest(0);
      round.arrive_and_wait();
      vcpu_.TakeRequests();
      round.arrive_and_wait();
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    round.arrive_and_wait();
    vcpu_.Request(kRequestFlush, environment_);
    valid.store(false, std::memory_order_relaxed);
    round.arrive_and_wait();
    round.arrive_and_wait();
    valid.store(true, std::memory_order_relaxed);
  }
  guest.join();
  EXPECT_EQ(bad.load(), 0);
}

}  // namespace
}  // namespace racewalk
