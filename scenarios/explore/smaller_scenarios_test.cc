// Goal: what is offered is valid and smaller, nothing that can go is kept, and
// it ends. Method: every scenario of the library, and short ones by hand.
#include "scenarios/explore/smaller_scenarios.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scenarios/library.h"
#include "scenarios/parser.h"
#include "scenarios/printer.h"
#include "scenarios/validate.h"

namespace racewalk {
namespace {

using ::testing::Contains;

Scenario Parsed(const std::string& text) {
  absl::StatusOr<Scenario> scenario = ParseScenario(text, "");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return scenario.ok() ? *scenario : Scenario{};
}

std::vector<std::string> Texts(const std::string& text) {
  std::vector<std::string> texts;
  for (const Scenario& smaller : SmallerScenarios(Parsed(text))) {
    texts.push_back(PrintOneLine(smaller));
  }
  return texts;
}

TEST(SmallerScenariosTest, EachIsValidSmallerAndNew) {
  for (const Scenario& scenario : Library()) {
    const std::vector<Scenario> smaller = SmallerScenarios(scenario);
    EXPECT_FALSE(smaller.empty()) << scenario.name;
    for (std::size_t i = 0; i < smaller.size(); ++i) {
      const std::string text = PrintOneLine(smaller[i]);
      EXPECT_TRUE(ValidateScenario(smaller[i]).ok()) << text;
      EXPECT_LT(SizeOf(smaller[i]), SizeOf(scenario)) << text;
      EXPECT_EQ(Parsed(text), smaller[i]) << text;
      EXPECT_EQ(std::count(smaller.begin(), smaller.end(), smaller[i]), 1) << text;
    }
  }
}

// A judge that accepts everything gets to the least there is: two threads of
// one plain word each, on one frame or, to be huge, those of a block.
TEST(SmallerScenariosTest, TakenAgainAndAgainTheyEndInTheLeastThereIs) {
  for (const Scenario& scenario : Library()) {
    Scenario small = Narrowed(scenario, "tdp", "owned");
    if (scenario.mmu == MmuChoice::kStage2) small = Narrowed(scenario, "stage2", "lock_subtree");
    int taken = 0;
    for (std::vector<Scenario> next = SmallerScenarios(small); !next.empty();
         next = SmallerScenarios(small)) {
      small = next.front();
      ASSERT_LT(++taken, 200) << scenario.name;
    }
    const ScenarioSize size = SizeOf(small);
    EXPECT_EQ(size.operations, 2u) << small;
    EXPECT_EQ(size.headers, 0u) << small;
    const bool huge = PrintOneLine(small).find("make_huge") != std::string::npos;
    EXPECT_EQ(size.frames, huge ? 2u : 1u) << small;
  }
}

TEST(SmallerScenariosTest, ThreadsGoFirst) {
  const auto texts = Texts("tdp frames=2 vcpu a{read 0; read 1} vcpu b{read 0} host h{unmap 0}");
  ASSERT_GE(texts.size(), 3u);
  EXPECT_EQ(texts[0], "tdp frames=2 vcpu b{read 0} host h{unmap 0}");
  EXPECT_THAT(texts, Contains("tdp frames=2 vcpu a{read 0; read 1; read 0} host h{unmap 0}"));
}

TEST(SmallerScenariosTest, OperationsGoMoveAndBecomePlain) {
  const auto texts =
      Texts("tdp frames=4 setup{write 2..3} vcpu a{exec 1; fault 1 w} host h{swap 0..1}");
  const std::string head = "tdp frames=4 setup{write 2..3} ";
  const std::string end = " host h{swap 0..1}";
  for (const std::string& expected : {
           "tdp frames=4 vcpu a{exec 1; fault 1 w}" + end,
           head + "vcpu a{exec 1}" + end,
           "tdp frames=4 setup{write 2..3; exec 1} vcpu a{fault 1 w}" + end,
           head + "vcpu a{exec 1}" + end + " after{fault 1 w}",
           head + "vcpu a{read 1; fault 1 w}" + end,
           head + "vcpu a{exec 1; fault 1 r}" + end,
           head + "vcpu a{exec 1; fault 1 w} host h{unmap 0..1}",
           head + "vcpu a{exec 1; fault 1 w} host h{swap 0}",
           "tdp frames=2 setup{write 0..1} vcpu a{exec 1; fault 1 w}" + end,
           head + "vcpu a{exec 0; fault 0 w} host h{swap 0}",
       }) {
    EXPECT_THAT(texts, Contains(expected));
  }
}

// Found by the fuzzer: such a thread is of no use, but valid.
TEST(SmallerScenariosTest, AThreadThatDoesNothingGoes) {
  EXPECT_THAT(Texts("tdp frames=2 vcpu a{read 0} vcpu b{} host h{unmap 0}"),
              Contains("tdp frames=2 vcpu a{read 0} host h{unmap 0}"));
}

TEST(SmallerScenariosTest, RepeatsHeadersAndChecksGo) {
  const auto texts = Texts(
      "any frames=4 access=tracked slots=0..1,2..3 vcpu a{repeat 6 {read 0; write 2}} "
      "vmm m{slot delete 1} check{mapped 0; unmapped 2}");
  const std::string head = "any frames=4 access=tracked slots=0..1,2..3 ";
  const std::string vmm = " vmm m{slot delete 1}";
  const std::string check = " check{mapped 0; unmapped 2}";
  const std::string repeat = "vcpu a{repeat 6 { read 0; write 2 }}";
  for (const std::string& expected : {
           head + "vcpu a{read 0; write 2}" + vmm + check,
           head + "vcpu a{repeat 3 { read 0; write 2 }}" + vmm + check,
           head + "vcpu a{repeat 5 { read 0; write 2 }}" + vmm + check,
           head + "vcpu a{repeat 6 { write 2 }}" + vmm + check,
           head + repeat + vmm,
           head + repeat + vmm + " check{unmapped 2}",
           "any frames=4 slots=0..1,2..3 " + repeat + vmm + check,
       }) {
    EXPECT_THAT(texts, Contains(expected));
  }
}

TEST(SmallerScenariosTest, NarrowedSaysWhatMattersOnly) {
  Scenario scenario = Parsed("any variant=owned,rwlock vcpu a{read 0} host h{unmap 0}");
  scenario.name = "name";
  scenario.summary = "summary";
  EXPECT_EQ(PrintScenario(Narrowed(scenario, "tdp", "owned")),
            "mmu: tdp\nframes: 4\nvcpu a: read 0\nhost h: unmap 0\n");
  EXPECT_EQ(PrintScenario(Narrowed(scenario, "stage2", "rwlock")),
            "mmu: stage2\nvariant: rwlock\nframes: 4\nvcpu a: read 0\nhost h: unmap 0\n");
}

TEST(SmallerScenariosTest, PlainNamesAreTheLibrarys) {
  EXPECT_EQ(
      PrintOneLine(WithPlainNames(Parsed(
          "tdp vmm x{zap_all} vcpu y{read 0} host a{unmap 0} vcpu h{read 1} vmm z{zap_all}"))),
      "tdp frames=4 vmm m{zap_all} vcpu a{read 0} host h{unmap 0} vcpu b{read 1} "
      "vmm n{zap_all}");
}

}  // namespace
}  // namespace racewalk
