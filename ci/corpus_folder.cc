#include "ci/corpus_folder.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "fuzz/fit.h"
#include "scenarios/explore/checksum.h"
#include "scenarios/explore/subject_words.h"
#include "scenarios/files.h"

namespace racewalk {
namespace {

constexpr char kInputExtension[] = ".scn";
// An input that the fuzzer made is a hundredth of it.
constexpr std::size_t kMostInputBytes = 64 * 1024;

std::string PathIn(const std::string& folder, const std::string& name) {
  return (std::filesystem::path(folder) / name).string();
}

absl::Status CannotRead(const std::string& folder, const std::error_code& error) {
  return absl::InvalidArgumentError(absl::StrCat("--corpus: cannot read ", folder, ": ",
                                                 error.message(), "; name a folder of inputs"));
}

absl::StatusOr<std::vector<std::string>> InputNames(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  if (!std::filesystem::exists(folder, error) && !error) return names;
  std::filesystem::directory_iterator entry(folder, error);
  while (!error && entry != std::filesystem::directory_iterator()) {
    // What the fuzzer writes to at this moment has another name.
    if (entry->path().extension() == kInputExtension) {
      names.push_back(entry->path().filename().string());
    }
    entry.increment(error);
  }
  if (error) return CannotRead(folder, error);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::string CorpusFileName(const Input& input) {
  return FormatHex64(Fnv1a64(PrintInput(input))) + kInputExtension;
}

absl::StatusOr<std::vector<CorpusFile>> ReadCorpus(const std::string& folder) {
  std::vector<CorpusFile> files;
  const absl::StatusOr<std::vector<std::string>> names = InputNames(folder);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    const std::string path = PathIn(folder, name);
    const absl::StatusOr<std::string> text = ReadRegularFile(path, kMostInputBytes);
    if (!text.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--corpus: ", absl::string_view(text.status().message()), "; repair it or move it away"));
    }
    absl::StatusOr<Input> input = ParseInput(*text, path);
    if (!input.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--corpus: ", absl::string_view(input.status().message()),
                       "; repair it or move it away"));
    }
    Fit(input->subject);
    files.push_back({.name = name, .input = *std::move(input)});
  }
  return files;
}

absl::StatusOr<std::string> AddToCorpus(const std::string& folder, const Input& input) {
  std::string name = CorpusFileName(input);
  absl::Status status = WriteFileAtomically(PathIn(folder, name), PrintInput(input));
  if (!status.ok() && !absl::IsAlreadyExists(status)) return status;
  return name;
}

absl::Status RemoveFromCorpus(const std::string& folder, const std::string& name) {
  std::error_code error;
  std::filesystem::remove(PathIn(folder, name), error);
  if (!error) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("cannot remove ", PathIn(folder, name), ": ", error.message()));
}

}  // namespace racewalk
