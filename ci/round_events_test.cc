#include "ci/round_events.h"

#include <source_location>
#include <string>
#include <vector>

#include "core/platform/event.h"
#include "core/platform/platform.h"
#include "core/protocol.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sanitizers/event_log.h"
#include "scenarios/scenario.h"

namespace racewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(RoundEvents, SayWhatWasDoneWhereAndAtWhichPoint) {
  const StressEvent load{.kind = EventKind::kLoad,
                         .at = point::walk_follow,
                         .weakened = true,
                         .word = "entry",
                         .owner = 5,
                         .value = 1 << 20,
                         .where = std::source_location::current()};
  const std::string text = EventText(load, {});
  EXPECT_THAT(text, StartsWith("load entry[5] -> 0x100000  round_events_test.cc:"));
  EXPECT_THAT(text, HasSubstr(" @walk_follow (weakened)"));
  EXPECT_EQ(EventText({.kind = EventKind::kLock, .word = "mmu_lock"}, {}), "lock mmu_lock");
  EXPECT_EQ(EventText({.kind = EventKind::kTrace, .trace = TraceKind::kTableFreed, .value = 3}, {}),
            "free table page 3");
  EXPECT_EQ(EventText({.kind = EventKind::kTrace, .at = point::flush_frozen, .weakened = true}, {}),
            "left out @flush_frozen (weakened)");
}

TEST(RoundEvents, OperationsAreTheThreads) {
  const std::vector<Operation> operations = {{.verb = Verb::kWrite}, {.verb = Verb::kClose}};
  EventLog log;
  log.Add({.kind = EventKind::kBegin, .value = 0});
  log.Add({.kind = EventKind::kEnd, .value = 0});
  log.Add({.kind = EventKind::kBegin, .value = 3});  // of the second turn
  EXPECT_THAT(LastEvents(log, 10, operations),
              ElementsAre("begin write 0", "done with write 0", "begin close"));
  EXPECT_THAT(LastEvents(log, 1, operations), ElementsAre("begin close"));
}

}  // namespace
}  // namespace racewalk
