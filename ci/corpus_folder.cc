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

std::string NameOf(absl::string_view text) { return FormatHex64(Fnv1a64(text)) + kInputExtension; }

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

std::string CorpusFileName(const Input& input) { return NameOf(PrintInput(input)); }

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
  const std::string text = PrintInput(input);
  std::string name = NameOf(text);
  const std::string path = PathIn(folder, name);
  const absl::Status status = WriteFileAtomically(path, text);
  if (status.ok()) return name;
  if (!absl::IsAlreadyExists(status)) return status;
  const absl::StatusOr<std::string> there = ReadRegularFile(path, kMostInputBytes);
  if (there.ok() && *there == text) return name;
  return absl::AlreadyExistsError(absl::StrCat(
      path, " is not what its name says, and is needed for that; give yours another name"));
}

absl::StatusOr<bool> RemoveFromCorpus(const std::string& folder, const std::string& name) {
  const std::string path = PathIn(folder, name);
  const absl::StatusOr<std::string> text = ReadRegularFile(path, kMostInputBytes);
  if (absl::IsNotFound(text.status())) return true;
  if (!text.ok() || NameOf(*text) != name) return false;
  std::error_code error;
  std::filesystem::remove(path, error);
  if (!error) return true;
  return absl::InternalError(absl::StrCat("cannot remove ", path, ": ", error.message()));
}

}  // namespace racewalk
