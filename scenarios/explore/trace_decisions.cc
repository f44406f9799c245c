#include "scenarios/explore/trace_decisions.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/platform/decisions.h"

namespace racewalk {
namespace {

static_assert(kMaxThreads <= 10, "a thread is one digit in a trace");

// Digits only and no leading zero, so that each number has one spelling.
bool ParseCount(absl::string_view text, uint32_t& number) {
  if (text.empty() || text.size() > 10 || (text[0] == '0' && text.size() > 1)) return false;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return absl::SimpleAtoi(text, &number);
}

bool ParsePick(absl::string_view taken, absl::string_view enabled, Decision& decision) {
  decision = {.is_pick = true};
  int last = -1;
  for (char c : enabled) {
    const int thread = c - '0';
    if (thread <= last || thread >= kMaxThreads) return false;
    decision.options |= 1u << thread;
    last = thread;
  }
  return ParseCount(taken, decision.taken) && decision.taken < kMaxThreads &&
         (decision.options >> decision.taken & 1) != 0;
}

}  // namespace

std::string FormatDecision(const Decision& decision) {
  if (!decision.is_pick) {
    return absl::StrCat(kChoiceNames[static_cast<std::size_t>(decision.kind)], "=", decision.taken,
                        "/", decision.options);
  }
  std::string word = absl::StrCat(decision.taken, "/");
  for (int thread = 0; thread < kMaxThreads; ++thread) {
    if ((decision.options >> thread & 1) != 0) absl::StrAppend(&word, thread);
  }
  return word;
}

bool ParseDecision(absl::string_view word, Decision& decision) {
  const std::size_t slash = word.find('/');
  if (slash == absl::string_view::npos) return false;
  const absl::string_view left = word.substr(0, slash);
  const absl::string_view right = word.substr(slash + 1);
  const std::size_t equals = left.find('=');
  if (equals == absl::string_view::npos) return ParsePick(left, right, decision);
  for (std::size_t kind = 0; kind < kChoiceNames.size(); ++kind) {
    if (left.substr(0, equals) != kChoiceNames[kind]) continue;
    decision = {.is_pick = false, .kind = static_cast<Choice>(kind)};
    return ParseCount(left.substr(equals + 1), decision.taken) &&
           ParseCount(right, decision.options) && decision.options >= 2 &&
           decision.taken < decision.options;
  }
  return false;
}

}  // namespace racewalk
