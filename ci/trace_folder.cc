#include "ci/trace_folder.h"

#include <filesystem>
#include <string>
#include <system_error>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/out_folder.h"
#include "scenarios/files.h"

namespace racewalk {

absl::StatusOr<std::string> SaveTrace(absl::string_view folder, const Finding& finding) {
  const std::string stem =
      absl::StrCat(FileStem(finding.scenario), "-", finding.mmu, "-", Name(finding.kind));
  for (int number = 1; number <= kMostFilesOfAName; ++number) {
    const std::string file =
        absl::StrCat(stem, number == 1 ? "" : absl::StrCat("-", number), ".trace");
    const std::filesystem::path path = std::filesystem::path(std::string(folder)) / file;
    const std::string page = std::filesystem::path(path).replace_extension(".html").string();
    std::error_code error;
    if (!finding.page.empty() && std::filesystem::exists(page, error)) continue;
    absl::Status status = WriteFileAtomically(path.string(), finding.trace);
    if (absl::IsAlreadyExists(status)) continue;
    if (status.ok() && !finding.page.empty()) status = WriteFileAtomically(page, finding.page);
    if (!status.ok()) return status;
    return path.string();
  }
  return absl::ResourceExhaustedError(
      absl::StrCat(folder, " holds too many traces of that name; name another folder"));
}

absl::StatusOr<ShrunkFiles> SaveShrunk(absl::string_view folder, absl::string_view label,
                                       absl::string_view scenario, const Finding& finding) {
  const std::string stem =
      absl::StrCat(FileStem(label), "-", finding.mmu, "-", Name(finding.kind), "-shrunk");
  for (int number = 1; number <= kMostFilesOfAName; ++number) {
    const std::string name = absl::StrCat(stem, number == 1 ? "" : absl::StrCat("-", number));
    const std::filesystem::path path = std::filesystem::path(std::string(folder)) / name;
    const ShrunkFiles files{path.string() + ".scn", path.string() + ".trace"};
    std::error_code error;
    if (std::filesystem::exists(files.trace, error)) continue;
    absl::Status status = WriteFileAtomically(files.scenario, scenario);
    if (absl::IsAlreadyExists(status)) continue;
    if (status.ok()) status = WriteFileAtomically(files.trace, finding.trace);
    if (status.ok()) return files;
    return status;
  }
  return absl::ResourceExhaustedError(
      absl::StrCat(folder, " holds too many files of that name; name another folder"));
}

}  // namespace racewalk
