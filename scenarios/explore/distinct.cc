#include "scenarios/explore/distinct.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "scenarios/rng.h"

namespace racewalk {

DistinctCounter::DistinctCounter(std::size_t capacity)
    : capacity_(std::max(capacity, kMinCapacity)) {}

void DistinctCounter::Add(uint64_t hash) { AddMixed(Mix64(hash)); }

void DistinctCounter::AddMixed(uint64_t mixed) {
  if (mixed > limit_) return;
  kept_.insert(mixed);
  if (kept_.size() > capacity_ + capacity_ / 4) Prune();
}

std::vector<uint64_t> DistinctCounter::Smallest() const {
  std::vector<uint64_t> values(kept_.begin(), kept_.end());
  if (values.size() > capacity_) {
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(capacity_),
                     values.end());
    values.resize(capacity_);
  }
  std::sort(values.begin(), values.end());
  return values;
}

void DistinctCounter::Prune() {
  if (kept_.size() <= capacity_) return;
  const std::vector<uint64_t> values = Smallest();
  limit_ = values.back();
  kept_.clear();
  kept_.insert(values.begin(), values.end());
}

void DistinctCounter::Merge(const DistinctCounter& other) {
  // Adding to itself would change what is iterated over, and adds nothing.
  if (&other == this) return;
  for (uint64_t mixed : other.kept_) AddMixed(mixed);
  // Between the two limits `other` has seen values that nobody has kept.
  if (other.limit_ < limit_) {
    limit_ = other.limit_;
    absl::erase_if(kept_, [this](uint64_t mixed) { return mixed > limit_; });
  }
}

bool DistinctCounter::exact() const { return limit_ == kNoLimit && kept_.size() <= capacity_; }

uint64_t DistinctCounter::count() const {
  if (exact()) return kept_.size();
  std::vector<uint64_t> values(kept_.begin(), kept_.end());
  const std::size_t k = std::min(capacity_, values.size());
  if (k < 2) return k;
  const auto kth = values.begin() + static_cast<std::ptrdiff_t>(k - 1);
  std::nth_element(values.begin(), kth, values.end());
  // Mixed hashes are uniform over [0, 2^64).
  const double fraction = std::ldexp(static_cast<double>(*kth) + 1, -64);
  const double estimate = static_cast<double>(k - 1) / fraction;
  return static_cast<uint64_t>(std::min(estimate + 0.5, 18446744073709549568.0));
}

std::vector<uint64_t> DistinctCounter::Serialize() const {
  std::vector<uint64_t> values = Smallest();
  const uint64_t limit = kept_.size() > capacity_ ? values.back() : limit_;
  values.insert(values.begin(), {capacity_, limit});
  return values;
}

absl::StatusOr<DistinctCounter> DistinctCounter::Deserialize(absl::Span<const uint64_t> words) {
  const auto damaged = [] {
    return absl::InvalidArgumentError("the stored distinct counter is damaged; count again");
  };
  if (words.size() < 2 || words[0] < kMinCapacity || words.size() - 2 > words[0]) return damaged();
  DistinctCounter counter(words[0]);
  counter.limit_ = words[1];
  const absl::Span<const uint64_t> values = words.subspan(2);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] > counter.limit_ || (i > 0 && values[i] <= values[i - 1])) return damaged();
  }
  counter.kept_.insert(values.begin(), values.end());
  return counter;
}

}  // namespace racewalk
