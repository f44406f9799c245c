#include "scenarios/violation_text.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <source_location>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/violation.h"

namespace racewalk {
namespace {

std::string NumberText(uint64_t number) {
  return number == Violation::kNoNumber ? "?" : absl::StrCat(number);
}

std::string ThreadText(int thread, const std::vector<std::string>& threads) {
  if (thread < 0) return "another thread";
  if (static_cast<std::size_t>(thread) >= threads.size()) return absl::StrCat("thread ", thread);
  return threads[static_cast<std::size_t>(thread)];
}

}  // namespace

std::string ViolationSentence(const Violation& violation, const std::vector<std::string>& threads,
                              const std::function<std::string(uint64_t)>& guest_frame) {
  std::string sentence;
  absl::string_view rest = violation.what;
  if (rest.empty()) rest = Name(violation.kind);
  while (!rest.empty()) {
    const std::size_t open = rest.find('{');
    const std::size_t close = open == absl::string_view::npos ? open : rest.find('}', open);
    if (close == absl::string_view::npos) break;
    absl::StrAppend(&sentence, rest.substr(0, open));
    const absl::string_view name = rest.substr(open + 1, close - open - 1);
    if (name == "gfn") {
      const bool told = guest_frame && violation.gfn != Violation::kNoNumber;
      absl::StrAppend(&sentence, told ? guest_frame(violation.gfn) : NumberText(violation.gfn));
    } else if (name == "pfn") {
      absl::StrAppend(&sentence, NumberText(violation.pfn));
    } else if (name == "value") {
      absl::StrAppend(&sentence, NumberText(violation.value));
    } else if (name == "thread") {
      absl::StrAppend(&sentence, violation.thread < 0 ? "the phase with one thread"
                                                      : ThreadText(violation.thread, threads));
    } else if (name == "other") {
      absl::StrAppend(&sentence, ThreadText(violation.other, threads));
    } else {
      // Not one of ours: left as it is, so that the slip can be seen.
      absl::StrAppend(&sentence, rest.substr(open, close - open + 1));
    }
    rest.remove_prefix(close + 1);
  }
  absl::StrAppend(&sentence, rest);
  if (sentence.back() != '.') sentence += '.';
  return sentence;
}

std::string PlaceText(absl::string_view file, uint32_t line) {
  if (file.empty() || line == 0) return "";
  const std::size_t slash = file.rfind('/');
  if (slash != absl::string_view::npos) file.remove_prefix(slash + 1);
  return absl::StrCat(file, ":", line);
}

std::string PlaceText(const std::source_location& where) {
  return PlaceText(where.file_name(), where.line());
}

}  // namespace racewalk
