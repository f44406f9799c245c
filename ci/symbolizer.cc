#include "ci/symbolizer.h"

#include <cxxabi.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "ci/run_program.h"
#include "scenarios/violation_text.h"

namespace racewalk {
namespace {

constexpr std::size_t kMostBytes = 8 << 20;
// What is known is forgotten beyond that: a run may be long.
constexpr std::size_t kMostKnown = 20'000;

std::string Self() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

// "file.h:42 (discriminator 3)", "??:0", "file.h:?".
void ReadPlace(absl::string_view text, CodeFrame& frame) {
  text = text.substr(0, text.find(" (discriminator"));
  const std::size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos || absl::StartsWith(text, "??")) return;
  frame.file = std::string(text.substr(0, colon));
  if (!absl::SimpleAtoi(text.substr(colon + 1), &frame.line)) frame.line = 0;
}

// The offsets of `program` that `text` names, as "(program+0x1234)".
std::vector<uint64_t> OffsetsIn(absl::string_view text, const std::string& program) {
  std::vector<uint64_t> offsets;
  const std::string begin = absl::StrCat("(", program, "+0x");
  for (absl::string_view part : absl::StrSplit(text, begin)) {
    uint64_t offset = 0;
    const absl::string_view digits = part.substr(0, part.find(')'));
    // What stands before the first is no number, or it is none of ours.
    if (digits.size() <= 16 && absl::SimpleHexAtoi(digits, &offset)) offsets.push_back(offset);
  }
  return offsets;
}

}  // namespace

bool IsBelowCore(const CodeFrame& frame) {
  if (frame.file.empty()) return true;
  for (const char* part :
       {"core/platform/", "sanitizers/stress_platform", "sanitizers/stress_atomic",
        "sanitizers/stress_locks", "sanitizers/stress_rcu", "sanitizers/stress_slots",
        "sanitizers/stress_thread", "sanitizers/event_log", "/include/c++/", "/lib/gcc/",
        "/lib/llvm", "compiler-rt"}) {
    if (absl::StrContains(frame.file, part)) return true;
  }
  return false;
}

// Newer compilers make names, such as those of lambdas in templates, that
// neither addr2line nor the C++ library can read. What they begin with can be.
std::string Demangled(absl::string_view name) {
  if (!absl::StartsWith(name, "_Z")) return std::string(name);
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(std::string(name).c_str(), nullptr, nullptr, &status), std::free);
  if (status == 0 && text != nullptr) return text.get();
  std::vector<absl::string_view> parts;
  std::size_t at = name.find_first_of("0123456789");
  while (at < name.size() && absl::ascii_isdigit(static_cast<unsigned char>(name[at]))) {
    const std::size_t end = name.find_first_not_of("0123456789", at);
    std::size_t size = 0;
    if (!absl::SimpleAtoi(name.substr(at, end - at), &size) || size > name.size() - end) break;
    const absl::string_view part = name.substr(end, size);
    parts.push_back(part == "_GLOBAL__N_1" ? "(anonymous namespace)" : part);
    at = end + size;
  }
  return parts.empty() ? std::string(name) : absl::StrJoin(parts, "::");
}

// Templates make names that nobody reads: "void ns::Walk<A<B>, C>::Step(int) const" is
// "Walk::Step".
std::string ShortFunction(absl::string_view function) {
  std::string text;
  int depth = 0;  // of <>, () and {}
  for (std::size_t i = 0; i < function.size(); ++i) {
    const char c = function[i];
    if (absl::StartsWith(function.substr(i), "operator") && depth == 0) {
      // Its name may be made of brackets.
      absl::StrAppend(&text, function.substr(i, function.find('(', i + 10) - i));
      break;
    }
    if (absl::StartsWith(function.substr(i), "(anonymous namespace)::")) {
      i += absl::string_view("(anonymous namespace)::").size() - 1;
    } else if (absl::StartsWith(function.substr(i), "{lambda")) {
      if (depth++ == 0) text += "lambda";
    } else if (c == '<' || c == '(' || c == '{') {
      ++depth;
    } else if (c == '>' || c == ')' || c == '}') {
      --depth;
    } else if (depth == 0 && c == ' ') {
      // What stood before was a type, or what follows is "const".
      if (absl::StartsWith(function.substr(i), " const")) break;
      text.clear();
    } else if (depth == 0) {
      text += c;
    }
  }
  const absl::string_view ours = "racewalk::";
  return absl::StartsWith(text, ours) ? text.substr(ours.size()) : text;
}

std::string FrameText(const CodeFrame& frame) {
  return absl::StrCat(ShortFunction(frame.function), frame.file.empty() ? "" : " ",
                      frame.file.empty() ? "" : PlaceText(frame.file, frame.line));
}

void Symbolizer::Learn(const std::vector<uint64_t>& offsets) {
  if (known_.size() > kMostKnown) known_.clear();
  std::vector<std::string> words = {"addr2line", "-a", "-f", "-i", "-C", "-e", Self()};
  std::set<uint64_t> asked;
  for (const uint64_t offset : offsets) {
    if (offset == 0 || known_.contains(offset) || !asked.insert(offset).second) continue;
    words.push_back(absl::StrCat("0x", absl::Hex(offset)));
  }
  if (asked.empty()) return;
  const absl::StatusOr<ProgramResult> result = RunProgram(words, kMostBytes);
  if (!result.ok() || result->status != 0) {
    const std::string why =
        !result.ok()
            ? std::string(result.status().message())
            : absl::StrCat("addr2line failed: ", result->err.substr(0, result->err.find('\n')));
    problem_ = absl::StrCat(why,
                            "; places are told as offsets in the program. Install binutils, "
                            "which has addr2line, or have it on the PATH");
    return;
  }
  std::vector<CodeFrame>* frames = nullptr;
  const std::vector<absl::string_view> lines = absl::StrSplit(result->out, '\n');
  for (std::size_t i = 0; i < lines.size(); ++i) {
    uint64_t offset = 0;
    if (absl::StartsWith(lines[i], "0x") && absl::SimpleHexAtoi(lines[i], &offset)) {
      frames = &known_[offset];
    } else if (frames != nullptr && i + 1 < lines.size()) {
      CodeFrame frame{.function = Demangled(lines[i])};
      ReadPlace(lines[++i], frame);
      frames->push_back(std::move(frame));
    }
  }
}

std::vector<CodeFrame> Symbolizer::FramesAt(uint64_t offset) {
  Learn({offset});
  const auto known = known_.find(offset);
  if (known != known_.end() && !known->second.empty() && known->second.front().function != "??") {
    return known->second;
  }
  const std::string module = Self();
  return {
      {.function = absl::StrCat(module.substr(module.rfind('/') + 1), "+0x", absl::Hex(offset))}};
}

std::string Symbolizer::Readable(absl::string_view text) {
  const std::string program = Self();
  Learn(OffsetsIn(text, program));
  std::vector<std::string> lines;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<uint64_t> offsets = OffsetsIn(line, program);
    const std::size_t at = line.find(absl::StrCat("(", program));
    if (offsets.empty()) {
      lines.emplace_back(line);
      continue;
    }
    const bool stack = absl::StartsWith(absl::StripLeadingAsciiWhitespace(line), "#");
    for (const CodeFrame& frame : FramesAt(offsets.front())) {
      if (stack && !frame.file.empty() && IsBelowCore(frame)) continue;
      lines.push_back(absl::StrCat(line.substr(0, at), FrameText(frame)));
    }
  }
  return absl::StrJoin(lines, "\n");
}

}  // namespace racewalk
