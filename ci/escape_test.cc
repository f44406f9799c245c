// Goal: whatever bytes a text has, a page, JSON and a shell read it as it is.
#include "ci/escape.h"

#include <string>

#include "gtest/gtest.h"

namespace racewalk {
namespace {

TEST(Escape, AShellReadsOneWord) {
  EXPECT_EQ(ShellQuoted("plain_word,x=1/2"), "plain_word,x=1/2");
  EXPECT_EQ(ShellQuoted("two words"), "'two words'");
  EXPECT_EQ(ShellQuoted("it's"), "'it'\\''s'");
  EXPECT_EQ(ShellQuoted("$HOME"), "'$HOME'");
  EXPECT_EQ(ShellQuoted(""), "''");
}

TEST(Escape, AReplayCommandCanBePasted) {
  EXPECT_EQ(ReplayCommand("leak#0123@tdp/random/seed=1"),
            "racewalk replay 'leak#0123@tdp/random/seed=1'");
  EXPECT_EQ(ReplayCommand("my traces/leak.trace"), "racewalk replay 'my traces/leak.trace'");
  EXPECT_EQ(ReplayCommand("traces/leak.trace"), "racewalk replay traces/leak.trace");
}

TEST(Escape, PagesAndScripts) {
  EXPECT_EQ(HtmlEscaped("<a href=\"'\">&"), "&lt;a href=&quot;&#39;&quot;&gt;&amp;");
  EXPECT_EQ(HtmlEscaped("a\x01\xff\nb"), "a??\nb");
  EXPECT_EQ(JsonQuoted("</script>\"\\\n&"), "\"\\u003c/script\\u003e\\\"\\\\\\n\\u0026\"");
}

}  // namespace
}  // namespace racewalk
