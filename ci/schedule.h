// Who runs what next: equal time for every unit, in chunks of a good length.
#ifndef RACEWALK_CI_SCHEDULE_H_
#define RACEWALK_CI_SCHEDULE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ci/chunk.h"

namespace racewalk {

struct ScheduleOptions {
  std::size_t units = 0;
  int jobs = 1;
  uint64_t seed = 0;
  std::optional<double> seconds{};       // wall time in total
  std::optional<uint64_t> executions{};  // of each unit
  // By unit: whether each of its chunks begins where the one before it ended,
  // so that no two are under way. Empty: none is so.
  std::vector<bool> serial{};
};

// Pure bookkeeping: knows no clock and no process. Thread-compatible.
//
// Invariants: no execution of a unit is handed out twice; unless a unit is
// closed, its executions are handed out from 0 without a gap.
class Schedule {
 public:
  // Until a unit's rate is known. Short, so that each unit is seen soon.
  static constexpr uint64_t kFirstChunk = 500;
  // Long enough that handing out costs nothing, short enough to follow a clock.
  static constexpr double kChunkSeconds = 0.25;

  explicit Schedule(const ScheduleOptions& options);

  // What `worker` should do next, `seconds_left` before the end (if there is
  // one); nullopt if there is nothing more to hand out.
  std::optional<ChunkRequest> Next(int worker, std::optional<double> seconds_left);
  // The worker's chunk took so long; `executions` were run.
  void Done(int worker, uint64_t executions, double seconds);
  // The worker's chunk is lost; of a serial unit no more is handed out.
  void Lost(int worker);
  // Hands out no more of the unit.
  void Close(std::size_t unit);

  const ChunkRequest& running(int worker) const {
    return workers_[static_cast<std::size_t>(worker)].request;
  }

 private:
  struct Entry {
    bool closed = false;
    bool waits = false;       // serial, and a chunk is under way
    uint64_t next = 0;        // first execution that is not handed out
    double spent = 0;         // seconds, with estimates of what is under way
    uint64_t executions = 0;  // that are done
    double seconds = 0;       // that they took
  };
  struct Place {
    ChunkRequest request{};
    double estimate = 0;
    std::optional<std::size_t> last{};  // the unit it has an explorer for
  };

  bool Open(const Entry& entry) const {
    return !entry.closed && !entry.waits &&
           !(options_.executions && entry.next >= *options_.executions);
  }
  bool Serial(std::size_t unit) const {
    return unit < options_.serial.size() && options_.serial[unit];
  }
  std::optional<std::size_t> Choose(const Place& place) const;
  // Seconds of one worker that each open unit may still use.
  double Share() const;

  ScheduleOptions options_;
  std::vector<Entry> entries_;
  std::vector<Place> workers_;
};

}  // namespace racewalk

#endif  // RACEWALK_CI_SCHEDULE_H_
