// How many different hashes were seen: exact up to a limit, then an estimate.
#ifndef RACEWALK_SCENARIOS_EXPLORE_DISTINCT_H_
#define RACEWALK_SCENARIOS_EXPLORE_DISTINCT_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace racewalk {

// Keeps the `capacity` smallest of the mixed hashes it has seen (a bottom-k or
// KMV sketch: Bar-Yossef et al., RANDOM 2002; Beyer et al., SIGMOD 2007). Once
// more have been seen, their k-th smallest tells how densely all of them lie:
// the standard error is about 1/sqrt(capacity), 0.1 % by default. The result
// does not depend on the order of what was added or merged. Memory grows with
// what is kept, to about 12 bytes for each of 5/4 of the capacity.
// Thread-compatible.
class DistinctCounter {
 public:
  static constexpr std::size_t kDefaultCapacity = std::size_t{1} << 20;
  static constexpr std::size_t kMinCapacity = 16;

  // A smaller capacity counts as kMinCapacity.
  explicit DistinctCounter(std::size_t capacity = kDefaultCapacity);

  // Any hash will do: it is mixed again.
  void Add(uint64_t hash);
  // As if all that `other` has seen had been added; if `other` has a smaller
  // capacity and is not exact, the estimate becomes as coarse as its own.
  void Merge(const DistinctCounter& other);

  // Takes time linear in what is kept once it is not exact.
  uint64_t count() const;
  bool exact() const;
  std::size_t capacity() const { return capacity_; }

  // Capacity, limit, then what is kept in ascending order: the same for
  // counters that have seen the same, so that it may be stored and compared.
  std::vector<uint64_t> Serialize() const;
  // Error: InvalidArgument, one line, if `words` is not what Serialize makes.
  static absl::StatusOr<DistinctCounter> Deserialize(absl::Span<const uint64_t> words);

 private:
  static constexpr uint64_t kNoLimit = ~uint64_t{0};

  void AddMixed(uint64_t mixed);
  // What is kept in ascending order, at most the `capacity_` smallest.
  std::vector<uint64_t> Smallest() const;
  void Prune();

  std::size_t capacity_;
  // All mixed hashes seen that are at most this are kept; none above it is.
  uint64_t limit_ = kNoLimit;
  // May exceed the capacity by a quarter, so that pruning is rare.
  absl::flat_hash_set<uint64_t> kept_{};
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_DISTINCT_H_
