// A mutant: one protocol point, weakened in one MMU and variant that need it,
// and what became of it.
#ifndef RACEWALK_CI_MUTANT_H_
#define RACEWALK_CI_MUTANT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/protocol.h"

namespace racewalk {

struct MutantUnit {
  std::string point{};
  std::string mmu{};
  std::string variant{};
  bool operator==(const MutantUnit&) const = default;
};

// "flush_frozen tdp owned".
std::string MutantName(const MutantUnit& unit);

// One search, with one seed: how many executions of the library and how many
// seconds it took to the violation.
struct MutantSearch {
  std::optional<uint64_t> executions{};  // nothing: no violation
  std::optional<double> seconds{};       // nothing: not known
  bool operator==(const MutantSearch&) const = default;
};

struct MutantResult {
  // Of the first seed that found one; "" if none did.
  std::string kind{};
  std::string invariant{};
  std::string scenario{};
  std::string token{};
  std::vector<MutantSearch> searches{};  // one for each seed
  bool operator==(const MutantResult&) const = default;

  bool killed() const { return !token.empty(); }
  bool killed_by_all() const;
};

// In the order of core/protocol.h, each point's as UnitsOf has them.
std::vector<MutantUnit> AllMutants();

// A point that is judged nowhere, and why.
struct PointWithoutUnits {
  std::string point{};
  std::string why{};
};
std::vector<PointWithoutUnits> PointsWithoutUnits(absl::Span<const PointInfo> points);

// Those of `points` (all if empty), of `mmu` ("": any) and of `variants` (all if
// empty). Error: InvalidArgument, one line with a remedy: an unknown name, or
// nothing left.
absl::StatusOr<std::vector<MutantUnit>> SelectMutants(const std::vector<std::string>& points,
                                                      const std::string& mmu,
                                                      const std::vector<std::string>& variants);

// `count` of them at random (the same for the same seed), in the same order.
std::vector<MutantUnit> SampleOf(std::vector<MutantUnit> units, uint64_t count, uint64_t seed);

}  // namespace racewalk

#endif  // RACEWALK_CI_MUTANT_H_
