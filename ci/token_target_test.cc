#include "ci/token_target.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/protocol.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scenarios/bugs.h"
#include "scenarios/explore/token.h"
#include "scenarios/explore/trace.h"
#include "scenarios/library.h"
#include "scenarios/parser.h"

namespace racewalk {
namespace {

using ::testing::HasSubstr;

Target TextTarget() {
  Target target;
  absl::StatusOr<Scenario> scenario =
      ParseScenario("tdp frames=2 vcpu a{write 0} host h{unmap 0}", "");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  if (scenario.ok()) target.subject.scenario = *scenario;
  target.subject.mmu = "tdp";
  target.subject.variant = "owned+v14";
  target.weaken = {"table_publish"};
  EXPECT_TRUE(ResolveWeakened(target).ok());
  return target;
}

void ExpectSame(const Target& a, const Target& b) {
  EXPECT_EQ(a.subject.scenario, b.subject.scenario);
  EXPECT_EQ(a.subject.mmu, b.subject.mmu);
  EXPECT_EQ(a.subject.variant, b.subject.variant);
  EXPECT_EQ(a.subject.weakened, b.subject.weakened);
  EXPECT_EQ(a.weaken, b.weaken);
  EXPECT_EQ(a.bug, b.bug);
}

// Goal: what is printed as a token is the same subject when it is read back.
TEST(Target, ATokenOfTextBringsTheSubjectBack) {
  const Target target = TextTarget();
  const std::string text = FormatToken(TokenFor(target, "pct:3,n=3,k=58", 7));
  const absl::StatusOr<ReplayToken> token = ParseToken(text);
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->key, 7u);
  EXPECT_EQ(token->strategy, "pct:3,n=3,k=58");
  const absl::StatusOr<Target> read = TargetOf(*token);
  ASSERT_TRUE(read.ok()) << read.status();
  ExpectSame(*read, target);
}

TEST(Target, ATokenOfTheLibraryHoldsItsName) {
  ASSERT_FALSE(Library().empty());
  Target target = TextTarget();
  target.subject.scenario = Library().front();
  const ReplayToken token = TokenFor(target, "random", 1);
  EXPECT_EQ(token.scenario, Library().front().name);
  const absl::StatusOr<Target> read = TargetOf(token);
  ASSERT_TRUE(read.ok()) << read.status();
  ExpectSame(*read, target);
}

TEST(Target, AFileThatOnlySharesALibraryNameIsEmbedded) {
  Target target = TextTarget();
  target.subject.scenario.name = Library().front().name;
  EXPECT_THAT(TokenFor(target, "random", 1).scenario, HasSubstr("{"));
}

TEST(Target, ATraceBringsTheSubjectBack) {
  const Target target = TextTarget();
  Recording recording;
  recording.fingerprint = 99;
  const std::string text = FormatTrace(TraceFor(target, "random", 7, recording));
  const absl::StatusOr<Trace> trace = ParseTrace(text, "file");
  ASSERT_TRUE(trace.ok()) << trace.status();
  const absl::StatusOr<Target> read = TargetOf(*trace);
  ASSERT_TRUE(read.ok()) << read.status();
  ExpectSame(*read, target);
  EXPECT_EQ(trace->fingerprint, 99u);
}

// Goal: a scenario that has changed is never replayed as if it had not.
TEST(Target, AnotherHashIsRefusedWithARemedy) {
  ReplayToken token = TokenFor(TextTarget(), "random", 1);
  token.hash = token.hash == "00000000" ? "00000001" : "00000000";
  const absl::StatusOr<Target> read = TargetOf(token);
  ASSERT_TRUE(absl::IsInvalidArgument(read.status()));
  EXPECT_THAT(std::string(read.status().message()), HasSubstr("has changed"));
}

TEST(Target, UnknownNamesAreRefused) {
  ReplayToken token = TokenFor(TextTarget(), "random", 1);
  token.weaken = {"no_such_point"};
  EXPECT_FALSE(TargetOf(token).ok());
  token = TokenFor(TextTarget(), "random", 1);
  token.bug = "X999";
  EXPECT_FALSE(TargetOf(token).ok());
  token = TokenFor(TextTarget(), "random", 1);
  token.scenario = "no_such_scenario";
  EXPECT_FALSE(TargetOf(token).ok());
}

TEST(Target, ABugsPointsJoinThoseAskedFor) {
  for (const Bug& bug : Bugs()) {
    Target target = TextTarget();
    target.bug = bug.long_name;
    ASSERT_TRUE(ResolveWeakened(target).ok());
    EXPECT_EQ(target.bug, bug.name);
    PointSet expected = PointsOf(bug);
    expected.set(static_cast<std::size_t>(point::table_publish));
    EXPECT_EQ(target.subject.weakened, expected);
  }
}

}  // namespace
}  // namespace racewalk
