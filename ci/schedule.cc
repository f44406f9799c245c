#include "ci/schedule.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

namespace racewalk {
namespace {

constexpr double kShortestChunkSeconds = 0.01;
// A worker may run ahead with its unit so far before it changes to another:
// a change costs an explorer.
constexpr double kLongestSlice = 1.0;

}  // namespace

Schedule::Schedule(const ScheduleOptions& options)
    : options_(options),
      entries_(options.units),
      workers_(static_cast<std::size_t>(options.jobs)) {}

double Schedule::Share() const {
  if (!options_.seconds) return 8 * kLongestSlice;
  const auto units = static_cast<double>(std::max<std::size_t>(entries_.size(), 1));
  return *options_.seconds * options_.jobs / units;
}

std::optional<std::size_t> Schedule::Choose(const Place& place) const {
  std::optional<std::size_t> least;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!Open(entries_[i])) continue;
    if (!least || entries_[i].spent < entries_[*least].spent) least = i;
  }
  if (!least || !place.last || !Open(entries_[*place.last])) return least;
  const double slice = std::min(Share() / 8, kLongestSlice);
  return entries_[*place.last].spent <= entries_[*least].spent + slice ? place.last : least;
}

std::optional<ChunkRequest> Schedule::Next(int worker, std::optional<double> seconds_left) {
  if (seconds_left && *seconds_left <= 0) return std::nullopt;
  Place& place = workers_[static_cast<std::size_t>(worker)];
  const std::optional<std::size_t> unit = Choose(place);
  if (!unit) return std::nullopt;
  Entry& entry = entries_[*unit];
  double target = std::clamp(Share() / 8, kShortestChunkSeconds, kChunkSeconds);
  if (seconds_left) target = std::min(target, *seconds_left);
  uint64_t count = kFirstChunk;
  place.estimate = target;
  if (entry.executions != 0 && entry.seconds > 0) {
    const double wanted = static_cast<double>(entry.executions) / entry.seconds * target;
    count = static_cast<uint64_t>(std::clamp(wanted, 1.0, 1e9));
  }
  uint64_t left = std::numeric_limits<uint64_t>::max() - entry.next;
  if (options_.executions) left = *options_.executions - entry.next;
  count = std::min(count, left);
  place.request = {.unit = *unit, .seed = options_.seed, .first = entry.next, .count = count};
  place.last = *unit;
  entry.next += count;
  entry.spent += place.estimate;
  entry.waits = Serial(*unit);
  return place.request;
}

void Schedule::Done(int worker, uint64_t executions, double seconds) {
  Place& place = workers_[static_cast<std::size_t>(worker)];
  Entry& entry = entries_[place.request.unit];
  entry.spent += seconds - place.estimate;
  entry.executions += executions;
  entry.waits = false;
  entry.seconds += seconds;
}

void Schedule::Lost(int worker) {
  Place& place = workers_[static_cast<std::size_t>(worker)];
  entries_[place.request.unit].spent -= place.estimate;
  place.last.reset();
}

void Schedule::Close(std::size_t unit) { entries_[unit].closed = true; }

}  // namespace racewalk
