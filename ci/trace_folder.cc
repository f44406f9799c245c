#include "ci/trace_folder.h"

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/out_folder.h"

namespace racewalk {

absl::StatusOr<std::string> SaveTrace(absl::string_view folder, const Finding& finding) {
  std::vector<FileOfAName> files = {{".trace", finding.trace}};
  if (!finding.page.empty()) files.push_back({".html", finding.page});
  absl::StatusOr<std::string> path = SaveTogether(
      folder, absl::StrCat(FileStem(finding.scenario), "-", finding.mmu, "-", Name(finding.kind)),
      files, "traces");
  if (!path.ok()) return path;
  return *path + ".trace";
}

absl::StatusOr<ShrunkFiles> SaveShrunk(absl::string_view folder, absl::string_view label,
                                       absl::string_view scenario, const Finding& finding) {
  const absl::StatusOr<std::string> path = SaveTogether(
      folder, absl::StrCat(FileStem(label), "-", finding.mmu, "-", Name(finding.kind), "-shrunk"),
      {{".scn", scenario}, {".trace", finding.trace}}, "files");
  if (!path.ok()) return path.status();
  return ShrunkFiles{*path + ".scn", *path + ".trace"};
}

}  // namespace racewalk
