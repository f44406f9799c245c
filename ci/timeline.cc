#include "ci/timeline.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace racewalk {
namespace {

// "!! " and up to five digits of the step, and a space on each side.
constexpr std::size_t kMarkWidth = 3;
constexpr std::size_t kStepWidth = 5;
constexpr std::size_t kMargin = kMarkWidth + kStepWidth + 2;
// Lanes no narrower than a short name, and no wider than needed to tell them apart.
constexpr std::size_t kNarrowestLane = 4;
constexpr std::size_t kWidestLane = 16;
// What a step of the last lane and its place should still find room for.
constexpr std::size_t kTextRoom = 64;

constexpr const char* kColours[] = {"\033[36m", "\033[33m", "\033[32m",
                                    "\033[35m", "\033[34m", "\033[37m"};
constexpr const char* kWrong = "\033[1;31m";
constexpr const char* kFaint = "\033[2m";
constexpr const char* kReset = "\033[0m";

class Layout {
 public:
  Layout(const std::vector<std::string>& threads, const TextStyle& style)
      : threads_(threads),
        width_(static_cast<std::size_t>(style.width)),
        colour_(style.colour),
        inside_(threads.size(), false) {
    const std::size_t lanes = std::max<std::size_t>(threads.size(), 1);
    const std::size_t taken = kMargin + kTextRoom;
    const std::size_t room = width_ > taken ? width_ - taken : 0;
    lane_ = std::clamp(lanes > 1 ? room / (lanes - 1) : kWidestLane, kNarrowestLane, kWidestLane);
  }

  std::string Format(const std::vector<TimelineRow>& rows) {
    Heading();
    bool preemptions = false;
    for (const TimelineRow& row : rows) {
      Row(row);
      preemptions = preemptions || row.preempted >= 0;
    }
    if (preemptions)
      Line("",
           "x: preempted, the thread could have gone on; |: inside an operation; @: protocol point",
           kFaint);
    return text_;
  }

 private:
  void Line(absl::string_view prefix, absl::string_view text, const char* colour) {
    absl::StrAppend(&text_, prefix);
    if (colour_ && !text.empty()) {
      absl::StrAppend(&text_, colour, text, kReset);
    } else {
      absl::StrAppend(&text_, text);
    }
    while (!colour_ && !text_.empty() && text_.back() == ' ') text_.pop_back();
    text_ += '\n';
  }

  void Heading() {
    std::string names = absl::StrCat(std::string(kMarkWidth + 1, ' '), "step ");
    std::string rule = absl::StrCat(std::string(kMarkWidth, ' '), std::string(kStepWidth, '-'));
    for (std::size_t i = 0; i < threads_.size(); ++i) {
      const std::size_t at = kMargin + i * lane_;
      // A name too long for its lane gives up its end, the last one never.
      const bool last = i + 1 == threads_.size();
      const std::string name = last ? threads_[i] : threads_[i].substr(0, lane_ - 1);
      names.resize(at, ' ');
      names += name;
      rule.resize(at, ' ');
      rule += std::string(std::max<std::size_t>(name.size(), 1), '-');
    }
    Line("", names, "\033[1m");
    Line("", rule, kFaint);
  }

  // What stands before the lane of `thread`: the lanes of the others. A bar
  // says that a thread is inside an operation.
  std::string Lanes(std::size_t thread, int preempted) const {
    std::string lanes;
    for (std::size_t i = 0; i < thread; ++i) {
      lanes += static_cast<int>(i) == preempted ? 'x' : inside_[i] ? '|' : ' ';
      lanes.append(lane_ - 1, ' ');
    }
    return lanes;
  }

  static absl::string_view MarkText(TimelineRow::Mark mark) {
    switch (mark) {
      case TimelineRow::Mark::kCause:
        return "-> ";
      case TimelineRow::Mark::kVictim:
        return "!! ";
      case TimelineRow::Mark::kNone:
        break;
    }
    return "   ";
  }

  void Row(const TimelineRow& row) {
    const auto thread = static_cast<std::size_t>(std::max(row.thread, 0));
    const bool known = thread < threads_.size();
    if (known && row.kind == TimelineRow::Kind::kBegin) inside_[thread] = true;
    if (known && row.kind == TimelineRow::Kind::kEnd) inside_[thread] = false;

    std::string step = absl::StrCat(row.step);
    if (step.size() < kStepWidth) step.insert(0, kStepWidth - step.size(), ' ');
    std::string prefix = absl::StrCat(MarkText(row.mark), step, "  ", Lanes(thread, row.preempted));
    std::string text = row.text;
    if (row.kind == TimelineRow::Kind::kBegin) text = absl::StrCat("== ", text, " ==");
    // A preempted thread to the right has no lane of its own on this line.
    if (row.preempted > row.thread) {
      const auto other = static_cast<std::size_t>(row.preempted);
      absl::StrAppend(&text, "  (x ", other < threads_.size() ? threads_[other] : "", ")");
    }
    const char* colour = kColours[thread % std::size(kColours)];
    if (row.mark != TimelineRow::Mark::kNone) colour = kWrong;

    std::string where = row.place;
    if (!row.point.empty()) absl::StrAppend(&where, where.empty() ? "" : " ", "@", row.point);
    if (row.weakened) absl::StrAppend(&where, " (weakened)");
    const std::string below = absl::StrCat(std::string(kMargin, ' '), Lanes(thread, -1), "    ");
    Wrapped(prefix, below, text, where, colour);
    if (!row.stale.empty()) Wrapped(below, below, row.stale, "", "\033[1;33m");
    if (row.mark == TimelineRow::Mark::kCause) Line(below, "^ this step made it wrong", kWrong);
    if (row.mark == TimelineRow::Mark::kVictim) Line(below, "^ here it was seen", kWrong);
  }

  // `text` in as many lines as it needs, and `where` at the right edge.
  void Wrapped(std::string prefix, const std::string& below, absl::string_view text,
               const std::string& where, const char* colour) {
    while (prefix.size() + text.size() > width_) {
      const std::size_t room = width_ > prefix.size() ? width_ - prefix.size() : 0;
      std::size_t cut = text.rfind(' ', room);
      if (cut == absl::string_view::npos || cut == 0) cut = text.find(' ', room);
      if (cut == absl::string_view::npos) break;
      Line(prefix, text.substr(0, cut), colour);
      text.remove_prefix(cut + 1);
      prefix = below;
    }
    const std::size_t used = prefix.size() + text.size();
    if (where.empty()) return Line(prefix, text, colour);
    if (used + 2 + where.size() <= width_) {
      Line(absl::StrCat(prefix, Coloured(text, colour),
                        std::string(width_ - used - where.size(), ' ')),
           where, kFaint);
      return;
    }
    Line(prefix, text, colour);
    Line(std::string(where.size() < width_ ? width_ - where.size() : 0, ' '), where, kFaint);
  }

  std::string Coloured(absl::string_view text, const char* colour) const {
    return colour_ ? absl::StrCat(colour, text, kReset) : std::string(text);
  }

  const std::vector<std::string>& threads_;
  std::size_t width_;
  bool colour_;
  std::size_t lane_ = kWidestLane;
  std::vector<bool> inside_;
  std::string text_{};
};

}  // namespace

std::string FormatTimeline(const std::vector<TimelineRow>& rows,
                           const std::vector<std::string>& threads, const TextStyle& style) {
  return Layout(threads, style).Format(rows);
}

}  // namespace racewalk
