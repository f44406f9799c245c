// Goal: a scaled subject is the scenario in the middle of full-size tables, and
// what cannot be one is refused.
// Method: operations of each kind of number, looked at.
#include "sanitizers/scaled.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "scenarios/parser.h"

namespace racewalk {
namespace {

RoundPlan PlanOf(const std::string& text, uint32_t pages) {
  const absl::StatusOr<Scenario> scenario = ParseScenario(text, "test");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  RoundPlan plan{.scenario = *scenario, .mmu = "tdp", .variant = "owned"};
  plan.pages_per_frame = pages;
  return plan;
}

constexpr uint32_t kBoundary = 1U << 27;

TEST(ScaledTest, GuestFramesAreInTheMiddleAndHostAddressesFromZero) {
  const absl::StatusOr<ScaledSubject> scaled =
      Scale(PlanOf("tdp frames=4 slots=0..1 device=1 vcpu a{write 0..1} host h{unmap 1} "
                   "vmm m{slot add 1 2..3; slot move 1 1..2}",
                   16));
  ASSERT_TRUE(scaled.ok()) << scaled.status();
  const PreparedSubject& prepared = scaled->prepared;
  EXPECT_EQ(prepared.shape.guest_frames, 64u);
  EXPECT_EQ(prepared.shape.first_gfn, kBoundary - 32);
  using Range = std::pair<uint64_t, uint64_t>;
  EXPECT_EQ(Range(prepared.shape.slots[0]), Range(kBoundary - 32, kBoundary - 1));
  EXPECT_EQ(Range(prepared.shape.devices[0]), Range(16, 31));
  const auto operation = [&](std::size_t thread, std::size_t i) {
    return prepared.threads[thread].operations[i];
  };
  EXPECT_EQ(operation(0, 0).range, (GfnRange{kBoundary - 32, kBoundary - 1}));
  EXPECT_EQ(operation(1, 0).range, (GfnRange{16, 31}));
  EXPECT_EQ(operation(2, 0).range, (GfnRange{kBoundary, kBoundary + 31}));
  EXPECT_EQ(operation(2, 1).target, (GfnRange{kBoundary - 16, kBoundary + 15}));
}

TEST(ScaledTest, ChecksHoldWhereTheTablesAreTheScenariosOwn) {
  const std::string text = "tdp frames=2 vcpu a{write 0} vcpu b{write 1} check{mapped 1}";
  const absl::StatusOr<ScaledSubject> whole = Scale(PlanOf(text, 256));
  ASSERT_TRUE(whole.ok());
  ASSERT_EQ(whole->checks.size(), 1u);
  // One table of 512 pages, not halves of two.
  EXPECT_EQ(whole->prepared.shape.first_gfn, kBoundary - 512);
  EXPECT_EQ(whole->checks[0].range, (GfnRange{kBoundary - 256, kBoundary - 1}));
  EXPECT_TRUE(Scale(PlanOf(text, 16))->checks.empty());
  RoundPlan shuffled = PlanOf(text, 256);
  shuffled.in_order = false;
  EXPECT_TRUE(Scale(shuffled)->checks.empty());
}

TEST(ScaledTest, WithSmallTablesAllStaysAsItIs) {
  const std::string text = "tdp frames=4 vcpu a{write 2..3} host h{unmap 1} check{mapped 3}";
  RoundPlan plan = PlanOf(text, 1);
  plan.small_tables = true;
  const absl::StatusOr<ScaledSubject> scaled = Scale(plan);
  ASSERT_TRUE(scaled.ok()) << scaled.status();
  EXPECT_EQ(scaled->prepared.shape.first_gfn, 0u);
  EXPECT_EQ(scaled->prepared.shape.guest_frames, 4u);
  EXPECT_EQ(scaled->prepared.threads[0].operations[0].range, (GfnRange{2, 3}));
  EXPECT_EQ(scaled->prepared.threads[1].operations[0].range, (GfnRange{1, 1}));
  ASSERT_EQ(scaled->checks.size(), 1u);
  EXPECT_EQ(scaled->checks[0].range, (GfnRange{3, 3}));

  plan.pages_per_frame = 4;
  EXPECT_THAT(std::string(Scale(plan).status().message()), testing::HasSubstr("one page a frame"));
  plan = PlanOf("tdp geometry=3x2 frames=8 vcpu a{write 0} vcpu b{write 1}", 1);
  plan.small_tables = true;
  EXPECT_THAT(std::string(Scale(plan).status().message()), testing::HasSubstr("geometry 3x1"));
}

TEST(ScaledTest, RefusesWhatDoesNotFit) {
  const std::string text = "tdp frames=64 geometry=3x2 vcpu a{write 0} vcpu b{write 1}";
  EXPECT_TRUE(Scale(PlanOf(text, 256)).ok());
  EXPECT_EQ(Scale(PlanOf(text, 512)).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Scale(PlanOf(text, 3)).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Scale(PlanOf(text, 0)).status().code(), absl::StatusCode::kInvalidArgument);
  const std::string huge = "tdp frames=4 host=huge vcpu a{write 0} vcpu b{write 1}";
  EXPECT_TRUE(Scale(PlanOf(huge, 256)).ok());
  const absl::Status wrong = Scale(PlanOf(huge, 64)).status();
  EXPECT_NE(wrong.message().find("must be 256"), absl::string_view::npos) << wrong;
  RoundPlan other = PlanOf(text, 1);
  other.mmu = "stage2";
  other.variant = "owned";
  EXPECT_EQ(Scale(other).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace racewalk
