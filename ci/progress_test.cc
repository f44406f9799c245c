#include "ci/progress.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/console.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Goal: no control characters in a log file, and not a line for every chunk.
TEST(Progress, PlainLinesWhereThereIsNoTerminal) {
  std::string text;
  Console console{.err = [&](absl::string_view part) { absl::StrAppend(&text, part); }};
  Progress progress(console);
  for (int i = 0; i <= 100; ++i) progress.Show("busy", 0.1 * i);
  progress.Clear();
  EXPECT_THAT(text, Not(HasSubstr("\r")));
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_GE(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST(Progress, OneLineOnATerminalTakenAwayInTheEnd) {
  std::string text;
  Console console{.err = [&](absl::string_view part) { absl::StrAppend(&text, part); },
                  .err_is_terminal = true};
  Progress progress(console);
  progress.Show("busy", 1);
  EXPECT_THAT(text, Not(HasSubstr("\n")));
  progress.Clear();
  EXPECT_THAT(text, ::testing::EndsWith("\r\033[K"));
}

}  // namespace
}  // namespace racewalk
