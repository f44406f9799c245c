#include "ci/out_folder.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "scenarios/files.h"

namespace racewalk {
namespace {

constexpr std::size_t kLongestName = 60;
// That differ in a number only; whoever has more names another folder.
constexpr int kMostFilesOfAName = 100'000;

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

absl::StatusOr<std::string> SaveTogether(absl::string_view folder, absl::string_view stem,
                                         const std::vector<FileOfAName>& files,
                                         absl::string_view what) {
  for (int number = 1; number <= kMostFilesOfAName; ++number) {
    const std::string name = absl::StrCat(stem, number == 1 ? "" : absl::StrCat("-", number));
    const std::string path = (std::filesystem::path(std::string(folder)) / name).string();
    const auto exists = [&path](const FileOfAName& file) {
      std::error_code error;
      return std::filesystem::exists(absl::StrCat(path, file.extension), error);
    };
    // The first is left to the writing, which another process cannot come between.
    if (std::any_of(files.begin() + 1, files.end(), exists)) continue;
    const auto write = [&path](const FileOfAName& file) {
      return WriteFileAtomically(absl::StrCat(path, file.extension), file.text);
    };
    absl::Status status = write(files.front());
    if (absl::IsAlreadyExists(status)) continue;
    for (std::size_t i = 1; i < files.size() && status.ok(); ++i) status = write(files[i]);
    if (!status.ok()) return status;
    return path;
  }
  return absl::ResourceExhaustedError(
      absl::StrCat(folder, " holds too many ", what, " of that name; name another folder"));
}

}  // namespace racewalk
