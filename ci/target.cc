#include "ci/target.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/protocol.h"
#include "scenarios/bugs.h"
#include "scenarios/library.h"
#include "scenarios/nearest.h"
#include "scenarios/printer.h"

namespace racewalk {
namespace {

absl::StatusOr<point> ResolvePoint(absl::string_view name) {
  const point found = FindPoint(std::string_view(name.data(), name.size()));
  if (found != point::none) return found;
  std::vector<std::string> names;
  for (std::size_t i = 1; i < kPointCount; ++i) names.emplace_back(kPoints[i].name);
  return absl::InvalidArgumentError(absl::StrCat("unknown protocol point ", Quoted(name),
                                                 DidYouMean(name, names),
                                                 " (racewalk list points shows all)"));
}

}  // namespace

absl::Status ResolveWeakened(Target& target) {
  target.subject.weakened.reset();
  for (const std::string& name : target.weaken) {
    absl::StatusOr<point> found = ResolvePoint(name);
    if (!found.ok()) return found.status();
    target.subject.weakened.set(static_cast<std::size_t>(*found));
  }
  if (target.bug.empty()) return absl::OkStatus();
  absl::StatusOr<const Bug*> bug = ResolveBug(target.bug);
  if (!bug.ok()) return bug.status();
  target.bug = (*bug)->name;
  target.subject.weakened |= PointsOf(**bug);
  return absl::OkStatus();
}

std::string LibraryName(const Scenario& scenario) {
  const Scenario* known = FindScenario(scenario.name);
  return known != nullptr && *known == scenario ? scenario.name : "";
}

std::string ScenarioLabel(const Scenario& scenario) {
  return scenario.name.empty() ? PrintOneLine(scenario) : scenario.name;
}

}  // namespace racewalk
