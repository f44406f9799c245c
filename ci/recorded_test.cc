// Goal: a trace fits a run only if the run shows all that the trace says it
// showed, whoever wrote it. Method: a trace of the fake world, one field edited
// and written anew, so that its checksum is right.
#include "ci/recorded.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ci/fake_explorer.h"
#include "ci/mutant_search.h"
#include "core/violation.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scenarios/explore/trace.h"

namespace racewalk {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// A trace of a violation.
Trace SomeTrace() {
  const absl::StatusOr<MutantSearchOutcome> outcome =
      SearchMutant({"table_publish", "tdp", "owned"},
                   {.phases = {{{"random"}, 60}}, .executions = 20}, FakeFactory(), {});
  EXPECT_TRUE(outcome.ok() && outcome->finding.has_value()) << outcome.status();
  const absl::StatusOr<Trace> trace = ParseTrace(outcome->finding->trace, "t");
  EXPECT_TRUE(trace.ok()) << trace.status();
  return *trace;
}

absl::Status Replayed(const Trace& trace) {
  const absl::StatusOr<Recorded> recorded = RecordedIn(FormatTrace(trace), "t");
  if (!recorded.ok()) return recorded.status();
  const auto strategy = StrategyOf(*recorded);
  const auto explorer = FakeFactory()(recorded->target.subject);
  EXPECT_TRUE(strategy.ok() && explorer.ok());
  return CheckFits(*recorded, (*explorer)->Record(**strategy, recorded->key, true));
}

TEST(Recorded, ATraceFitsOnlyWithAllThatItSays) {
  const Trace trace = SomeTrace();
  ASSERT_TRUE(Replayed(trace).ok()) << Replayed(trace);
  struct Edit {
    std::function<void(Trace&)> make;
    std::string recorded;
  };
  const std::string step = absl::StrCat(trace.step);
  const std::vector<Edit> edits = {
      {[](Trace& edited) { ++edited.step; },
       absl::StrCat("lost-dirty (D1) at step ", trace.step + 1)},
      {[](Trace& edited) { edited.step = 0; }, "lost-dirty (D1) at step 0,"},
      {[](Trace& edited) { edited.invariant = "D2"; }, "lost-dirty (D2) at step " + step},
      {[](Trace& edited) { edited.invariant.clear(); }, "lost-dirty (-) at step " + step},
      {[](Trace& edited) { edited.violation = ViolationKind::kLeak; }, "leak (D1) at step " + step},
      {[](Trace& edited) { ++edited.fingerprint; }, "lost-dirty (D1) at step " + step},
  };
  for (const Edit& edit : edits) {
    Trace edited = trace;
    edit.make(edited);
    const absl::Status status = Replayed(edited);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << edit.recorded;
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("the trace no longer fits the code"),
                      HasSubstr("it recorded " + edit.recorded),
                      HasSubstr("the run showed lost-dirty (D1) at step " + step),
                      HasSubstr("; replay it with the version that wrote it")));
  }
}

}  // namespace
}  // namespace racewalk
