#include "ci/page_rows.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ci/sentences.h"

namespace racewalk {

std::vector<TimelineRow> PageRows(const std::vector<TimelineRow>& rows,
                                  const PageRowLimits& limits) {
  if (rows.size() <= limits.most) return rows;
  std::vector<bool> kept(rows.size(), false);
  const auto keep = [&](std::size_t first, std::size_t end) {
    for (std::size_t i = first; i < std::min(end, rows.size()); ++i) kept[i] = true;
  };
  keep(0, limits.first);
  keep(rows.size() - std::min(limits.last, rows.size()), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].mark == TimelineRow::Mark::kNone) continue;
    keep(i - std::min(limits.around, i), i + limits.around + 1);
  }
  std::vector<TimelineRow> shown;
  for (std::size_t i = 0; i < rows.size();) {
    if (kept[i]) {
      shown.push_back(rows[i++]);
      continue;
    }
    std::size_t end = i;
    while (end < rows.size() && !kept[end]) ++end;
    const TimelineRow& last = rows[end - 1];
    shown.push_back({.kind = TimelineRow::Kind::kLeftOut,
                     .step = rows[i].step,
                     .thread = -1,
                     .text = absl::StrCat(Count(end - i, "row"), " left out: steps ",
                                          Grouped(rows[i].step), " to ", Grouped(last.step)),
                     .first = rows[i].first,
                     .end = last.end});
    i = end;
  }
  return shown;
}

}  // namespace racewalk
