#include "sanitizers/race_reports.h"

#include "core/platform/native/tsan.h"

#if defined(RACEWALK_TSAN)

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "sanitizers/round_record.h"

// The runtime's interface for debuggers, which no header declares.
extern "C" {
int __tsan_get_report_data(void* report, const char** description, int* count, int* stack_count,
                           int* mop_count, int* loc_count, int* mutex_count, int* thread_count,
                           int* unique_tid_count, void** sleep_trace, unsigned long trace_size);
int __tsan_get_report_stack(void* report, unsigned long index, void** trace,
                            unsigned long trace_size);
int __tsan_get_report_mop(void* report, unsigned long index, int* tid, void** address, int* size,
                          int* write, int* atomic, void** trace, unsigned long trace_size);
int __tsan_get_report_thread(void* report, unsigned long index, int* tid, uint64_t* os_id,
                             int* running, const char** name, int* parent, void** trace,
                             unsigned long trace_size);
void __tsan_on_report(void* report);
// Where this program's code begins and ends; the linker's.
extern const char __executable_start;
extern const char etext;
}

namespace racewalk {
namespace {

// Set before there are threads.
RoundRecord* g_races = nullptr;

template <std::size_t n>
void Copy(const char* from, std::array<char, n>& to) {
  std::strncpy(to.data(), from, n - 1);
  to.back() = '\0';
}

using Trace = std::array<void*, RaceSide::kFrames>;

void ReadStack(const Trace& trace, RaceSide& side) {
  const char* const begin = &__executable_start;
  const char* const end = &etext;
  for (std::size_t i = 0; i < trace.size(); ++i) {
    const char* const code = static_cast<const char*>(trace[i]);
    side.stack[i] = code >= begin && code < end ? static_cast<uint64_t>(code - begin) : 0;
  }
}

void ReadThreadName(void* report, int tid, int threads, RaceSide& side) {
  for (int i = 0; i < threads; ++i) {
    int id = -1, running = 0, parent = 0;
    uint64_t os_id = 0;
    const char* name = nullptr;
    void* trace[1] = {};
    __tsan_get_report_thread(report, static_cast<unsigned long>(i), &id, &os_id, &running, &name,
                             &parent, trace, 1);
    if (id != tid || name == nullptr) continue;
    Copy(name, side.thread);
  }
}

void Record(void* report, RoundRecord& record) {
  const char* description = nullptr;
  int count = 0, stacks = 0, mops = 0, locations = 0, mutexes = 0, threads = 0, tids = 0;
  void* sleep[1] = {};
  __tsan_get_report_data(report, &description, &count, &stacks, &mops, &locations, &mutexes,
                         &threads, &tids, sleep, 1);
  const uint32_t index = record.races;
  record.races = index + 1;
  if (index >= RoundRecord::kRaces) return;
  RaceReport& race = record.race[index];
  race = {};
  race.row = record.row;
  race.round = record.round;
  if (description != nullptr) Copy(description, race.what);
  // What is no race has stacks only: where locks were taken, say.
  for (std::size_t i = 0; mops == 0 && i < race.sides.size(); ++i) {
    Trace trace{};
    if (i >= static_cast<std::size_t>(stacks)) break;
    __tsan_get_report_stack(report, i, trace.data(), trace.size());
    ReadStack(trace, race.sides[i]);
  }
  for (std::size_t i = 0; i < race.sides.size() && i < static_cast<std::size_t>(mops); ++i) {
    RaceSide& side = race.sides[i];
    int tid = -1, size = 0, write = 0, atomic = 0;
    void* address = nullptr;
    Trace trace{};
    __tsan_get_report_mop(report, i, &tid, &address, &size, &write, &atomic, trace.data(),
                          trace.size());
    side.write = write != 0;
    side.atomic = atomic != 0;
    ReadThreadName(report, tid, threads, side);
    ReadStack(trace, side);
  }
}

}  // namespace

bool SeesRaces() { return true; }

void RecordRacesIn(RoundRecord* record) { g_races = record; }

}  // namespace racewalk

// The runtime calls it for each report, one at a time, on the thread that saw it.
void __tsan_on_report(void* report) {
  if (racewalk::g_races != nullptr) racewalk::Record(report, *racewalk::g_races);
}

#else

namespace racewalk {

bool SeesRaces() { return false; }

void RecordRacesIn(RoundRecord* /*record*/) {}

}  // namespace racewalk

#endif
