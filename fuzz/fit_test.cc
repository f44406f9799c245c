// Goal: an edited scenario is repaired, a valid one is left alone.
#include "fuzz/fit.h"

#include <string>
#include <vector>

#include "fuzz/invent.h"
#include "fuzz/soundness.h"
#include "fuzz/tree.h"
#include "gtest/gtest.h"
#include "scenarios/library.h"
#include "scenarios/parser.h"
#include "scenarios/printer.h"
#include "scenarios/variants.h"

namespace racewalk {
namespace {

TEST(Fit, LeavesTheLibraryAsItIs) {
  int subjects = 0;
  for (const Scenario& scenario : Library()) {
    for (const std::string& mmu : ModelledMmus()) {
      for (const std::string& variant : VariantsToRun(scenario, MmuNamed(mmu))) {
        Subject subject{.scenario = scenario, .mmu = mmu, .variant = variant};
        if (!CheckSubject(subject).ok()) continue;
        ++subjects;
        Fit(subject);
        ASSERT_EQ(Unsoundness(subject), "") << scenario.name;
        EXPECT_EQ(subject.scenario.setup, scenario.setup) << scenario.name;
        EXPECT_EQ(subject.scenario.after, scenario.after) << scenario.name;
        EXPECT_EQ(subject.scenario.slots, scenario.slots) << scenario.name;
        for (std::size_t i = 0; i < scenario.threads.size(); ++i) {
          EXPECT_EQ(subject.scenario.threads[i].operations, scenario.threads[i].operations);
        }
      }
    }
  }
  EXPECT_GT(subjects, 500);
}

struct Repair {
  const char* text;
  const char* mmu;
  const char* variant;
  const char* expected;  // one line
};

class FitRepairs : public testing::TestWithParam<Repair> {};

TEST_P(FitRepairs, To) {
  Subject subject{.scenario = ParseScenario(GetParam().text, "").value(),
                  .mmu = GetParam().mmu,
                  .variant = GetParam().variant};
  Fit(subject);
  EXPECT_EQ(PrintOneLine(subject.scenario), GetParam().expected);
  EXPECT_EQ(Unsoundness(subject), "");
}

INSTANTIATE_TEST_SUITE_P(
    All, FitRepairs,
    testing::Values(
        Repair{"tdp frames=2 vcpu one{read 0} vmm x{zap_all; invalidate_roots} check{mapped 0}",
               "stage2", "rwlock", "stage2 variant=rwlock frames=2 vcpu a{read 0} vmm m{zap_all}"},
        Repair{"tdp frames=4 roles=3 logging=dirty_bit vcpu a{load_root 2} vcpu b{read 3}",
               "stage2", "defer_to_callback",
               "stage2 variant=defer_to_callback frames=4 vcpu a{load_root} vcpu b{read 3}"},
        Repair{"stage2 frames=4 host=huge vcpu a{read 0} host h{make_huge 0; unmap 0}", "stage2",
               "v14",
               "stage2 variant=defer_to_callback+v14 frames=4 vcpu a{read 0} host h{unmap 0}"},
        Repair{"tdp frames=4 access=tracked vcpu a{read 0} host h{age 0}", "tdp", "owned+ad_at_zap",
               "tdp variant=owned+ad_at_zap frames=4 vcpu a{read 0} host h{age 0}"},
        Repair{"tdp geometry=4x1 frames=16 vcpu a{read 12..15} vcpu b{write 3}", "tdp", "owned",
               "tdp variant=owned frames=8 vcpu a{read 4..7} vcpu b{write 3}"},
        Repair{"stage2 frames=2 vmm o{repeat 2 { donate 0 }; zap_all} vcpu x{read 0}", "tdp",
               "owned", "tdp variant=owned frames=2 vmm m{zap_all} vcpu a{read 0}"}));

// Of texts that the parser refuses: trees that only an edit makes.
TEST(Fit, MovesFramesSlotsAndRolesToWhereThereAreSome) {
  Subject subject = SubjectOf(
      "tdp frames=8 roles=2 slots=0..3,4..7 "
      "vcpu a{read 5..7; load_root 1} "
      "vmm m{slot delete 1; slot move 1 0..3; dirty_log on 1; split 6}");
  subject.scenario.slots.clear();
  subject.scenario.frames = 4;
  subject.scenario.roles = 1;
  subject.scenario.threads[0].operations[0].range = {9, 6};
  Fit(subject);
  EXPECT_EQ(PrintOneLine(subject.scenario),
            "tdp variant=owned frames=4 vcpu a{read 2..3; load_root} "
            "vmm m{slot delete 0; slot move 0 0..3; dirty_log on; split 2}");
  EXPECT_EQ(Unsoundness(subject), "");
}

TEST(Fit, TakesOverlappingAndEmptySlotsOut) {
  Subject subject = SubjectOf("tdp frames=8 vcpu a{read 0} vcpu b{read 0}");
  subject.scenario.slots = {{0, 3}, {2, 5}, {6, 9}, {9, 9}, {5, 4}};
  Fit(subject);
  EXPECT_EQ(subject.scenario.slots, (std::vector<GfnRange>{{0, 3}, {6, 7}}));
  EXPECT_EQ(Unsoundness(subject), "");
}

TEST(Fit, TakesOutWhatOtherThreadsMaySayAndRepeatsOfNothing) {
  Subject subject = SubjectOf("tdp frames=2 vcpu a{read 0} vcpu b{repeat 2 { read 0 }; write 0}");
  subject.scenario.threads[0].role = ThreadRole::kHost;
  subject.scenario.threads[1].operations[0].body[0].verb = Verb::kUnmap;
  Fit(subject);
  EXPECT_EQ(PrintOneLine(subject.scenario), "tdp variant=owned frames=2 host h{} vcpu a{write 0}");
  EXPECT_FALSE(CheckSubject(subject).ok());  // nothing to race
}

TEST(DropEndings, LeavesNoPreconditionToBreak) {
  Subject subject = SubjectOf("tdp frames=2 vcpu a{read 0} vcpu b{write 0}");
  Scenario& scenario = subject.scenario;
  scenario.setup.push_back({.verb = Verb::kExitMm});
  scenario.threads[0].operations.insert(scenario.threads[0].operations.begin(),
                                        {.verb = Verb::kClose});
  scenario.threads.push_back({.role = ThreadRole::kVmm});
  scenario.threads[2].operations = {
      {.verb = Verb::kRepeat, .number = 2, .body = {{.verb = Verb::kDestroy}}},
      {.verb = Verb::kZapAll}};
  scenario.after.push_back({.verb = Verb::kUnregister});
  Fit(subject);
  EXPECT_FALSE(CheckSubject(subject).ok());
  DropEndings(scenario);
  EXPECT_EQ(PrintOneLine(scenario),
            "tdp variant=owned frames=2 vcpu a{read 0} vcpu b{write 0} vmm m{zap_all}");
  EXPECT_EQ(Unsoundness(subject), "");
}

TEST(Check, RefusesGeometriesThatAreNotExplored) {
  Subject subject = SubjectOf("tdp frames=2 vcpu a{read 0} vcpu b{write 0}");
  EXPECT_TRUE(CheckSubject(subject).ok());
  subject.scenario.levels = 2;
  EXPECT_EQ(CheckSubject(subject).message(),
            "found geometry 2x1, expected one that is explored; write 3x1 or 3x2");
}

}  // namespace
}  // namespace racewalk
