#include "ci/report/source_paths.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/sort_by_key.h"

namespace racewalk {

SourcePlace FindPlace(absl::string_view place, absl::string_view mmu, bool explored) {
  SourcePlace found;
  const std::size_t colon = place.rfind(':');
  if (colon == absl::string_view::npos || colon == 0) return found;
  if (!absl::SimpleAtoi(place.substr(colon + 1), &found.line) || found.line == 0 ||
      found.line > INT32_MAX) {
    return {};
  }
  const absl::string_view name = place.substr(0, colon);
  const std::string end = absl::StrCat("/", name);
  const absl::string_view other_mmu = mmu == "tdp" ? "/stage2/" : "/tdp/";
  const absl::string_view other_world = explored ? "/native/" : "/relacy/";
  for (absl::string_view path : SourcePaths()) {
    if (!absl::EndsWith(path, end)) continue;
    if (!mmu.empty() && absl::StrContains(path, other_mmu)) continue;
    if (absl::StrContains(path, other_world)) continue;
    found.paths.emplace_back(path);
  }
  const std::string own = absl::StrCat("/", mmu, "/");
  SortByKey(found.paths, [&](const std::string& path) { return !absl::StrContains(path, own); });
  if (found.paths.empty()) found.paths.emplace_back(name);
  return found;
}

}  // namespace racewalk
