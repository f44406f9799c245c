// Goal: both forms are read as they are described, and an error says where it
// is, what was found and what to do. Method: golden trees and golden messages.
#include "scenarios/parser.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "scenarios/printer.h"

namespace racewalk {
namespace {

Scenario Parsed(absl::string_view text) {
  const absl::StatusOr<Scenario> scenario = ParseScenario(text, "t");
  EXPECT_TRUE(scenario.ok()) << scenario.status().message() << "\n" << std::string(text);
  return scenario.value_or(Scenario{});
}

std::string ErrorOf(absl::string_view text) {
  const absl::StatusOr<Scenario> scenario = ParseScenario(text, "t");
  EXPECT_EQ(scenario.status().code(), absl::StatusCode::kInvalidArgument) << std::string(text);
  return std::string(scenario.status().message());
}

constexpr absl::string_view kRace = "\nvcpu a: write 0\nvcpu b: write 1\n";

TEST(Parser, ReadsTheLines) {
  const Scenario scenario = Parsed(
      "# fault_vs_collapse: a fault refills a table\n"
      "mmu: stage2                 # tdp | stage2 | any\n"
      "frames: 8\n"
      "setup: dirty_log on; write 0; write 1\n"
      "vcpu a: write 0; write 1\n"
      "vcpu b: read 2\n"
      "vmm m:  dirty_log off; collapse 0\n"
      "check:  mapped 0..3\n");
  EXPECT_EQ(scenario.name, "t");
  EXPECT_EQ(scenario.summary, "a fault refills a table");
  Scenario expected;
  expected.mmu = MmuChoice::kStage2;
  expected.frames = 8;
  expected.setup = {{.verb = Verb::kDirtyLogOn},
                    {.verb = Verb::kWrite, .range = {0, 0}},
                    {.verb = Verb::kWrite, .range = {1, 1}}};
  expected.threads = {
      {ThreadRole::kVcpu, "a", {{.verb = Verb::kWrite}, {.verb = Verb::kWrite, .range = {1, 1}}}},
      {ThreadRole::kVcpu, "b", {{.verb = Verb::kRead, .range = {2, 2}}}},
      {ThreadRole::kVmm, "m", {{.verb = Verb::kDirtyLogOff}, {.verb = Verb::kCollapse}}}};
  expected.checks = {{CheckVerb::kMapped, {0, 3}}};
  EXPECT_EQ(scenario, expected);
  EXPECT_EQ(scenario.threads[2].line, 7u);
  EXPECT_EQ(scenario.threads[2].operations[1].line, 7u);
  EXPECT_EQ(scenario.threads[2].operations[1].column, 24u);

  EXPECT_EQ(Parsed("stage2 frames=8 setup{dirty_log on; write 0; write 1} vcpu a{write 0; write 1}"
                   " vcpu b{read 2} vmm m{dirty_log off; collapse 0} check{mapped 0..3}"),
            expected);
}

TEST(Parser, ReadsEveryHeader) {
  const Scenario scenario = Parsed(absl::StrCat(
      "mmu: tdp\nvariant: owned, last_put_zaps+ad_at_zap\ngeometry: 2x3\nframes: 16\nhost: huge\n"
      "logging: dirty_bit\nslots: 0..3, 8\nroles: 2",
      kRace));
  EXPECT_EQ(scenario.mmu, MmuChoice::kTdp);
  EXPECT_EQ(scenario.variants, (std::vector<std::string>{"owned", "last_put_zaps+ad_at_zap"}));
  EXPECT_EQ(scenario.levels, 2u);
  EXPECT_EQ(scenario.index_bits, 3u);
  EXPECT_EQ(scenario.frames, 16u);
  EXPECT_EQ(scenario.host, HostBacking::kHuge);
  EXPECT_EQ(scenario.logging, LoggingKind::kDirtyBit);
  EXPECT_EQ(scenario.slots, (std::vector<GfnRange>{{0, 3}, {8, 8}}));
  EXPECT_EQ(scenario.roles, 2u);
  EXPECT_EQ(Parsed("tdp variant=owned,last_put_zaps+ad_at_zap geometry=2x3 frames=16 host=huge "
                   "logging=dirty_bit slots=0..3,8 roles=2 vcpu a{write 0} vcpu b{write 1}"),
            scenario);
}

TEST(Parser, ReadsHowAccessesAreNotedAndBlocksAreSplit) {
  EXPECT_EQ(Parsed(kRace).access_kind, AccessKind::kBits);
  EXPECT_EQ(Parsed(kRace).split, SplitKind::kEager);
  EXPECT_EQ(Parsed(kRace).flush, FlushKind::kAll);
  EXPECT_EQ(Parsed(absl::StrCat("flush: range\n", kRace)).flush, FlushKind::kRange);
  const Scenario scenario = Parsed(absl::StrCat("access: tracked\nsplit: lazy", kRace));
  EXPECT_EQ(scenario.access_kind, AccessKind::kTracked);
  EXPECT_EQ(scenario.split, SplitKind::kLazy);
  EXPECT_EQ(Parsed("access=tracked split=lazy vcpu a{write 0} vcpu b{write 1}"), scenario);
  EXPECT_EQ(Parsed(absl::StrCat("access: bits\nsplit: eager", kRace)), Parsed(kRace));
  EXPECT_FALSE(scenario == Parsed(absl::StrCat("access: tracked", kRace)));
  EXPECT_FALSE(scenario == Parsed(absl::StrCat("split: lazy", kRace)));
}

TEST(Parser, SpellsVariantsInOneWay) {
  EXPECT_EQ(Parsed(absl::StrCat("mmu: tdp\nvariant: v14+ad_at_zap", kRace)).variants,
            std::vector<std::string>{"owned+ad_at_zap+v14"});
  EXPECT_EQ(Parsed(absl::StrCat("mmu: tdp\nvariant: async_zap+ad_at_zap", kRace)).variants,
            std::vector<std::string>{"owned+ad_at_zap+async_zap"});
}

TEST(Parser, ReadsEveryWord) {
  const absl::string_view text =
      "tdp frames=4 slots=0..1 roles=2 setup{read 0; collapse 1; age 0} "
      "vcpu a{read 0; write 1; exec 0..1; fault 0 r; fault 0..1 w; fault 1 x; prefetch 2; "
      "load_root; load_root 1; put_root; repeat 2 { synchronize_rcu; read 3 }; close} "
      "host h{unmap 0..3; swap 0; migrate 1; age 0..3; test_young 0; make_huge 0; make_small 1} "
      "vmm m{dirty_log on; dirty_log off; dirty_log on 1; harvest; harvest 1; collapse 0; split 0; "
      "wrprotect 0..1; zap_all; invalidate_roots; slot add 1 2..3; slot delete 1; "
      "slot move 0 2..3; donate 0; reclaim 0; gpc activate 0; gpc refresh 0; gpc use 0; "
      "gpc deactivate 0} "
      "after{read 0; destroy} check{mapped 0; unmapped 1..2; huge 0; young 0; clean 0..3}";
  EXPECT_EQ(PrintOneLine(Parsed(text)), text);
  EXPECT_EQ(PrintOneLine(Parsed("tdp frames=4 host h{exit_mm} vmm m{unregister; destroy}")),
            "tdp frames=4 host h{exit_mm} vmm m{unregister; destroy}");
}

TEST(Parser, ReadsBlocksInEveryLayout) {
  const Scenario expected = Parsed("any vcpu a{read 0; repeat 2 {write 1}; read 2} vcpu b{read 3}");
  for (const absl::string_view text : {
           "vcpu a: read 0; repeat 2 { write 1 }; read 2\nvcpu b: read 3",
           "vcpu a:\n  read 0\n  repeat 2 {\nwrite 1\n  }\n  read 2\nvcpu b:\n  read 3\n",
           "vcpu a {\n  read 0\n  repeat 2 { write 1 } read 2;\n}\nvcpu b\n{\nread 3\n}\n",
           "vcpu a: { read 0;; repeat 2 { write 1; }; read 2 } vcpu b: read 3",
           "vcpu a: read 0;\n\t# in between\n  repeat 2 { write 1 }\n\n  read 2\nvcpu b: read 3",
           "  vcpu a: read 0\n    repeat 2 { write 1 }\n    read 2\n  vcpu b: read 3\n",
           "vcpu a: read 0\r\n  repeat 2 { write 1 }\r\n  read 2\r\nvcpu b: read 3\r\n",
           "mmu = any vcpu a{read 0;repeat 2{write 1};read 2}vcpu b{read 3}",
           "\xEF\xBB\xBFvcpu a: read 00; repeat 02 { write 1..1 }; read 2\nvcpu b: read 3",
       }) {
    EXPECT_EQ(Parsed(text), expected) << std::string(text);
  }
}

TEST(Parser, TellsHeadersFromThreadsOfOneName) {
  const Scenario scenario = Parsed(
      "host=huge split=lazy host host{age 0} vcpu check{read 0} vmm split{split 0} check{young 0}");
  EXPECT_EQ(scenario.host, HostBacking::kHuge);
  EXPECT_EQ(scenario.split, SplitKind::kLazy);
  EXPECT_EQ(scenario.threads[0].name, "host");
  EXPECT_EQ(scenario.threads[1].name, "check");
  EXPECT_EQ(scenario.checks.size(), 1u);
}

TEST(Parser, CollectsChecks) {
  EXPECT_EQ(Parsed(absl::StrCat(kRace, "check: mapped 0\ncheck: clean 1")).checks.size(), 2u);
}

TEST(Parser, TakesTheSummaryFromTheFirstComment) {
  const auto summary = [](absl::string_view head) {
    return Parsed(absl::StrCat(head, kRace)).summary;
  };
  EXPECT_EQ(summary("# t: a sentence"), "a sentence");
  EXPECT_EQ(summary("\n  #t:a sentence \r"), "a sentence");
  EXPECT_EQ(summary("# a sentence: with a colon"), "a sentence: with a colon");
  EXPECT_EQ(summary("mmu: any\n# too late"), "");
  EXPECT_EQ(summary("# caf\xE9\x01"), "caf??");
}

struct Golden {
  std::string text;
  std::string message;
};

TEST(Parser, ExplainsWordsThatItDoesNotKnow) {
  for (const Golden& golden : {
           Golden{"vcpu a: wirte 0",
                  "t:1:9: found 'wirte', expected an operation; did you mean 'write'?"},
           Golden{"vcpu a: read 0; zap-al",
                  "t:1:17: found 'zap-al', expected an operation; did you mean 'zap_all'?"},
           Golden{"vmm m: frobnicate",
                  "t:1:8: found 'frobnicate', expected an operation; choose from dirty_log, "
                  "harvest, collapse, split, wrprotect, zap_all, invalidate_roots, slot, donate, "
                  "reclaim, gpc, unregister, destroy, repeat, synchronize_rcu"},
           Golden{
               "vmm m: dirty_log offf",
               "t:1:18: found 'offf', expected what to do after 'dirty_log'; did you mean 'off'?"},
           Golden{"vmm m: slot\n",
                  "t:1:12: found the end of the scenario, expected what to do after 'slot'; choose "
                  "from add, delete, move"},
           Golden{"frmaes: 8",
                  "t:1:1: found 'frmaes', expected a header or a block; did you mean 'frames'?"},
           Golden{"mmu: stage-2",
                  "t:1:6: found 'stage-2', expected an MMU; did you mean 'stage2'?"},
           Golden{"host: hgue",
                  "t:1:7: found 'hgue', expected the host's backing; did you mean 'huge'?"},
           Golden{"access: bit",
                  "t:1:9: found 'bit', expected how accesses are noted; did you mean 'bits'?"},
           Golden{"split: late",
                  "t:1:8: found 'late', expected when dirty logging splits blocks; choose from "
                  "eager, lazy"},
           Golden{"check: maped 0",
                  "t:1:8: found 'maped', expected a check; did you mean "
                  "'mapped'?"},
       }) {
    EXPECT_EQ(ErrorOf(golden.text), golden.message);
  }
}

TEST(Parser, ExplainsOperands) {
  for (const Golden& golden : {
           Golden{"vcpu a: write\nvcpu b: write 1",
                  "t:1:14: found the end of the line, expected frames, A or A..B; write a number "
                  "from 0, such as '2', or both ends of a range, such as '0..3'"},
           Golden{"vcpu a{write}",
                  "t:1:13: found '}', expected frames, A or A..B; write a number "
                  "from 0, such as '2', or both ends of a range, such as '0..3'"},
           Golden{"vcpu a: write 0-3",
                  "t:1:15: found '0-3', expected frames, A or A..B; did you mean '0..3'?"},
           Golden{"vcpu a: write 0..",
                  "t:1:18: found the end of the scenario, expected the last frame of the range; "
                  "write a number, such as '1'"},
           Golden{"vcpu a: write 0.3",
                  "t:1:16: found '.', expected ';' or the end of the line; a "
                  "range is written with two dots, as in '0..3'"},
           Golden{"vcpu a: write 99999999999",
                  "t:1:15: found '99999999999', expected frames, A or A..B; write a number that is "
                  "smaller than 4294967296"},
           Golden{"vmm m: split 0..1",
                  "t:1:15: found '..', expected ';' or the end of the line; this word takes one "
                  "frame: leave the '..' out"},
           Golden{"vcpu a: fault 0 z",
                  "t:1:17: found 'z', expected an access; "
                  "choose from r, w, x"},
           Golden{"vcpu a: repeat { read 0 }",
                  "t:1:16: found '{', expected how many times to "
                  "repeat; write a number, such as '1'"},
           Golden{"vcpu a: repeat 2 read 0",
                  "t:1:18: found 'read', expected '{'; write the body in braces, as in 'repeat 3 { "
                  "read 0 }'"},
           Golden{"geometry: 3",
                  "t:1:11: found '3', expected LEVELSxBITS; write the levels of a "
                  "table and the index bits of a level, such as '3x1'"},
           Golden{"frames: many",
                  "t:1:9: found 'many', expected how many guest frames; write a "
                  "number, such as '1'"},
           Golden{"access tracked",
                  "t:1:8: found 'tracked', expected ':' or '='; write its value, as in 'access: "
                  "tracked'"},
           Golden{"split lazy",
                  "t:1:7: found 'lazy', expected ':' or '='; write its value, as in 'split: lazy'"},
           Golden{"frames 8",
                  "t:1:8: found '8', expected ':' or '='; write its value, as in "
                  "'frames: 4'"},
       }) {
    EXPECT_EQ(ErrorOf(golden.text), golden.message);
  }
}

TEST(Parser, ExplainsTheLayout) {
  for (const Golden& golden : {
           Golden{"vcpu a: write 0 write 1",
                  "t:1:17: found 'write', expected ';' or the end of the line; separate operations "
                  "by ';', and end a block before the next one"},
           Golden{"vcpu a: write 0; vcpu b: write 1",
                  "t:1:18: found 'vcpu', expected an operation; begin it on a new line that is not "
                  "indented, or close the block before it with '}'"},
           Golden{"vcpu a:\nwrite 0",
                  "t:2:1: found 'write', expected a header or a block; operations stand in a "
                  "block, as in 'vcpu a: read 0': indent the line if it goes on with the block "
                  "above"},
           Golden{"vmm m:\nsplit 0",
                  "t:2:1: found 'split', expected a header or a block; operations stand in a "
                  "block, as in 'vcpu a: read 0': indent the line if it goes on with the block "
                  "above"},
           Golden{"vcpu a{write 0",
                  "t:1:15: found the end of the scenario, expected '}'; close the block that was "
                  "opened in line 1, column 7"},
           Golden{"vcpu a{write 0}}",
                  "t:1:16: found '}', expected a header or a block; choose from mmu, variant, "
                  "geometry, frames, host, logging, access, split, flush, slots, roles, device, "
                  "tdp, stage2, "
                  "any, setup, after, check, vcpu, host, vmm"},
           Golden{"vcpu: write 0",
                  "t:1:5: found ':', expected a name for the vcpu thread; write "
                  "one of letters, digits and '_', such as 'a'"},
           Golden{"vcpu a write 0",
                  "t:1:8: found 'write', expected ':' or '{'; write the "
                  "operations as 'vcpu a: read 0' or 'vcpu a{read 0}'"},
           Golden{"setup: read 0\nsetup: read 1",
                  "t:2:1: found 'setup' again, expected it once; it was given in line 1, column 1: "
                  "remove one"},
           Golden{"split: lazy\nsplit: lazy",
                  "t:2:1: found 'split' again, expected it once; it was given in line 1, column 1: "
                  "remove one"},
           Golden{"tdp mmu=any",
                  "t:1:5: found 'mmu' again, expected it once; it was given in line "
                  "1, column 1: remove one"},
           Golden{"vcpu a: write \xE2\x80\x9C",
                  "t:1:15: found the byte 0xe2, expected frames, A or A..B; remove it: outside "
                  "comments ('#') there are only letters, digits and _ { } ; : = , + .."},
           Golden{"vcpu a: @",
                  "t:1:9: found '@', expected an operation; remove it: outside "
                  "comments ('#') there are only letters, digits and _ { } ; : = , "
                  "+ .."},
       }) {
    EXPECT_EQ(ErrorOf(golden.text), golden.message);
  }
}

TEST(Parser, ToleratesNeitherDepthNorSize) {
  std::string deep = "vcpu a: ";
  for (int i = 0; i < 5000; ++i) absl::StrAppend(&deep, "repeat 1 {");
  EXPECT_EQ(ErrorOf(deep),
            "t:1:89: found 'repeat' inside 8 others, expected at most 8 in each other; multiply "
            "some of their counts");
  EXPECT_EQ(ErrorOf(std::string(kMaxScenarioBytes + 1, ' ')),
            "t:1:1: found 65537 bytes, expected at most 65536; make several scenarios of it");
  Parsed(absl::StrCat(std::string(kMaxScenarioBytes - kRace.size(), ' '), kRace));
  EXPECT_EQ(ErrorOf(std::string(kMaxScenarioBytes, 'x')).size(),
            ErrorOf(std::string(1000, 'x')).size());
}

TEST(Parser, NamesATextWithoutAName) {
  EXPECT_EQ(ParseScenario("x", "").status().message().substr(0, 9), "text:1:1:");
}

}  // namespace
}  // namespace racewalk
