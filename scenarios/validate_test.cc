// Goal: what a kernel or an explorer could not run is refused, with a remedy,
// and what it could is not. Method: golden messages, and their legal neighbours.
#include "scenarios/validate.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "scenarios/operation_parser.h"
#include "scenarios/parser.h"

namespace racewalk {
namespace {

// "" for a valid scenario.
std::string ErrorOf(absl::string_view text) {
  return std::string(ParseScenario(text, "t").status().message());
}
std::string ErrorOfRace(absl::string_view head) {
  return ErrorOf(absl::StrCat(head, " vcpu a{write 0} vcpu b{write 1}"));
}
std::string ErrorOfVmm(absl::string_view operations) {
  return ErrorOf(absl::StrCat("vcpu a{write 0} vmm m{", operations, "}"));
}

TEST(Validate, LimitsTheGeometry) {
  EXPECT_EQ(ErrorOfRace("geometry=2x1"), "");
  EXPECT_EQ(ErrorOfRace("geometry=4x3 frames=64"), "");
  EXPECT_EQ(ErrorOfRace("geometry=5x1"),
            "t:1:1: found 5, expected levels between 2 and 4; write 4");
  EXPECT_EQ(ErrorOfRace("geometry=3x0"),
            "t:1:1: found 0, expected index bits between 1 and 3; write 1");
  EXPECT_EQ(ErrorOfRace("geometry=3x1 frames=16"),
            "t:1:14: found 16, expected a number of frames that geometry 3x1 can map, between 1 "
            "and 8; write 8");
  EXPECT_EQ(ErrorOfRace("geometry=4x3 frames=4294967295"),
            "t:1:14: found 4294967295, expected a number of frames that geometry 4x3 can map, "
            "between 1 and 64; write 64");
  EXPECT_EQ(ErrorOfRace("frames=3"), "t:1:1: found 3 frames, expected a power of two; write 4");
  EXPECT_NE(ErrorOfRace("frames=0"), "");
  EXPECT_EQ(ErrorOfRace("roles=5"),
            "t:1:1: found 5, expected a number of roles between 1 and 4; write 4");
}

TEST(Validate, ExplainsVariants) {
  EXPECT_EQ(ErrorOfRace("tdp variant=owned,last_put_zaps"), "");
  EXPECT_EQ(ErrorOfRace("variant=v14"), "");
  EXPECT_EQ(ErrorOfRace("variant=owned,rwlock"), "");
  EXPECT_EQ(ErrorOfRace("tdp variant=owned,last_put_zap"),
            "t:1:19: found 'last_put_zap', expected a variant; did you mean 'last_put_zaps'?");
  EXPECT_EQ(ErrorOfRace("stage2 variant=bbm2,bbm2+defer_to_callback"),
            "t:1:21: found 'defer_to_callback+bbm2' again, expected each variant once; remove one");
  EXPECT_EQ(ErrorOfRace("variant=owned"),
            "t:1:1: found no variant of stage2, expected one since any MMU is raced; add one, or "
            "write 'mmu: tdp'");
}

TEST(Validate, BacksWholeBlocks) {
  EXPECT_EQ(ErrorOfRace("host=huge frames=2"), "");
  EXPECT_EQ(ErrorOfRace("geometry=3x2 host=huge"), "");
  EXPECT_EQ(ErrorOfRace("geometry=2x3 frames=2"), "");
  EXPECT_EQ(ErrorOf("frames=1 host=huge vcpu a{write 0} vcpu b{write 0}"),
            "t:1:10: found 'host: huge' with fewer frames than a block has, 1, expected at least "
            "2; write 'frames: 2', or 'host: small'");
  EXPECT_EQ(ErrorOfRace("geometry=2x3 host=huge"),
            "t:1:14: found 'host: huge' with fewer frames than a block has, 4, expected at least "
            "8; write 'frames: 8', or 'host: small'");
  EXPECT_EQ(ErrorOf("frames=1 vcpu a{write 0} host h{make_small 0; make_huge 0}"),
            "t:1:47: found 'make_huge 0' with fewer frames than a block has, 1, expected at least "
            "2; write 'frames: 2'");
  // What is wrong with the geometry itself comes first.
  EXPECT_EQ(ErrorOfRace("geometry=3x99 host=huge"),
            "t:1:1: found 99, expected index bits between 1 and 3; write 3");
}

TEST(Validate, WithoutAccessedBitsNothingReadsThem) {
  EXPECT_EQ(ErrorOfRace("tdp access=tracked split=lazy logging=wrprot"), "");
  EXPECT_EQ(ErrorOfRace("access=bits split=lazy logging=dirty_bit"), "");
  EXPECT_EQ(ErrorOfRace("access=tracked logging=dirty_bit"),
            "t:1:16: found 'logging: dirty_bit' with 'access: tracked', expected 'logging: wrprot' "
            "since processors without accessed and dirty bits set none; write 'logging: wrprot', "
            "or 'access: bits'");
  EXPECT_EQ(ErrorOfRace("tdp variant=owned,owned+async_zap,rwlock access=tracked").substr(0, 30),
            "t:1:35: found 'rwlock', expect");
  EXPECT_EQ(ErrorOfRace("tdp variant=owned,owned+async_zap access=tracked"), "");
  EXPECT_EQ(ErrorOfRace("tdp variant=owned,ad_at_zap access=tracked"),
            "t:1:19: found 'owned+ad_at_zap' with 'access: tracked', expected no 'ad_at_zap' since "
            "there are no accessed and dirty bits to pass on; leave 'ad_at_zap' out, or write "
            "'access: bits'");
  EXPECT_NE(ErrorOfRace("variant=rwlock,owned+ad_at_zap+async_zap access=tracked"), "");
  EXPECT_EQ(ErrorOfRace("variant=rwlock,owned+ad_at_zap+async_zap access=bits"), "");
}

TEST(Validate, NamesVariantsThatExcludeEachOther) {
  EXPECT_EQ(
      ErrorOfRace("tdp variant=owned,async_zap+last_put_zaps"),
      "t:1:19: found 'last_put_zaps' and 'async_zap', expected 'async_zap' with 'owned' only; "
      "write 'owned' instead of 'last_put_zaps', or leave 'async_zap' out");
}

TEST(Validate, KeepsSlotsApart) {
  EXPECT_EQ(ErrorOfRace("slots=2..3,0..1"), "");
  EXPECT_EQ(ErrorOfRace("slots=0..2,2..3"),
            "t:1:12: found '2..3', expected slots that do not overlap; '0..2' has frame 2 too: "
            "shorten one");
  EXPECT_EQ(ErrorOfRace("slots=0..4"),
            "t:1:7: found '0..4', expected frames below 4; write 'frames: N' with a larger N, or a "
            "frame from 0 to 3");
  EXPECT_EQ(ErrorOfRace("slots=3..0"),
            "t:1:7: found '3..0', expected the lower frame first; write '0..3'");
  EXPECT_EQ(ErrorOfRace("geometry=4x1 frames=16 slots=0,1,2,3,4,5,6,7,8"),
            "t:1:46: found 9 slots, expected at most 8; remove the others");
}

TEST(Validate, KnowsTheSlots) {
  EXPECT_EQ(ErrorOfVmm("dirty_log on 0; slot delete 0; slot add 0 0..3; harvest"), "");
  EXPECT_EQ(ErrorOfVmm("dirty_log on 1; slot add 1 2..3"), "");
  EXPECT_EQ(ErrorOfVmm("harvest 1"),
            "t:1:23: found 'harvest 1', expected a slot that exists; declare it by 'slots: "
            "A..B,...' (numbered from 0), or add it by 'slot add 1 A..B'");
  EXPECT_EQ(ErrorOfVmm("slot add 8 0"),
            "t:1:23: found 'slot add 8 0', expected a slot below 8; renumber the slots");
  EXPECT_EQ(ErrorOfVmm("slot move 0 2..3"),
            "t:1:23: found 'slot move 0 2..3', expected as many frames as slot 0 has; write 4 "
            "frames, as in '2..5'");
  EXPECT_EQ(ErrorOf("slots=0..1 vcpu a{read 0} vmm m{slot move 0 2..3}"), "");
}

TEST(Validate, LimitsThreads) {
  EXPECT_EQ(ErrorOf("vcpu a{read 0} vcpu b{read 0} vcpu c{read 0} vcpu d{read 0} vcpu e{read 0}"),
            "");
  EXPECT_EQ(ErrorOf("vcpu a{read 0} vcpu b{read 0} vcpu c{read 0} vcpu d{read 0} vcpu e{read 0}\n"
                    "host f{age 0}"),
            "t:2:1: found 6 threads, expected at most 5; remove some, or merge their operations");
  EXPECT_EQ(ErrorOf("vcpu a{read 0}\nhost a{age 0}"),
            "t:2:1: found thread name 'a' again, expected distinct names; rename one, as in 'a2'");
  EXPECT_EQ(ErrorOf("vcpu a{read 0} host 2b{age 0}"),
            "t:1:16: found thread name '2b', expected at most 32 letters, digits and '_', no digit "
            "first, not 'rcu'; write a name such as 'a'");
  EXPECT_NE(ErrorOf("vcpu a{read 0} host rcu{age 0}"), "");
  EXPECT_NE(ErrorOf("vcpu a-b{read 0} host h{age 0}"), "");
  EXPECT_NE(ErrorOf(absl::StrCat("vcpu ", std::string(33, 'a'), "{read 0} host h{age 0}")), "");
}

TEST(Validate, WantsSomethingToRace) {
  EXPECT_EQ(ErrorOf(""),
            "t: found 0 threads with operations, expected at least two since one has nothing to "
            "race; add a block such as 'vcpu b: read 0'");
  EXPECT_EQ(ErrorOf("vcpu a{read 0} vcpu b{}").substr(0, 26), "t: found 1 thread with ope");
  EXPECT_EQ(ErrorOf("vcpu a{read 0} vcpu b{} host h{age 0}"), "");
}

TEST(Validate, KeepsWordsToTheirRoles) {
  EXPECT_EQ(ErrorOf("vcpu a{collapse 0} vcpu b{read 0}"),
            "t:1:8: found 'collapse' in vcpu 'a', expected it in a vmm thread; move it to a block "
            "'vmm NAME: ...'");
  EXPECT_NE(ErrorOf("vcpu a{repeat 2 {age 0}} vcpu b{read 0}"), "");
  EXPECT_EQ(ErrorOfRace("setup{collapse 0; age 0; read 0} after{split 0; unmap 0; write 0}"), "");
}

TEST(Validate, LimitsFramesAndRoles) {
  EXPECT_EQ(ErrorOfRace("setup{read 1..4}"),
            "t:1:7: found 'read 1..4', expected frames below 4; write 'frames: N' with a larger N, "
            "or a frame from 0 to 3");
  EXPECT_EQ(ErrorOfRace("setup{read 2..1}"),
            "t:1:7: found 'read 2..1', expected the lower frame first; write '1..2'");
  EXPECT_EQ(ErrorOfRace("setup{load_root 1}"),
            "t:1:7: found 'load_root 1', expected a role below 1; write 'roles: N' with a larger "
            "N");
  EXPECT_EQ(ErrorOfRace("check{mapped 0; huge 4}"),
            "t:1:17: found 'huge 4', expected frames below 4; write 'frames: N' with a larger N, "
            "or a frame from 0 to 3");
}

TEST(Validate, LimitsRepeats) {
  EXPECT_EQ(ErrorOfRace("setup{repeat 64 {read 0; age 0}}"), "");
  EXPECT_EQ(ErrorOfRace("setup{repeat 65 {read 0}}"),
            "t:1:7: found 65, expected a repeat count between 1 and 64; write 64");
  EXPECT_NE(ErrorOfRace("setup{repeat 0 {read 0}}"), "");
  EXPECT_EQ(ErrorOfRace("setup{repeat 2 {}}"),
            "t:1:7: found an empty repeat, expected an operation in its braces; remove the repeat");
  EXPECT_EQ(ErrorOfRace("setup{repeat 64 {repeat 64 {read 0}}}"),
            "t: found 4098 operations after repeats are unrolled, expected at most 256; lower a "
            "repeat count or split the scenario");
  std::string nested = "read 0";
  for (int i = 0; i < kMaxRepeatDepth; ++i) nested = absl::StrCat("repeat 64 {", nested, "}");
  EXPECT_NE(ErrorOfRace(absl::StrCat("setup{", nested, "}")), "");
}

TEST(Validate, NoGuestRunsBesideTheEnd) {
  EXPECT_EQ(ErrorOf("setup{write 0} host h{exit_mm} vmm m{unregister; destroy}"), "");
  EXPECT_EQ(ErrorOf("setup{write 0} vcpu a{put_root; close} host i{exit_mm} host h{age 0}"), "");
  EXPECT_NE(ErrorOf("setup{write 0} vcpu a{put_root; close} vmm m{destroy} host h{age 0}"), "");
  EXPECT_EQ(ErrorOf("vcpu a{write 0} vmm m{destroy}"),
            "t:1:23: found 'destroy' beside 'write 0' of 'a', expected no vCPU and no other "
            "VMM to be there; move what it does to setup, or 'destroy' to after");
  for (const absl::string_view access :
       {"read 0", "write 0", "exec 0", "fault 0 r", "prefetch 0", "load_root"}) {
    EXPECT_NE(ErrorOf(absl::StrCat("vcpu a{", access, "} host h{exit_mm}")), "");
    EXPECT_NE(ErrorOf(absl::StrCat("vcpu a{", access, "} vmm m{unregister}")), "");
  }
  EXPECT_EQ(ErrorOfRace("after{unmap 0; destroy}"), "");
}

// Nobody uses the guest's memory any more, through whatever; but what was used is given back.
TEST(Validate, NoPageCacheIsUsedBesideTheEndOrAfterIt) {
  for (const absl::string_view use : {"gpc activate 0", "gpc refresh 0", "gpc use 0"}) {
    for (const absl::string_view end : {"host e{exit_mm}", "vmm e{unregister}", "vmm e{destroy}"}) {
      EXPECT_NE(ErrorOf(absl::StrCat("vmm m{", use, "} host h{age 0} ", end)), "") << use << end;
      EXPECT_NE(ErrorOf(absl::StrCat("host h{age 0} host i{age 0} ", end, " after{", use, "}")), "")
          << use << end;
    }
  }
  EXPECT_EQ(ErrorOf("vmm m{gpc use 0} host h{exit_mm}"),
            "t:1:25: found 'exit_mm' beside 'gpc use 0' of 'm', expected no use of guest memory; "
            "move what it does to setup, or 'exit_mm' to after");
  EXPECT_EQ(ErrorOf("host h{age 0} vmm m{unregister; gpc use 0}"),
            "t:1:33: found 'gpc use 0' after 'unregister', expected no more use of guest memory; "
            "move it before 'unregister', or remove it");
  for (const absl::string_view end : {"host e{exit_mm}", "vmm e{unregister}"}) {
    EXPECT_EQ(ErrorOf(absl::StrCat("setup{gpc activate 0} vmm m{gpc deactivate 0} ", end)), "");
  }
  EXPECT_NE(ErrorOf("host h{age 0} vmm m{destroy; gpc deactivate 0}"), "");
}

TEST(Validate, NothingFollowsTheEnd) {
  EXPECT_EQ(ErrorOfRace("setup{destroy}"),
            "t:1:23: found 'write 0' after 'destroy', expected no more guest accesses; move it "
            "before 'destroy', or remove it");
  EXPECT_NE(ErrorOf("host h{exit_mm} vmm m{zap_all} after{read 0}"), "");
  EXPECT_EQ(ErrorOf("host h{age 0} vmm m{destroy; zap_all}"),
            "t:1:30: found 'zap_all' after 'destroy', expected nothing more of a vmm; move it "
            "before 'destroy', or remove it");
  EXPECT_NE(ErrorOf("host h{age 0} vmm m{zap_all} vmm n{destroy} after{age 0}"), "");
  EXPECT_EQ(ErrorOf("host h{age 0} vmm n{destroy} after{age 0}"), "");
  EXPECT_EQ(ErrorOf("host h{age 0} vmm m{destroy} after{destroy}"),
            "t:1:36: found 'destroy' a second time, expected it at most once; remove one, or take "
            "it out of its repeat");
  EXPECT_NE(ErrorOf("host h{repeat 2 {exit_mm}} vmm m{zap_all}"), "");
}

TEST(Validate, UnregisteringEndsTheGuestOnly) {
  EXPECT_EQ(ErrorOf("vcpu a{write 0} vmm m{unregister}"),
            "t:1:23: found 'unregister' beside 'write 0' of 'a', expected no vCPU that runs the "
            "guest; move what it does to setup, or 'unregister' to after");
  EXPECT_EQ(ErrorOfRace("setup{unregister}"),
            "t:1:26: found 'write 0' after 'unregister', expected no more guest accesses; move it "
            "before 'unregister', or remove it");
  EXPECT_EQ(ErrorOf("host h{age 0} vmm m{unregister} after{unregister}"),
            "t:1:39: found 'unregister' a second time, expected it at most once; remove one, or "
            "take it out of its repeat");
  EXPECT_NE(ErrorOf("host h{age 0} vmm m{unregister} vmm n{unregister}"), "");
  EXPECT_NE(ErrorOf("host h{age 0} vmm m{unregister} after{read 0}"), "");
  EXPECT_EQ(ErrorOfRace("after{unregister; destroy}"), "");
  // Its count is its own, and it may race with the other end.
  // Only whoever has the address space may change its slots.
  for (const char* word : {"slot delete 0", "dirty_log on", "harvest"}) {
    EXPECT_NE(ErrorOf(absl::StrCat("host h{exit_mm} vmm m{", word, "}")), "") << word;
    EXPECT_NE(ErrorOf(absl::StrCat("setup{exit_mm} host h{age 0} vmm m{", word, "}")), "") << word;
    EXPECT_EQ(ErrorOf(absl::StrCat("host h{age 0} vmm m{unregister; ", word, "}")), "") << word;
  }
  EXPECT_EQ(ErrorOf("setup{write 0} host h{exit_mm} vmm m{unregister}"), "");
  EXPECT_EQ(ErrorOf("setup{write 0; exit_mm} host h{age 0} vmm m{unregister; destroy}"), "");
  EXPECT_EQ(ErrorOf("setup{write 0; unregister} host h{exit_mm} vmm m{zap_all}"), "");
  EXPECT_EQ(ErrorOf("vcpu a{put_root; close} host h{exit_mm} vmm m{unregister} after{destroy}"),
            "");
  // Each end is looked for beside each guest, whichever else there is.
  EXPECT_NE(ErrorOf("vcpu a{read 0} vmm m{unregister} host h{age 0} after{exit_mm}"), "");
  // The VMM goes on.
  constexpr absl::string_view kWords =
      "dirty_log on; harvest; slot delete 0; slot add 0 0..3; slot move 0 0..3; collapse 0..3; "
      "split 0; wrprotect 0; zap_all; invalidate_roots; dirty_log off";
  EXPECT_EQ(ErrorOf(absl::StrCat("setup{write 0} host h{age 0} vmm m{unregister; ", kWords, "}")),
            "");
  EXPECT_EQ(ErrorOf(absl::StrCat("setup{write 0} vmm n{unregister} vmm m{", kWords, "}")), "");
}

TEST(Validate, AClosedVcpuDoesNothing) {
  EXPECT_EQ(ErrorOf("vcpu a{read 0; close; synchronize_rcu} vcpu b{close}"), "");
  EXPECT_EQ(ErrorOf("vcpu a{close; read 0} vcpu b{read 0}"),
            "t:1:15: found 'read 0' after 'close', expected nothing more of this vCPU; move it "
            "before 'close', or to another vCPU");
  EXPECT_NE(ErrorOf("vcpu a{repeat 2 {close}} vcpu b{read 0}"), "");
  EXPECT_EQ(ErrorOfRace("setup{close; read 0}"), "");
}

TEST(Validate, TellsATreeBuiltByHandWithoutPositions) {
  Scenario scenario;
  scenario.name = "hand";
  scenario.threads = {{ThreadRole::kVcpu, "a", {{.verb = Verb::kRead, .range = {0, 9}}}},
                      {ThreadRole::kHost, "h", {{.verb = Verb::kAge}}}};
  EXPECT_EQ(ValidateScenario(scenario).message(),
            "hand: found 'read 0..9', expected frames below 4; write 'frames: N' with a larger N, "
            "or a frame from 0 to 3");
  scenario.threads[0].operations[0].range = {0, 3};
  EXPECT_TRUE(ValidateScenario(scenario).ok());
  scenario.threads[1].operations = {{.verb = Verb::kMakeHuge, .range = {0, 1}}};
  EXPECT_EQ(ValidateScenario(scenario).message(),
            "hand: found 'make_huge 0..1', expected one frame; write 'make_huge 0'");
}

// A tree may be deeper than any text: nothing may recurse to its bottom.
TEST(Validate, RefusesDepthInATree) {
  Operation operation{.verb = Verb::kRead};
  for (int i = 0; i < kMaxRepeatDepth + 1; ++i) {
    Operation repeat{.verb = Verb::kRepeat, .number = 1};
    repeat.body.push_back(std::move(operation));
    operation = std::move(repeat);
  }
  Scenario scenario;
  scenario.threads = {{ThreadRole::kVcpu, "a", {operation}},
                      {ThreadRole::kHost, "h", {{.verb = Verb::kAge}}}};
  EXPECT_FALSE(ValidateScenario(scenario).ok());
  scenario.threads[0].operations = operation.body;
  EXPECT_TRUE(ValidateScenario(scenario).ok());
}

}  // namespace
}  // namespace racewalk
