// Goal: a trace is read back as it was written; a cut, edited or newer file is
// told as such and never taken for another execution. Method: round trips,
// every prefix, every byte changed, and files with a right checksum and wrong fields.
#include "scenarios/explore/trace.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/protocol.h"
#include "gtest/gtest.h"
#include "scenarios/explore/checksum.h"
#include "scenarios/explore/subject_words.h"
#include "scenarios/explore/trace_decisions.h"
#include "scenarios/rng.h"

namespace racewalk::trace_test {
namespace {

std::vector<Decision> SomeDecisions(int count) {
  Rng rng(23);
  std::vector<Decision> decisions;
  for (int i = 0; i < count; ++i) {
    Decision decision{.is_pick = rng.Below(2) == 0};
    if (decision.is_pick) {
      decision.options = 1 + rng.Below(63);
      do {
        decision.taken = rng.Below(6);
      } while ((decision.options >> decision.taken & 1) == 0);
    } else {
      decision.kind = static_cast<Choice>(rng.Below(4));
      decision.options = 2 + rng.Below(5);
      decision.taken = rng.Below(decision.options);
    }
    decisions.push_back(decision);
  }
  return decisions;
}

Trace Example(int decisions) {
  return {.scenario = "tdp frames=4 vcpu a{write 0} host h{unmap 0..1}",
          .name = "fault_vs_unmap",
          .hash = "1a2b3c4d",
          .mmu = "tdp",
          .variant = "owned+ad_at_zap",
          .weaken = {std::string(kPoints[1].name), std::string(kPoints[2].name)},
          .bug = "X23a",
          .strategy = "pct:3,n=3,k=58",
          .key = 0x0123456789abcdef,
          .violation = ViolationKind::kStaleTranslation,
          .invariant = "T4",
          .step = 17,
          .fingerprint = 0xfedcba9876543210,
          .decisions = SomeDecisions(decisions)};
}

// `text` with a last line that fits it, as if racewalk had written it.
std::string Resealed(absl::string_view text) {
  const std::string body(text.substr(0, text.rfind("end ")));
  const absl::string_view end = text.substr(body.size());
  return absl::StrCat(body, end.substr(0, end.rfind(' ')), " ", FormatHex64(Fnv1a64(body)), "\n");
}

std::string MessageOf(absl::string_view text) {
  auto trace = ParseTrace(text, "f.trace");
  if (trace.ok()) return "ok";
  EXPECT_EQ(trace.status().code(), absl::StatusCode::kInvalidArgument);
  const std::string message(trace.status().message());
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  EXPECT_TRUE(absl::StartsWith(message, "f.trace:")) << message;
  EXPECT_LT(message.size(), 500u);
  return message;
}

TEST(TraceDecisionsTest, LookAsDocumented) {
  EXPECT_EQ(FormatDecision({.is_pick = true, .options = 0b101, .taken = 2}), "2/02");
  EXPECT_EQ(FormatDecision({.is_pick = false, .kind = Choice::kGracePeriod, .options = 3}),
            "grace=0/3");
}

TEST(TraceDecisionsTest, RefusesWhatCannotBeTaken) {
  Decision decision;
  for (absl::string_view word : {"",
                                 "/",
                                 "1/",
                                 "1/0",
                                 "1/10",
                                 "1/11",
                                 "6/6",
                                 "01/1",
                                 "1/016",
                                 "stale=2/2",
                                 "stale=0/1",
                                 "stale=0",
                                 "stale=/2",
                                 "other=0/2",
                                 "=0/2",
                                 "stale=00/2",
                                 "stale=0/99999999999",
                                 "1/01 ",
                                 "-1/1",
                                 "1",
                                 "77777777777/1"}) {
    EXPECT_FALSE(ParseDecision(word, decision)) << word;
  }
}

TEST(TraceTest, RoundTrips) {
  Trace bare = Example(0);
  bare.name = bare.variant = bare.bug = bare.invariant = "";
  bare.weaken.clear();
  bare.violation = ViolationKind::kNone;
  for (const Trace& trace :
       {Example(0), Example(1), Example(16), Example(17), Example(1000), bare}) {
    auto parsed = ParseTrace(FormatTrace(trace), "f.trace");
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, trace);
  }
}

TEST(TraceTest, LooksAsDocumented) {
  Trace trace = Example(0);
  trace.decisions = {{.is_pick = true, .options = 0b111, .taken = 2},
                     {.is_pick = false, .kind = Choice::kStaleRead, .options = 2, .taken = 1}};
  const std::string text = FormatTrace(trace);
  EXPECT_TRUE(absl::StartsWith(text, "racewalk-trace 1\nscenario: tdp frames=4 "));
  EXPECT_TRUE(absl::StrContains(text, "\nviolation: stale-translation\ninvariant: T4\nstep: 17\n"));
  EXPECT_TRUE(absl::StrContains(text, "\ndecisions: 2\n0: 2/012 stale=1/2\nend 2 "));
}

TEST(TraceTest, NoPrefixIsATrace) {
  const std::string text = FormatTrace(Example(40));
  for (std::size_t size = 0; size + 1 < text.size(); ++size) {
    EXPECT_NE(MessageOf(text.substr(0, size)), "ok") << size;
  }
  EXPECT_EQ(MessageOf(text.substr(0, text.size() - 1)), "ok");  // only the last line's end
  EXPECT_TRUE(absl::StrContains(MessageOf(text.substr(0, text.size() / 2)), "the file is cut"));
}

TEST(TraceTest, EveryChangedByteIsFound) {
  const std::string text = FormatTrace(Example(40));
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_NE(MessageOf(changed), "ok") << i;
  }
  const std::string edited = absl::StrReplaceAll(text, {{"step: 17", "step: 18"}});
  EXPECT_TRUE(absl::StrContains(MessageOf(edited), ": the file was edited or damaged"));
  EXPECT_NE(MessageOf(text + "x"), "ok");
  EXPECT_NE(MessageOf(text + "\n"), "ok");
}

TEST(TraceTest, ForeignFilesAreNamed) {
  EXPECT_EQ(MessageOf("hello\n"),
            "f.trace:1: expected 'racewalk-trace 1', not 'hello'; give a file that racewalk "
            "wrote");
  const std::string text = FormatTrace(Example(1));
  EXPECT_TRUE(absl::StrContains(MessageOf(absl::StrReplaceAll(text, {{"trace 1", "trace 2"}})),
                                "f.trace:1: version '2' of the trace format; this racewalk reads "
                                "version 1"));
  EXPECT_TRUE(
      absl::StrContains(MessageOf(absl::StrReplaceAll(text, {{"\n", "\r\n"}})), "dos2unix"));
}

TEST(TraceTest, FieldErrorsSayTheLine) {
  const std::string text = FormatTrace(Example(20));
  const auto with = [&text](absl::string_view from, absl::string_view to) {
    return MessageOf(Resealed(absl::StrReplaceAll(text, {{from, to}})));
  };
  EXPECT_EQ(with("hash", "hash"), "ok");
  EXPECT_EQ(with("mmu: tdp", "mmu: tpd"), "f.trace:5: unknown MMU 'tpd'; did you mean 'tdp'?");
  EXPECT_TRUE(absl::StartsWith(with("weaken: ", "weaken: no_such_point,"),
                               "f.trace:7: unknown point 'no_such_point'"));
  EXPECT_EQ(with("violation: stale-translation", "violation: stale-translatoin"),
            "f.trace:11: unknown kind of violation 'stale-translatoin'; did you mean "
            "'stale-translation'?");
  EXPECT_TRUE(absl::StartsWith(with("step: ", "stop: "), "f.trace:13: expected 'step: ...', not"));
  EXPECT_TRUE(absl::StartsWith(with("key: ", "key: x"), "f.trace:10: key must be 16 hexa"));
  EXPECT_TRUE(absl::StartsWith(with("\n16: ", "\n17: "), "f.trace:17: expected '16: ' and dec"));
  EXPECT_TRUE(absl::StartsWith(with("\n0: ", "\n0: 7/012 "), "f.trace:16: expected a decision"));
  EXPECT_NE(with("decisions: 20", "decisions: 19"), "ok");
  EXPECT_NE(with("decisions: 20", "decisions: 99999999999"), "ok");
  EXPECT_NE(with("end 20", "end 21"), "ok");
}

TEST(TraceTest, MutationsGiveATraceOrAStatus) {
  Rng rng(29);
  const std::string valid = FormatTrace(Example(40));
  for (int i = 0; i < 20000; ++i) {
    std::string text = valid;
    for (uint32_t change = 1 + rng.Below(3); change > 0; --change) {
      const std::size_t at = rng.Below(static_cast<uint32_t>(text.size()));
      switch (rng.Below(3)) {
        case 0:
          text.erase(at, 1 + rng.Below(30));
          break;
        case 1:
          text.insert(at, 1, static_cast<char>(rng.Below(256)));
          break;
        default:
          text[at] = "0123456789/=:- \n"[rng.Below(16)];
      }
      if (text.empty()) text = "x";
    }
    if (text.rfind("end ") != std::string::npos) text = Resealed(text);
    if (MessageOf(text) != "ok") continue;
    auto trace = ParseTrace(text, "f.trace");
    auto again = ParseTrace(FormatTrace(*trace), "f.trace");
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(*again, *trace);
  }
}

TEST(TraceTest, TokenRepeatsTheSubject) {
  Trace trace = Example(3);
  EXPECT_EQ(TokenOf(trace).scenario, "fault_vs_unmap");
  trace.name = "";
  const ReplayToken token = TokenOf(trace);
  EXPECT_EQ(token.scenario, trace.scenario);
  auto parsed = ParseToken(FormatToken(token));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, token);
}

}  // namespace
}  // namespace racewalk::trace_test
