#include "sanitizers/race_reports.h"

#include "core/platform/native/tsan.h"

#if defined(RACEWALK_TSAN)

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
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
void __sanitizer_symbolize_pc(void* pc, const char* format, char* buffer, std::size_t size);
void __tsan_on_report(void* report);
}

namespace racewalk {
namespace {

constexpr std::size_t kFrames = 24;

// Set before there are threads.
RoundRecord* g_record = nullptr;

struct Frame {
  const char* function = "";
  const char* file = "";
  const char* line = "";
};

template <std::size_t n>
void Copy(const char* from, std::array<char, n>& to) {
  std::strncpy(to.data(), from, n - 1);
  to.back() = '\0';
}

// Appends what fits, and always a 0.
template <std::size_t n>
void Append(std::array<char, n>& text, std::size_t& used, const Frame& frame) {
  const char* const slash = std::strrchr(frame.file, '/');
  const char* const name = slash == nullptr ? frame.file : slash + 1;
  const int wrote = std::snprintf(text.data() + used, n - used, "%s%s %s:%s", used == 0 ? "" : "\n",
                                  frame.function, name, frame.line);
  if (wrote > 0) used = std::min(used + static_cast<std::size_t>(wrote), n - 1);
}

// What the world below the core does is the same for all of the core's accesses.
bool IsOfPlatform(const Frame& frame) {
  if (frame.file[0] == '\0' || std::strcmp(frame.file, "??") == 0) return true;
  for (const char* part : {"core/platform/", "sanitizers/stress_platform", "/include/c++/",
                           "/lib/llvm", "compiler-rt", "<null>"}) {
    if (std::strstr(frame.file, part) != nullptr) return true;
  }
  return false;
}

// Calls visit with each function that was inlined at `pc`, the innermost first.
template <typename Visit>
void Symbolize(void* pc, Visit visit) {
  static char buffer[8192];  // reports are made one at a time
  std::memset(buffer, 0, sizeof buffer);
  __sanitizer_symbolize_pc(pc, "%f\t%s\t%l", buffer, sizeof buffer - 1);
  for (char* text = buffer; *text != '\0' && text < buffer + sizeof buffer - 1;) {
    char* const next = text + std::strlen(text) + 1;
    Frame frame{.function = text};
    if (char* const file = std::strchr(text, '\t'); file != nullptr) {
      *file = '\0';
      frame.file = file + 1;
      if (char* const line = std::strchr(file + 1, '\t'); line != nullptr) {
        *line = '\0';
        frame.line = line + 1;
      }
    }
    visit(frame);
    text = next;
  }
}

void ReadStack(void* const* trace, RaceSide& side) {
  std::size_t used = 0;
  void* last = nullptr;
  for (std::size_t i = 0; i < kFrames && trace[i] != nullptr; ++i) {
    // A frame stands there once for each function that was inlined in it.
    if (trace[i] == last) continue;
    last = trace[i];
    Symbolize(last, [&](const Frame& frame) {
      Append(side.stack, used, frame);
      if (side.place[0] != '\0' || IsOfPlatform(frame)) return;
      const char* const slash = std::strrchr(frame.file, '/');
      std::snprintf(side.place.data(), side.place.size(), "%s:%s",
                    slash == nullptr ? frame.file : slash + 1, frame.line);
    });
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
    void* trace[kFrames] = {};
    if (i >= static_cast<std::size_t>(stacks)) break;
    __tsan_get_report_stack(report, i, trace, kFrames);
    ReadStack(trace, race.sides[i]);
  }
  for (std::size_t i = 0; i < race.sides.size() && i < static_cast<std::size_t>(mops); ++i) {
    RaceSide& side = race.sides[i];
    int tid = -1, size = 0, write = 0, atomic = 0;
    void* address = nullptr;
    void* trace[kFrames] = {};
    __tsan_get_report_mop(report, i, &tid, &address, &size, &write, &atomic, trace, kFrames);
    side.write = write != 0;
    side.atomic = atomic != 0;
    ReadThreadName(report, tid, threads, side);
    ReadStack(trace, side);
  }
}

}  // namespace

bool SeesRaces() { return true; }

void RecordRacesIn(RoundRecord* record) { g_record = record; }

}  // namespace racewalk

// The runtime calls it for each report, one at a time, on the thread that saw it.
void __tsan_on_report(void* report) {
  if (racewalk::g_record != nullptr) racewalk::Record(report, *racewalk::g_record);
}

#else

namespace racewalk {

bool SeesRaces() { return false; }

void RecordRacesIn(RoundRecord* /*record*/) {}

}  // namespace racewalk

#endif
