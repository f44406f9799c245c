// Goal: a relaxed store publishes nothing, not even what an earlier release of
// its word has published, while read-modify-writes go on publishing that; and
// it orders nobody who stores. Whoever frees the word or writes it plainly races with it.
// Method: messages between threads; a wrong one is a race that ThreadSanitizer
// reports, in a process of its own.
#include "sanitizers/relaxed_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <thread>

#include "core/platform/native/tsan.h"
#include "sanitizers/stress_platform.h"

namespace racewalk {
namespace {

using P = StressPlatform;

// The reader waits for 2, and then reads what the writer of 1 has written before.
template <typename F>
void Race(F second) {
  RelaxedStore::Prepare();
  P::Plain<int> data(0);
  P::Atomic<uint64_t> word(0);
  std::thread reader([&] {
    // relaxed: or it might acquire what has stored 1
    while (word.load(std::memory_order_relaxed) != 2) std::this_thread::yield();
    static_cast<void>(word.load(std::memory_order_acquire));
    EXPECT_NE(data.load(), 1);  // or it would not be read
  });
  data.store(7);
  word.store(1, std::memory_order_release);
  second(word);
  reader.join();
}

void AddRelaxed(P::Atomic<uint64_t>& word) { word.fetch_add(1, std::memory_order_relaxed); }
void StoreReleased(P::Atomic<uint64_t>& word) { word.store(2, std::memory_order_release); }

// In a build with ThreadSanitizer a race would be reported here, too.
TEST(RelaxedStoreRaceTest, ReadModifyWritesAndReleasesPublish) {
  Race(AddRelaxed);
  Race(StoreReleased);
}

TEST(RelaxedStoreRaceTest, IsSeenByWhoeverReads) {
  RelaxedStore::Prepare();
  P::Atomic<uint64_t> word(0);
  word.store(5, std::memory_order_relaxed);
  EXPECT_EQ(word.load(std::memory_order_relaxed), 5u);
}

#if defined(RACEWALK_TSAN)
void StoreRelaxed(P::Atomic<uint64_t>& word) { word.store(2, std::memory_order_relaxed); }

TEST(RelaxedStoreRaceDeathTest, EndsWhatAReleaseHasPublished) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        Race(StoreRelaxed);
        std::exit(0);
      },
      testing::ExitedWithCode(66), "ThreadSanitizer: data race");
}

// Each thread stores relaxed before and after it writes.
TEST(RelaxedStoreRaceDeathTest, OrdersNobodyWhoStores) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        RelaxedStore::Prepare();
        P::Plain<int> data(0);
        P::Atomic<uint64_t> word(0);
        const auto body = [&] {
          word.store(1, std::memory_order_relaxed);
          data.store(1);
          word.store(2, std::memory_order_relaxed);
        };
        std::thread other(body);
        body();
        other.join();
        std::exit(0);
      },
      testing::ExitedWithCode(66), "ThreadSanitizer: data race");
}

// other(word), by this thread, is not ordered with store(word), and comes second or first.
template <typename Word, typename Store, typename Other>
[[noreturn]] void RaceWithAStore(bool store_first, Store store, Other other) {
  RelaxedStore::Prepare();
  auto* const word = new Word(0);
  std::atomic<bool> done = false;
  const auto wait = [&] {
    while (!done.load(std::memory_order_relaxed)) std::this_thread::yield();
  };
  std::thread storing([&] {
    if (!store_first) wait();
    store(word);
    if (!store_first) return;
    done.store(true, std::memory_order_relaxed);
    for (;;) std::this_thread::yield();
  });
  if (store_first) wait();
  other(word);
  done.store(true, std::memory_order_relaxed);
  if (!store_first) storing.join();
  std::exit(0);
}

// Of a word alone: its name would be read, and that would be reported.
TEST(RelaxedStoreRaceDeathTest, RacesWithWhoeverFreesTheWord) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  using Word = std::atomic<uint64_t>;
  const auto store = [](Word* word) {
    RelaxedStore::Make([&] { static_cast<void>(word->load(std::memory_order_relaxed)); },
                       [&](std::memory_order as) { word->store(1, as); });
  };
  const auto free = [](Word* word) { delete word; };
  for (const bool store_first : {true, false}) {
    EXPECT_EXIT(RaceWithAStore<Word>(store_first, store, free), testing::ExitedWithCode(66),
                "ThreadSanitizer: (data race|heap-use-after-free)");
  }
}

TEST(RelaxedStoreRaceDeathTest, RacesWithAPlainWriteOfTheWord) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  using Word = P::Atomic<uint64_t>;
  const auto store = [](Word* word) { word->store(1, std::memory_order_relaxed); };
  const auto write = [](Word* word) { *reinterpret_cast<volatile uint64_t*>(word) = 3; };
  for (const bool store_first : {true, false}) {
    EXPECT_EXIT(RaceWithAStore<Word>(store_first, store, write), testing::ExitedWithCode(66),
                "ThreadSanitizer: data race");
  }
}
#endif

}  // namespace
}  // namespace racewalk
