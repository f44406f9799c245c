// Goal: at rest a counter is the sum of what was added, by however many threads.
// Method: more threads at once than have a word of their own, twice, so that
// words pass from thread to thread.
#include "core/platform/native/counter.h"

#include <gtest/gtest.h>

#include <barrier>
#include <thread>
#include <vector>

namespace racewalk {
namespace {

TEST(NativeCounterTest, LosesNothing) {
  constexpr int kThreads = 20;
  constexpr int kAdds = 2000;
  NativeCounter counter;
  for (int round = 1; round <= 2; ++round) {
    std::barrier begin(kThreads);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        begin.arrive_and_wait();
        for (int add = 0; add < kAdds; ++add) {
          counter.add(3);
          counter.add(-1);
        }
        begin.arrive_and_wait();  // none goes before all have added
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(counter.peek(), int64_t{2} * kThreads * kAdds * round);
  }
}

}  // namespace
}  // namespace racewalk
