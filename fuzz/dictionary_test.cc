// Goal: the dictionary that is committed has the words of today.
#include "fuzz/dictionary.h"

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::HasSubstr;

TEST(Dictionary, IsUpToDate) {
  std::ifstream file("fuzz/racewalk.dict");
  std::stringstream committed;
  committed << file.rdbuf();
  EXPECT_EQ(committed.str(), Dictionary())
      << "remedy: build/release/bin/racewalk_dictionary > fuzz/racewalk.dict";
}

TEST(Dictionary, HasWordsOfEveryText) {
  const std::string text = Dictionary();
  for (const char* word :
       {"frames: ", "vcpu a{", "dirty_log on", "v14", "# run: ", "@tdp+", "/pct:", "/surw",
        "racewalk-trace 1", "fingerprint: ", "end 0", "use-after-free", "table_publish", "\\x0a"}) {
    EXPECT_THAT(text, HasSubstr("\"" + std::string(word) + "\"\n"));
  }
  std::set<std::string> seen;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    EXPECT_TRUE(line.empty() || seen.insert(std::string(line)).second) << line;
    EXPECT_TRUE(line.empty() || line[0] == '#' || (line[0] == '"' && line.back() == '"')) << line;
  }
}

}  // namespace
}  // namespace racewalk
