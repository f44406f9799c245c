#include "sanitizers/round_record.h"

#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <source_location>
#include <type_traits>

#include "core/platform/native/fail.h"
#include "core/violation.h"
#include "sanitizers/race_reports.h"

namespace racewalk {
namespace {

static_assert(std::is_trivially_copyable_v<Violation>);
static_assert(std::is_trivially_destructible_v<RoundRecord>);

// Set before there are threads.
RoundRecord* g_record = nullptr;

}  // namespace

void RoundRecord::Clear() {
  running = false;
  violated = 0;
  races = 0;
}

void RecordViolationsIn(RoundRecord& record) {
  // Threads of earlier rounds, such as liburcu's, may be there to read it.
  if (g_record == &record) return;
  g_record = &record;
  SetNativeFailHandler(RecordViolation);
  RecordRacesIn(&record);
}

void RecordViolation(const Violation& violation, std::source_location where, const char* thread) {
  RoundRecord& record = *g_record;
  uint32_t none = 0;
  if (!record.violated.compare_exchange_strong(none, 1)) {
    // Another thread was first, and is about to end all of us.
    for (;;) pause();
  }
  record.violation = violation;
  record.violation.where = where;
  std::strncpy(record.thread.data(), thread, record.thread.size() - 1);
  record.thread.back() = '\0';
  record.violated = 2;
  // Not exit(): other threads are in the midst of things.
  _exit(kViolationRecorded);
}

}  // namespace racewalk
