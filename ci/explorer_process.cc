#include "ci/explorer_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/caught_text.h"
#include "ci/exit_status.h"
#include "ci/stress_json.h"

namespace racewalk {
namespace {

// A token may be long, a timeline is not printed.
constexpr std::size_t kAnswerBytes = 16 << 20;
constexpr std::size_t kMessageBytes = 4096;
constexpr int kCannotRun = 127;
constexpr std::chrono::milliseconds kLook{20};

[[noreturn]] void Become(const std::string& explorer, const std::vector<std::string>& arguments,
                         pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kCannotRun);
  std::vector<std::string> words = {explorer, "check"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  words.emplace_back("--json");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execv(explorer.c_str(), argv.data());
  std::fprintf(stderr, "%s", std::strerror(errno));
  std::fflush(stderr);
  _exit(kCannotRun);
}

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
  absl::StatusOr<CaughtText> out = CaughtText::Make();
  if (!out.ok()) return out.status();
  absl::StatusOr<CaughtText> err = CaughtText::Make();
  if (!err.ok()) return err.status();
  std::fflush(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) {
    return absl::InternalError(absl::StrCat("cannot start the explorer: ", std::strerror(errno)));
  }
  if (pid == 0) {
    out->Catch(STDOUT_FILENO);
    err->Catch(STDERR_FILENO);
    Become(explorer, arguments, parent);
  }
  int status = 0;
  while (waitpid(pid, &status, WNOHANG) == 0) {
    if (interrupted()) {
      kill(pid, SIGKILL);
      waitpid(pid, &status, 0);
      return absl::CancelledError("interrupted");
    }
    std::this_thread::sleep_for(kLook);
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == kExitInterrupted) {
    return absl::CancelledError("interrupted");
  }
  if (!WIFEXITED(status) ||
      (WEXITSTATUS(status) != kExitClean && WEXITSTATUS(status) != kExitViolation)) {
    const std::string end = WIFEXITED(status)
                                ? absl::StrCat("ended with status ", WEXITSTATUS(status))
                                : absl::StrCat("was killed by signal ", WTERMSIG(status));
    return absl::InternalError(absl::StrCat("the explorer ", explorer, " ", end, ": ",
                                            FirstLine(err->Take(kMessageBytes))));
  }
  return ViolationsOfCheckJson(out->Take(kAnswerBytes));
}

}  // namespace racewalk
