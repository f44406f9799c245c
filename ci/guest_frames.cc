#include "ci/guest_frames.h"

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "sanitizers/scaled.h"

namespace racewalk {

GuestFrames::GuestFrames(const RoundPlan& plan) {
  const absl::StatusOr<ScaledSubject> scaled = Scale(plan);
  if (!scaled.ok()) return;
  first_ = scaled->prepared.shape.first_gfn;
  pages_per_frame_ = plan.pages_per_frame;
  frames_ = plan.scenario.frames;
}

std::string GuestFrames::Text(uint64_t gfn) const {
  const std::string number =
      gfn < 1'000'000 ? absl::StrCat(gfn) : absl::StrCat("0x", absl::Hex(gfn));
  if (gfn < first_ || gfn - first_ >= frames_ * pages_per_frame_) return number;
  const uint64_t page = gfn - first_;
  return absl::StrCat(
      number, " (frame ", page / pages_per_frame_, " of the scenario",
      pages_per_frame_ == 1 ? "" : absl::StrCat(", page ", page % pages_per_frame_, " of it"), ")");
}

}  // namespace racewalk
