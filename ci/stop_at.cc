#include "ci/stop_at.h"

#include <csignal>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace racewalk {

absl::Status CheckStep(const Recording& recording, uint64_t step) {
  if (step > recording.steps) {
    return absl::InvalidArgumentError(
        absl::StrCat("--stop-at=", step, ": the execution has ", recording.steps,
                     " steps; give a number from 0 to ", recording.steps));
  }
  uint64_t before = 0;
  uint64_t after = Violation::kNoNumber;
  for (const Event& event : recording.events) {
    if (event.step == step) return absl::OkStatus();
    if (event.step < step) before = event.step;
    if (event.step > step && after == Violation::kNoNumber) after = event.step;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--stop-at=", step, ": nothing was done in that step but to wait; the nearest ",
                   after == Violation::kNoNumber ? absl::StrCat("is ", before)
                                                 : absl::StrCat("are ", before, " and ", after)));
}

void BreakAt(Explorer& explorer, Strategy& strategy, uint64_t key, uint64_t step) {
  explorer.set_stop(step, [] { std::raise(SIGTRAP); });
  explorer.Record(strategy, key, true);
  explorer.set_stop(0, nullptr);
}

void CutAfter(Recording& recording, uint64_t step) {
  std::erase_if(recording.events, [step](const Event& event) { return event.step > step; });
  if (recording.violation.step > step) recording.violation = Violation{};
}

}  // namespace racewalk
