// Threads that do something at the same time, and how long that took.
#ifndef RACEWALK_CORE_PLATFORM_NATIVE_CREW_H_
#define RACEWALK_CORE_PLATFORM_NATIVE_CREW_H_

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

namespace racewalk {

// Threads 0 to n - 1, of which 0 is the one that made the crew. Between rounds
// the others sleep, so that what thread 0 does then is not disturbed.
class Crew {
 public:
  explicit Crew(int threads) : threads_(threads), spans_(static_cast<std::size_t>(threads)) {
    for (int i = 1; i < threads; ++i) {
      members_.emplace_back([this, i] { Serve(i); });
    }
  }
  ~Crew() {
    body_ = nullptr;
    Begin();
    for (std::thread& member : members_) member.join();
  }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  int threads() const { return threads_; }

  // Runs body(thread) on all of them; the seconds from the first that began to
  // the last that ended. None begins before all are awake.
  double Run(std::function<void(int)> body) {
    body_ = std::move(body);
    awake_.store(0, std::memory_order_relaxed);
    done_.store(0, std::memory_order_relaxed);
    Begin();
    Work(0);
    // acquire: pairs with Work
    while (done_.load(std::memory_order_acquire) != threads_) std::this_thread::yield();
    Clock::time_point begin = spans_[0].begin;
    Clock::time_point end = spans_[0].end;
    for (const Span& span : spans_) {
      begin = std::min(begin, span.begin);
      end = std::max(end, span.end);
    }
    return std::chrono::duration<double>(end - begin).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct alignas(64) Span {
    Clock::time_point begin;
    Clock::time_point end;
  };

  void Begin() {
    // release: pairs with Serve
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
  }
  void Serve(int self) {
    for (int round = 0;; ++round) {
      round_.wait(round, std::memory_order_acquire);  // acquire: pairs with Begin
      if (body_ == nullptr) return;
      Work(self);
    }
  }
  void Work(int self) {
    // relaxed: nothing is read that another of them has written
    awake_.fetch_add(1, std::memory_order_relaxed);
    for (int spins = 1; awake_.load(std::memory_order_relaxed) != threads_; ++spins) {
      // With fewer processors than threads the others need this one.
      if (spins % kSpinsPerYield == 0) std::this_thread::yield();
    }
    Span& span = spans_[static_cast<std::size_t>(self)];
    span.begin = Clock::now();
    body_(self);
    span.end = Clock::now();
    done_.fetch_add(1, std::memory_order_release);  // release: pairs with Run
  }

  static constexpr int kSpinsPerYield = 1000;

  const int threads_;
  std::function<void(int)> body_;  // null: it is over
  std::vector<Span> spans_;
  std::atomic<int> round_{0};
  std::atomic<int> awake_{0};
  std::atomic<int> done_{0};
  std::vector<std::thread> members_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_CREW_H_
