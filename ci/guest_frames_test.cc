#include "ci/guest_frames.h"

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "sanitizers/round.h"
#include "sanitizers/scaled.h"
#include "scenarios/library.h"

namespace racewalk {
namespace {

TEST(GuestFrames, AreThoseOfTheScenario) {
  RoundPlan plan{.scenario = *FindScenario("fault_vs_unmap"), .mmu = "tdp", .variant = "owned"};
  plan.pages_per_frame = 4;
  const absl::StatusOr<ScaledSubject> scaled = Scale(plan);
  ASSERT_TRUE(scaled.ok()) << scaled.status();
  const uint64_t first = scaled->prepared.shape.first_gfn;
  const auto number = [](uint64_t gfn) { return absl::StrCat("0x", absl::Hex(gfn)); };
  const GuestFrames frames(plan);
  EXPECT_EQ(frames.Text(first), number(first) + " (frame 0 of the scenario, page 0 of it)");
  EXPECT_EQ(frames.Text(first + 7), number(first + 7) + " (frame 1 of the scenario, page 3 of it)");
  EXPECT_EQ(frames.Text(first - 1), number(first - 1));
  const uint64_t beyond = first + uint64_t{plan.scenario.frames} * 4;
  EXPECT_EQ(frames.Text(beyond), number(beyond));

  plan.pages_per_frame = 1;
  const absl::StatusOr<ScaledSubject> single = Scale(plan);
  ASSERT_TRUE(single.ok()) << single.status();
  EXPECT_EQ(GuestFrames(plan).Text(single->prepared.shape.first_gfn),
            number(single->prepared.shape.first_gfn) + " (frame 0 of the scenario)");
}

TEST(GuestFrames, WithoutARoundNumbersGoByThemselves) { EXPECT_EQ(GuestFrames().Text(5), "5"); }

}  // namespace
}  // namespace racewalk
