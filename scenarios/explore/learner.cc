#include "scenarios/explore/learner.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/platform/decisions.h"
#include "scenarios/explore/conflict.h"

namespace racewalk {
namespace {

// Enough for every strategy that asks.
constexpr std::size_t kMostWords = 8;

// How often two threads' operations on the word can meet.
uint64_t Contention(const WordProfile& word) {
  uint64_t sum = 0;
  uint64_t squares = 0;
  for (uint64_t count : word.operations) {
    sum += count;
    squares += count * count;
  }
  return sum * sum - squares;
}

}  // namespace

void Learner::Begin(uint64_t key) {
  random_.Begin(key);
  ++executions_;
}

void Learner::Count(const PickView& view, int thread) {
  if (view.next == nullptr) return;
  const Announcement& next = (*view.next)[static_cast<std::size_t>(thread)];
  if (next.location == 0) return;
  if (words_.size() <= next.location) words_.resize(next.location + 1);
  Word& word = words_[next.location];
  ++word.operations[static_cast<std::size_t>(thread)];
  word.written |= !OnlyReads(next.kind);
}

int Learner::Pick(const PickView& view) {
  const int thread = random_.Pick(view);
  Count(view, thread);
  return thread;
}

void Learner::Forced(const PickView& view) { Count(view, std::countr_zero(view.enabled)); }

void Learner::Fill(Profile& profile) const {
  std::array<uint64_t, kMaxThreads> all{};
  profile.words.clear();
  const auto mean = [this](uint64_t sum) {
    const uint64_t executions = std::max<uint64_t>(executions_, 1);
    return static_cast<uint32_t>((sum + executions - 1) / executions);
  };
  for (std::size_t location = 0; location < words_.size(); ++location) {
    const Word& word = words_[location];
    WordProfile learned{.location = static_cast<uint32_t>(location)};
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i] += word.operations[i];
      learned.operations[i] = mean(word.operations[i]);
    }
    if (word.written && Contention(learned) != 0) profile.words.push_back(learned);
  }
  std::transform(all.begin(), all.end(), profile.operations.begin(), mean);
  std::sort(profile.words.begin(), profile.words.end(),
            [](const WordProfile& a, const WordProfile& b) {
              const uint64_t left = Contention(a);
              const uint64_t right = Contention(b);
              return left != right ? left > right : a.location < b.location;
            });
  if (profile.words.size() > kMostWords) profile.words.resize(kMostWords);
}

}  // namespace racewalk
