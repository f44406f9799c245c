#include "ci/output_path.h"

#include <unistd.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "scenarios/nearest.h"

namespace racewalk {
namespace {

namespace fs = std::filesystem;

absl::Status CannotWrite(absl::string_view flag, absl::string_view path,
                         absl::string_view problem) {
  return absl::InvalidArgumentError(
      absl::StrCat(flag, ": cannot write ", Quoted(path), ": ", problem, "; name another one"));
}

absl::Status CannotUse(absl::string_view flag, absl::string_view path, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(flag, ": cannot use folder ", Quoted(path), ": ",
                                                 problem, "; name another one"));
}

// Elsewhere it means standard output.
absl::Status CheckName(absl::string_view flag, absl::string_view path) {
  if (path != "-") return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      flag, ": '-' does not mean standard output here; name a file, or write './-' for this one"));
}

// What is wrong with the folder of a file; "" for nothing.
std::string FolderProblem(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder, error)) return "its folder does not exist";
  if (!fs::is_directory(folder, error)) return "its folder is a file";
  if (access(folder.c_str(), W_OK | X_OK) != 0) return "its folder cannot be written to";
  return "";
}

fs::path FolderOf(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

fs::path Resolved(const std::string& path) {
  std::error_code error;
  fs::path resolved = fs::weakly_canonical(fs::absolute(path, error), error);
  return error ? fs::path(path).lexically_normal() : resolved;
}

}  // namespace

absl::Status CheckNewFile(absl::string_view flag, const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  if (absl::Status status = CheckName(flag, path); !status.ok()) return status;
  std::error_code error;
  const fs::file_type type = fs::symlink_status(path, error).type();
  if (type == fs::file_type::none) return CannotWrite(flag, path, error.message());
  if (type != fs::file_type::not_found) {
    return absl::InvalidArgumentError(absl::StrCat(
        flag, ": ", Quoted(path), " exists, and is not overwritten; choose another name"));
  }
  const std::string problem = FolderProblem(FolderOf(path));
  return problem.empty() ? absl::OkStatus() : CannotWrite(flag, path, problem);
}

absl::Status CheckWritableFile(absl::string_view flag, const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  if (absl::Status status = CheckName(flag, path); !status.ok()) return status;
  std::string problem = FolderProblem(FolderOf(path));
  std::error_code error;
  if (problem.empty() && fs::exists(path, error)) {
    if (!fs::is_regular_file(path, error)) {
      problem = "it is no file";
    } else if (access(path.c_str(), W_OK) != 0) {
      problem = "it cannot be written to";
    }
  }
  return problem.empty() ? absl::OkStatus() : CannotWrite(flag, path, problem);
}

absl::Status CheckOutputFolder(absl::string_view flag, const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  if (absl::Status status = CheckName(flag, path); !status.ok()) return status;
  const auto bad = [&](absl::string_view problem) { return CannotUse(flag, path, problem); };
  std::error_code error;
  fs::path there = fs::absolute(path, error);
  if (error) return bad(error.message());
  // The nearest of the folders above that is there decides.
  for (;;) {
    const fs::file_type type = fs::symlink_status(there, error).type();
    if (type == fs::file_type::none) return bad(error.message());
    if (type != fs::file_type::not_found || !there.has_relative_path()) break;
    there = there.parent_path();
  }
  if (!fs::is_directory(there, error)) {
    return bad(there == fs::absolute(path, error)
                   ? std::string("it is a file")
                   : absl::StrCat(Quoted(there.string()), " is a file"));
  }
  if (access(there.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
  return bad("it cannot be written to");
}

absl::Status MakeOutputFolder(absl::string_view flag, const std::string& path) {
  absl::Status status = CheckOutputFolder(flag, path);
  if (!status.ok() || path.empty()) return status;
  std::error_code error;
  fs::create_directories(path, error);
  // An error too where the folder is there and was named with a slash at its end.
  if (fs::is_directory(path)) return absl::OkStatus();
  return CannotUse(flag, path, error.message());
}

absl::Status CheckDifferentFiles(absl::string_view flag, const std::string& path,
                                 absl::string_view other_flag, const std::string& other_path) {
  if (path.empty() || other_path.empty()) return absl::OkStatus();
  std::error_code error;
  if (Resolved(path) != Resolved(other_path)) {
    // Not so of files that are not there.
    if (!fs::equivalent(path, other_path, error) || error) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(flag, " and ", other_flag, ": ", Quoted(path),
                                                   " and ", Quoted(other_path),
                                                   " are one file; choose another one"));
  }
  return absl::InvalidArgumentError(absl::StrCat(flag, " and ", other_flag, ": both name ",
                                                 Quoted(path), "; choose another name for one"));
}

}  // namespace racewalk
