// Goal: a token is read back as it was written, and any other text is refused
// with one line that says where and what to do. Method: round trips, every
// prefix, a table of errors, and seeded mutations.
#include "scenarios/explore/token.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/protocol.h"
#include "gtest/gtest.h"
#include "scenarios/rng.h"

namespace racewalk {
namespace {

std::string PointName(std::size_t i) { return std::string(kPoints[i].name); }

ReplayToken Full() {
  return {.scenario = "stage2 frames=8 setup{dirty_log on; write 0..1} vcpu a-b{fault 1 r|w}",
          .hash = "1a2b3c4d",
          .mmu = "stage2",
          .variant = "lock_subtree+bbm2",
          .weaken = {PointName(1), PointName(2)},
          .bug = "X23a",
          .strategy = "pct:3,n=3,k=58",
          .key = 0x0123456789abcdef};
}

std::string MessageOf(absl::string_view text) {
  auto token = ParseToken(text);
  if (token.ok()) return "ok";
  EXPECT_EQ(token.status().code(), absl::StatusCode::kInvalidArgument);
  const std::string message(token.status().message());
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  EXPECT_LT(message.size(), 400u);
  return message;
}

TEST(TokenTest, LooksAsDocumented) {
  ReplayToken token = Full();
  token.scenario = "fault_vs_unmap";
  token.mmu = "tdp";
  token.variant = "owned";
  EXPECT_EQ(FormatToken(token),
            absl::StrCat("fault_vs_unmap#1a2b3c4d@tdp+owned+weaken=", PointName(1), ",",
                         PointName(2), "+bug=X23a/pct:3,n=3,k=58/seed=0123456789abcdef"));
}

TEST(TokenTest, RoundTrips) {
  ReplayToken bare = Full();
  bare.variant = "";
  bare.weaken.clear();
  bare.bug = "";
  bare.strategy = "random";
  bare.key = 0;
  for (const ReplayToken& token : {Full(), bare}) {
    auto parsed = ParseToken(FormatToken(token));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, token);
  }
}

TEST(TokenTest, OrderAndSpaceAroundDoNotMatter) {
  auto parsed = ParseToken(absl::StrCat("  s#00000000@tdp+bug=b+weaken=", PointName(1),
                                        "+owned+ad_at_zap/random/seed=FFFFFFFFFFFFFFFF\r\n"));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->variant, "owned+ad_at_zap");
  EXPECT_EQ(parsed->bug, "b");
  EXPECT_EQ(parsed->weaken, std::vector<std::string>{PointName(1)});
  EXPECT_EQ(parsed->key, ~uint64_t{0});
}

TEST(TokenTest, NoPrefixIsAToken) {
  const std::string text = FormatToken(Full());
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_NE(MessageOf(text.substr(0, size)), "ok") << size;
  }
}

TEST(TokenTest, ErrorsSayWhereAndWhatToDo) {
  EXPECT_TRUE(absl::StartsWith(MessageOf(""), "token, column 1: expected '/' and the seed; "));
  EXPECT_EQ(MessageOf("s#00000000@tdp/random/seed=012"),
            "token, column 23: expected 'seed=' and 16 hexadecimal digits, not 'seed=012'; copy "
            "the whole token, to its last digit");
  EXPECT_EQ(MessageOf("s#00000000@tpd/random/seed=0123456789abcdef"),
            "token, column 12: unknown MMU 'tpd'; did you mean 'tdp'?");
  EXPECT_EQ(MessageOf("s#0000000@tdp/random/seed=0123456789abcdef"),
            "token, column 3: the scenario's hash must be 8 digits 0-9a-f, not '0000000'; copy "
            "it as it was printed");
  EXPECT_EQ(MessageOf("a/b#00000000@tdp/random/seed=0123456789abcdef"),
            "token, column 2: a scenario cannot hold '/'; write its one-line form without "
            "comments");
  EXPECT_EQ(MessageOf("s#00000000@tdp+waeken=x/random/seed=0123456789abcdef"),
            "token, column 16: unknown word 'waeken'; did you mean 'weaken'?");
  std::string slip = PointName(1);
  slip.pop_back();
  EXPECT_TRUE(absl::StrContains(
      MessageOf(absl::StrCat("s#00000000@tdp+weaken=", slip, "/random/seed=0123456789abcdef")),
      absl::StrCat("token, column 23: unknown point '", slip, "'; did you mean '", PointName(1),
                   "'?")));
}

TEST(TokenTest, RefusesWhatIsNotOneReading) {
  const std::string twice = PointName(1) + "," + PointName(1);
  for (const std::string& middle :
       {std::string("s@tdp"), std::string("#00000000@tdp"), std::string("s#00000000@tdp+"),
        std::string("s#00000000@tdp+weaken="), std::string("s#00000000@tdp+bug="),
        std::string("s#00000000@tdp+bug=a+bug=b"), std::string("s#00000000@tdp+Owned"),
        std::string("s#00000000@tdp+none=1"), "s#00000000@tdp+weaken=" + twice,
        std::string("s#00000000@tdp+weaken=none"), std::string("a#b#00000000@tdp"),
        std::string("a@b#00000000@tdp"), std::string("a\nb#00000000@tdp")}) {
    EXPECT_NE(MessageOf(middle + "/random/seed=0123456789abcdef"), "ok") << middle;
  }
  EXPECT_NE(MessageOf("s#00000000@tdp//seed=0123456789abcdef"), "ok");
  EXPECT_NE(MessageOf("s#00000000@tdp/pct 3/seed=0123456789abcdef"), "ok");
}

TEST(TokenTest, LengthIsLimited) {
  const std::string tail = "#00000000@tdp/random/seed=0123456789abcdef";
  EXPECT_EQ(MessageOf(std::string(kMaxTokenBytes - tail.size(), 'a') + tail), "ok");
  EXPECT_TRUE(absl::StrContains(MessageOf(std::string(kMaxTokenBytes, 'a') + tail), "longer than"));
}

// Whatever is accepted after a mutation must print and parse as itself.
TEST(TokenTest, MutationsGiveATokenOrAStatus) {
  Rng rng(17);
  const std::string valid = FormatToken(Full());
  for (int i = 0; i < 100000; ++i) {
    std::string text = valid;
    for (uint32_t change = 1 + rng.Below(4); change > 0; --change) {
      const std::size_t at = rng.Below(static_cast<uint32_t>(text.size()));
      const char byte =
          rng.Below(2) == 0 ? static_cast<char>(rng.Below(256)) : "#@/+=,:;"[rng.Below(8)];
      if (rng.Below(3) == 0) text.erase(at, 1 + rng.Below(8));
      if (rng.Below(2) == 0) text.insert(std::min(at, text.size()), 1, byte);
      if (at < text.size()) text[at] = byte;
      if (text.empty()) text = "x";
    }
    if (MessageOf(text) != "ok") continue;
    auto token = ParseToken(text);
    auto again = ParseToken(FormatToken(*token));
    ASSERT_TRUE(again.ok()) << text;
    EXPECT_EQ(*again, *token);
  }
}

}  // namespace
}  // namespace racewalk
