#include "scenarios/bugs.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/protocol.h"
#include "scenarios/bug_lists.h"
#include "scenarios/nearest.h"

namespace racewalk {

const std::vector<Bug>& Bugs() {
  static const auto* const bugs = [] {
    auto* all = new std::vector<Bug>;
    for (const auto& part : {TdpBugs, Stage2Bugs, NotifierBugs, PageCacheBugs}) {
      for (Bug& bug : part()) all->push_back(std::move(bug));
    }
    std::sort(all->begin(), all->end(), [](const Bug& a, const Bug& b) { return a.name < b.name; });
    return all;
  }();
  return *bugs;
}

const Bug* FindBug(absl::string_view name) {
  for (const Bug& bug : Bugs()) {
    if (absl::EqualsIgnoreCase(name, bug.name) || absl::EqualsIgnoreCase(name, bug.long_name)) {
      return &bug;
    }
  }
  return nullptr;
}

absl::StatusOr<const Bug*> ResolveBug(absl::string_view name) {
  if (const Bug* bug = FindBug(name)) return bug;
  std::vector<std::string> names;
  for (const Bug& bug : Bugs()) {
    names.push_back(bug.name);
    names.push_back(bug.long_name);
  }
  return absl::NotFoundError(absl::StrCat("unknown bug ", Quoted(name), DidYouMean(name, names),
                                          " (racewalk list bugs shows all)"));
}

PointSet PointsOf(const Bug& bug) {
  PointSet points;
  for (const std::string& name : bug.points) {
    const point found = FindPoint(std::string_view(name));
    if (found != point::none) points.set(static_cast<std::size_t>(found));
  }
  return points;
}

}  // namespace racewalk
