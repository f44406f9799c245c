// Goal: tokens, positions and line starts are exact for every way to end a
// line. Method: small texts with known tokens.
#include "scenarios/lexer.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

// "text@line:column", with '^' where a line begins; "." is the end.
std::string Shown(absl::string_view text) {
  std::string shown;
  for (const Token& token : Tokenize(text)) {
    absl::StrAppend(&shown, shown.empty() ? "" : " ", token.first_on_line ? "^" : "",
                    token.kind == TokenKind::kEnd ? "END" : std::string(token.text), "@",
                    token.at.line, ":", token.at.column);
  }
  return shown;
}

TEST(Lexer, CutsWordsAndPunctuation) {
  EXPECT_EQ(Shown("vcpu a{read 0..3;}"),
            "^vcpu@1:1 a@1:6 {@1:7 read@1:8 0@1:13 ..@1:14 3@1:16 ;@1:17 }@1:18 ^END@1:19");
  EXPECT_EQ(Shown("variant=a,b+c:"),
            "^variant@1:1 =@1:8 a@1:9 ,@1:10 b@1:11 +@1:12 c@1:13 :@1:14"
            " ^END@1:15");
}

TEST(Lexer, SkipsCommentsBlanksAndTheByteOrderMark) {
  EXPECT_EQ(Shown("# all\n  a # rest\n\n\tb"), "^a@2:3 ^b@4:2 ^END@4:3");
  EXPECT_EQ(Shown("\xEF\xBB\xBF"
                  "a"),
            "^a@1:1 ^END@1:2");
  EXPECT_EQ(Shown(""), "^END@1:1");
  EXPECT_EQ(Shown("# only a comment"), "^END@1:17");
}

TEST(Lexer, TakesCarriageReturnsForBlanks) {
  EXPECT_EQ(Shown("a\r\nb\r\n"), "^a@1:1 ^b@2:1 ^END@3:1");
}

TEST(Lexer, RemembersTheIndentOfALine) {
  const std::vector<Token> tokens = Tokenize("  a b\nc");
  EXPECT_EQ(tokens[0].indent, 3u);
  EXPECT_EQ(tokens[1].indent, 3u);
  EXPECT_EQ(tokens[2].indent, 1u);
}

TEST(Lexer, StopsAtAByteWithoutMeaning) {
  for (const std::string& bad : {std::string("@"), std::string("\0", 1), std::string("\x80"),
                                 std::string("."), std::string("'")}) {
    const std::string text = absl::StrCat("a ", bad, " b");  // the tokens point into it
    const std::vector<Token> tokens = Tokenize(text);
    ASSERT_EQ(tokens.size(), 3u);
    EXPECT_EQ(tokens[1].kind, TokenKind::kBad);
    EXPECT_EQ(tokens[1].text, bad);
    EXPECT_EQ(tokens[2].kind, TokenKind::kEnd);
  }
}

}  // namespace
}  // namespace racewalk
