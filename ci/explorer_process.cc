#include "ci/explorer_process.h"

#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/exit_status.h"
#include "ci/run_program.h"
#include "ci/stress_json.h"

namespace racewalk {
namespace {

// A token may be long, a timeline is not printed.
constexpr std::size_t kAnswerBytes = 16 << 20;

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

std::string DefaultExplorer(bool can_explore) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return "";
  if (can_explore) return self.string();
  // build/tsan/bin/racewalk and build/release/bin/racewalk.
  const std::string release =
      (self.parent_path() / "../../release/bin/racewalk").lexically_normal().string();
  return ProblemOfExplorer(release).empty() ? release : "";
}

std::string ProblemOfExplorer(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return "there is no such file";
  if (!std::filesystem::is_regular_file(path, error)) return "it is no file";
  return access(path.c_str(), X_OK) == 0 ? "" : "it cannot be run";
}

absl::StatusOr<std::vector<ExploredViolation>> AskExplorer(
    const std::string& explorer, const std::vector<std::string>& arguments,
    const std::function<bool()>& interrupted) {
  std::vector<std::string> words = {explorer, "check"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  words.emplace_back("--json");
  absl::StatusOr<ProgramResult> result = RunProgram(words, kAnswerBytes, interrupted);
  if (!result.ok()) return result.status();
  if (result->status == kExitInterrupted) return absl::CancelledError("interrupted");
  if (result->status != kExitClean && result->status != kExitViolation) {
    return absl::InternalError(
        absl::StrCat("the explorer ", explorer,
                     result->status < 0 ? absl::StrCat(" was killed by signal ", -result->status)
                                        : absl::StrCat(" ended with status ", result->status),
                     ": ", FirstLine(result->err)));
  }
  return ViolationsOfCheckJson(result->out);
}

}  // namespace racewalk
