// Goal: a slip of the keyboard finds the word that was meant, and nothing
// else finds a word. Method: known slips, and words that are near nothing.
#include "scenarios/nearest.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace racewalk {
namespace {

const std::vector<std::string>& Words() {
  static const auto* const words = new std::vector<std::string>{
      "tdp", "stage2", "unmap", "flush_before_free", "flush_before_return", "make_huge"};
  return *words;
}

TEST(NearestTest, FindsSlips) {
  EXPECT_EQ(Nearest("tpd", Words()), "tdp");
  EXPECT_EQ(Nearest("TDP", Words()), "tdp");
  EXPECT_EQ(Nearest("stage-2", Words()), "stage2");
  EXPECT_EQ(Nearest("unmpa", Words()), "unmap");
  EXPECT_EQ(Nearest("make-huge", Words()), "make_huge");
  EXPECT_EQ(Nearest("flush_befor_fre", Words()), "flush_before_free");
}

TEST(NearestTest, ReturnsAnExactMatch) { EXPECT_EQ(Nearest("unmap", Words()), "unmap"); }

TEST(NearestTest, FindsABeginningAndTheFirstOfATie) {
  EXPECT_EQ(Nearest("flush", Words()), "flush_before_free");
  EXPECT_EQ(Nearest("Flush-", Words()), "flush_before_free");
  EXPECT_EQ(Nearest("ab", {"ac", "ad"}), "ac");
}

TEST(NearestTest, FindsNothingFarAway) {
  EXPECT_EQ(Nearest("", Words()), "");
  EXPECT_EQ(Nearest("x", {"w", "y"}), "");
  EXPECT_EQ(Nearest("collapse", Words()), "");
  EXPECT_EQ(Nearest("unmap", {}), "");
  EXPECT_EQ(Nearest(std::string(100000, 'u'), Words()), "");
}

TEST(NearestTest, DidYouMeanIsASuffixOrNothing) {
  EXPECT_EQ(DidYouMean("tpd", Words()), "; did you mean 'tdp'?");
  EXPECT_EQ(DidYouMean("zzzzzz", Words()), "");
}

TEST(NearestTest, QuotedStaysOnOneShortLine) {
  EXPECT_EQ(Quoted("abc"), "'abc'");
  EXPECT_EQ(Quoted("a\nb"), "'a\\nb'");
  const std::string text = Quoted(std::string(1000, '\n'));
  EXPECT_LT(text.size(), 100u);
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace racewalk
