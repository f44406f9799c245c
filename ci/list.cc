#include "ci/list.h"

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/json_output.h"
#include "ci/table.h"
#include "core/protocol.h"
#include "scenarios/bugs.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/library.h"
#include "scenarios/scenario.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string Section(absl::string_view title, const Rows& rows) {
  const std::vector<bool> right(rows.front().size(), false);
  return absl::StrCat(title, " (", rows.size() - 1, ")\n\n", FormatTable(rows, right), "\n");
}

std::string ScenariosSection() {
  Rows rows = {{"name", "mmu", "summary"}};
  for (const Scenario& scenario : Library()) {
    rows.push_back(
        {scenario.name, std::string(SpellingOf(kMmuSpellings, scenario.mmu)), scenario.summary});
  }
  return Section("scenarios", rows);
}

std::string PointsSection() {
  static constexpr const char* kKinds[] = {"order", "step", "yield", "alternative"};
  Rows rows = {{"name", "kind", "why"}};
  for (std::size_t i = 1; i < kPointCount; ++i) {
    const PointInfo& info = kPoints[i];
    rows.push_back({std::string(info.name), kKinds[static_cast<std::size_t>(info.kind)],
                    std::string(info.why)});
  }
  return Section("points", rows);
}

std::string BugsSection() {
  Rows rows = {{"name", "long name", "scenario", "title"}};
  for (const Bug& bug : Bugs()) rows.push_back({bug.name, bug.long_name, bug.scenario, bug.title});
  return Section("bugs", rows);
}

std::string StrategiesSection() {
  Rows rows = {{"name", "what it does"}};
  for (const StrategyInfo& info : StrategyCatalogue()) rows.push_back({info.name, info.summary});
  return Section("strategies", rows);
}

}  // namespace

ExitStatus RunList(const ListOptions& options, const Console& console) {
  const std::string& what = options.what;
  if (options.json) {
    console.out(ListJson(what));
    return kExitClean;
  }
  std::string text;
  if (what.empty() || what == "scenarios") absl::StrAppend(&text, ScenariosSection());
  if (what.empty() || what == "points") absl::StrAppend(&text, PointsSection());
  if (what.empty() || what == "bugs") absl::StrAppend(&text, BugsSection());
  if (what.empty() || what == "strategies") absl::StrAppend(&text, StrategiesSection());
  // One line end is enough at the end.
  text.pop_back();
  console.out(text);
  return kExitClean;
}

}  // namespace racewalk
