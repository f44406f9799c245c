// Goal: what is printed is pleasant to read, and short in one line. Method:
// golden texts; that it parses back is round_trip_test.cc's.
#include "scenarios/printer.h"

#include <string>

#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "scenarios/parser.h"

namespace racewalk {
namespace {

TEST(Printer, PrintsLines) {
  const absl::string_view text =
      "# fault_vs_collapse: a fault refills a table while a collapse turns it into a block\n"
      "mmu: stage2\n"
      "variant: rwlock,lock_subtree+bbm2\n"
      "geometry: 2x2\n"
      "frames: 8\n"
      "host: huge\n"
      "logging: dirty_bit\n"
      "split: lazy\n"
      "slots: 0..3,4..7\n"
      "roles: 2\n"
      "setup: dirty_log on; write 0\n"
      "vcpu a: write 0; repeat 2 { read 1; read 2..3 }\n"
      "vcpu idle:\n"
      "vmm m: dirty_log off 1; slot move 1 4..7\n"
      "after: zap_all\n"
      "check: mapped 0..3; clean 4\n";
  const absl::StatusOr<Scenario> scenario = ParseScenario(text, "fault_vs_collapse");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  EXPECT_EQ(PrintScenario(*scenario), text);
  EXPECT_EQ(PrintOneLine(*scenario),
            "stage2 variant=rwlock,lock_subtree+bbm2 geometry=2x2 frames=8 host=huge "
            "logging=dirty_bit split=lazy slots=0..3,4..7 roles=2 setup{dirty_log on; write 0} "
            "vcpu a{write 0; repeat 2 { read 1; read 2..3 }} vcpu idle{} "
            "vmm m{dirty_log off 1; slot move 1 4..7} after{zap_all} check{mapped 0..3; clean 4}");
}

TEST(Printer, LeavesDefaultsOutUnlessAsked) {
  const Scenario scenario = *ParseScenario("vcpu a{read 0} vcpu b{read 1}", "");
  EXPECT_EQ(PrintScenario(scenario), "mmu: any\nframes: 4\nvcpu a: read 0\nvcpu b: read 1\n");
  EXPECT_EQ(PrintOneLine(scenario), "any frames=4 vcpu a{read 0} vcpu b{read 1}");
  EXPECT_EQ(PrintExplicit(scenario),
            "any geometry=3x1 frames=4 host=small logging=wrprot roles=1 vcpu a{read 0} "
            "vcpu b{read 1}");
}

// PrintExplicit is what is hashed: with these it would change for all scenarios.
TEST(Printer, LeavesYoungHeadersOutByDefault) {
  const Scenario scenario =
      *ParseScenario("access=tracked split=lazy vcpu a{read 0} vcpu b{read 1}", "");
  EXPECT_EQ(PrintScenario(scenario),
            "mmu: any\nframes: 4\naccess: tracked\nsplit: lazy\nvcpu a: read 0\nvcpu b: read 1\n");
  EXPECT_EQ(PrintOneLine(scenario),
            "any frames=4 access=tracked split=lazy vcpu a{read 0} vcpu b{read 1}");
  EXPECT_EQ(PrintExplicit(scenario),
            "any geometry=3x1 frames=4 host=small logging=wrprot access=tracked split=lazy roles=1 "
            "vcpu a{read 0} vcpu b{read 1}");
}

TEST(Printer, PrintsOperations) {
  EXPECT_EQ(PrintOperation({.verb = Verb::kWrite}), "write 0");
  EXPECT_EQ(PrintOperation({.verb = Verb::kUnmap, .range = {0, 3}}), "unmap 0..3");
  EXPECT_EQ(PrintOperation({.verb = Verb::kFault, .range = {1, 1}, .access = Access::kExec}),
            "fault 1 x");
  EXPECT_EQ(PrintOperation({.verb = Verb::kDirtyLogOn}), "dirty_log on");
  EXPECT_EQ(PrintOperation({.verb = Verb::kSlotMove, .number = 1, .target = {4, 7}}),
            "slot move 1 4..7");
  EXPECT_EQ(PrintOperation({.verb = Verb::kRepeat, .number = 3, .body = {{.verb = Verb::kZapAll}}}),
            "repeat 3 { zap_all }");
  EXPECT_EQ(PrintCheck({CheckVerb::kHuge, {2, 2}}), "huge 2");
}

TEST(Printer, WrapsLongLines) {
  Scenario scenario = *ParseScenario("vcpu a{read 0} vcpu b{read 1}", "");
  scenario.threads[0].operations.resize(50, {.verb = Verb::kInvalidateRoots});
  scenario.threads[0].role = ThreadRole::kVmm;
  scenario.threads[0].operations[0] = {.verb = Verb::kZapAll};
  const std::string text = PrintScenario(scenario);
  for (const absl::string_view line : absl::StrSplit(text, '\n')) EXPECT_LE(line.size(), 100u);
  EXPECT_EQ(*ParseScenario(text, ""), scenario);
}

// A name or summary from elsewhere may hold anything, and stays a comment.
TEST(Printer, KeepsTheSummaryInItsLine) {
  Scenario scenario = *ParseScenario("vcpu a{read 0} vcpu b{read 1}", "");
  scenario.name = "a\nb";
  scenario.summary = "c\nhost: huge";
  EXPECT_EQ(PrintScenario(scenario).substr(0, 20), "# a?b: c?host: huge\n");
  EXPECT_EQ(*ParseScenario(PrintScenario(scenario), ""), scenario);
}

}  // namespace
}  // namespace racewalk
