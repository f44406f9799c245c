#include "ci/out_folder.h"

#include <cstddef>
#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "scenarios/files.h"

namespace racewalk {
namespace {

constexpr std::size_t kLongestName = 60;

}  // namespace

std::string FileStem(absl::string_view label) {
  std::string stem;
  for (char c : label.substr(0, kLongestName)) {
    const bool plain = absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
    if (plain) {
      stem += c;
    } else if (!stem.empty() && stem.back() != '_') {
      stem += '_';
    }
  }
  return stem.empty() ? "scenario" : stem;
}

absl::StatusOr<std::string> SaveScenario(absl::string_view folder, absl::string_view stem,
                                         absl::string_view text) {
  for (int number = 1; number <= kMostFilesOfAName; ++number) {
    const std::string file =
        absl::StrCat(stem, number == 1 ? "" : absl::StrCat("-", number), ".scn");
    const std::string path = (std::filesystem::path(std::string(folder)) / file).string();
    absl::Status status = WriteFileAtomically(path, text);
    if (absl::IsAlreadyExists(status)) continue;
    if (!status.ok()) return status;
    return path;
  }
  return absl::ResourceExhaustedError(
      absl::StrCat(folder, " holds too many scenarios of that name; name another folder"));
}

}  // namespace racewalk
