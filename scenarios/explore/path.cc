#include "scenarios/explore/path.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/platform/decisions.h"

namespace racewalk {
namespace {

constexpr uint32_t kMore = 25;  // what 'z' adds

}  // namespace

std::string FormatPath(const std::vector<PathStep>& path) {
  if (path.empty()) return "-";
  std::string text;
  for (const PathStep& step : path) {
    if (step.is_pick) {
      text += static_cast<char>('0' + step.taken);
      continue;
    }
    text.append(step.taken / kMore, 'z');
    text += static_cast<char>('a' + step.taken % kMore);
  }
  return text;
}

bool ParsePath(absl::string_view text, std::vector<PathStep>& path) {
  path.clear();
  if (text == "-") return true;
  if (text.empty() || text.size() > kMaxPathBytes) return false;
  uint32_t more = 0;
  for (char c : text) {
    if (c == 'z') {
      more += kMore;
    } else if (c >= 'a' && c < 'z') {
      path.push_back({.is_pick = false, .taken = more + static_cast<uint32_t>(c - 'a')});
      more = 0;
    } else if (c >= '0' && c < '0' + kMaxThreads && more == 0) {
      path.push_back({.is_pick = true, .taken = static_cast<uint32_t>(c - '0')});
    } else {
      return false;
    }
  }
  return more == 0;
}

}  // namespace racewalk
