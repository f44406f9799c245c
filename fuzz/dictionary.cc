#include "fuzz/dictionary.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "core/protocol.h"
#include "core/violation.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/explore/trace.h"
#include "scenarios/variants.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

class WordList {
 public:
  void Add(absl::string_view word) {
    const bool known = std::find(words_.begin(), words_.end(), word) != words_.end();
    if (!word.empty() && !known) words_.emplace_back(word);
  }
  template <typename Table>
  void AddSpellings(const Table& table, absl::string_view after = "") {
    for (const auto& spelling : table) Add(absl::StrCat(spelling.text, after));
  }
  std::string Text() const {
    std::string text =
        "# The words of scenarios, inputs, tokens and traces, for racewalk_fuzz_text.\n"
        "# Made by racewalk_dictionary; do not edit.\n";
    for (const std::string& word : words_) {
      absl::StrAppend(&text, "\"", absl::StrReplaceAll(word, {{"\n", "\\x0a"}}), "\"\n");
    }
    return text;
  }

 private:
  std::vector<std::string> words_;
};

}  // namespace

std::string Dictionary() {
  WordList words;
  words.AddSpellings(kHeaderSpellings, ": ");
  words.AddSpellings(kHeaderSpellings, "=");
  words.AddSpellings(kRoleSpellings, " a: ");
  words.AddSpellings(kRoleSpellings, " a{");
  words.AddSpellings(kBlockSpellings, ": ");
  words.AddSpellings(kBlockSpellings, "{");
  for (const absl::string_view sign :
       {"{", "}", "; ", "..", ",", "\n", "\n  ", "# ", "0..1", "3x2"}) {
    words.Add(sign);
  }
  words.AddSpellings(kMmuSpellings);
  words.AddSpellings(kHostSpellings);
  words.AddSpellings(kLoggingSpellings);
  words.AddSpellings(kAccessKindSpellings);
  words.AddSpellings(kSplitSpellings);
  words.AddSpellings(kFlushSpellings);
  words.AddSpellings(kAccessSpellings);
  for (const Word& word : Words()) words.Add(SpellingOf(word));
  for (const CheckWord& word : CheckWords()) words.Add(word.text);
  for (const Variant& variant : Variants()) words.Add(variant.name);
  words.Add("# run: ");
  for (const absl::string_view sign :
       {"@tdp+", "@stage2+", "+weaken=", "+bug=", "/seed=", "#0123abcd", "0123456789abcdef"}) {
    words.Add(sign);
  }
  for (const StrategyInfo& info : StrategyCatalogue()) {
    const absl::string_view name = info.name;
    const std::size_t colon = name.find(':');
    words.Add(
        absl::StrCat("/", colon == absl::string_view::npos ? name : name.substr(0, colon + 1)));
  }
  // A trace's lines, without what follows their names.
  for (const absl::string_view line : absl::StrSplit(FormatTrace({}), '\n')) {
    const std::size_t colon = line.find(':');
    const std::size_t end =
        colon != absl::string_view::npos ? colon + 2 : line.find(' ', line.find(' ') + 1);
    words.Add(line.substr(0, end));
  }
  for (const absl::string_view decision : {"2/012 ", "stale=1/2 "}) words.Add(decision);
  for (const char* const name : kViolationKindNames) words.Add(name);
  for (std::size_t i = 1; i < kPointCount; ++i) words.Add(std::string(kPoints[i].name));
  return words.Text();
}

}  // namespace racewalk
