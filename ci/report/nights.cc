#include "ci/report/nights.h"

#include <algorithm>
#include <optional>

namespace racewalk {

void NightWork::Add(const NightWork& other) {
  chunks += other.chunks;
  executions += other.executions;
  distinct += other.distinct;
  most_distinct = std::max(most_distinct, other.most_distinct);
  nanoseconds += other.nanoseconds;
  lost += other.lost;
}

std::optional<double> NightWork::rate() const {
  if (nanoseconds == 0) return std::nullopt;
  return static_cast<double>(executions) / seconds();
}

NightWork Night::total() const {
  NightWork total;
  for (const auto& [engine, work] : engines) total.Add(work);
  return total;
}

}  // namespace racewalk
