#include "ci/run_program.h"

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
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ci/caught_text.h"

namespace racewalk {
namespace {

// As a shell says it.
constexpr int kCannotRun = 127;
constexpr std::chrono::milliseconds kLook{10};

[[noreturn]] void Become(const std::vector<std::string>& words, pid_t parent, bool hears) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kCannotRun);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(nothing, STDIN_FILENO);
  // Stays so in the program that it becomes.
  std::signal(SIGINT, hears ? SIG_DFL : SIG_IGN);
  std::vector<std::string> copies = words;
  std::vector<char*> argv;
  for (std::string& word : copies) argv.push_back(word.data());
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  _exit(kCannotRun);
}

}  // namespace

absl::StatusOr<ProgramResult> RunProgram(const std::vector<std::string>& words,
                                         std::size_t most_bytes,
                                         const std::function<bool()>& interrupted) {
  absl::StatusOr<CaughtText> out = CaughtText::Make();
  if (!out.ok()) return out.status();
  absl::StatusOr<CaughtText> err = CaughtText::Make();
  if (!err.ok()) return err.status();
  std::fflush(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) {
    return absl::InternalError(
        absl::StrCat("cannot start ", words.front(), ": ", std::strerror(errno)));
  }
  if (pid == 0) {
    out->Catch(STDOUT_FILENO);
    err->Catch(STDERR_FILENO);
    Become(words, parent, interrupted != nullptr);
  }
  int status = 0;
  while (waitpid(pid, &status, WNOHANG) == 0) {
    if (interrupted && interrupted()) {
      kill(pid, SIGKILL);
      waitpid(pid, &status, 0);
      return absl::CancelledError("interrupted");
    }
    std::this_thread::sleep_for(kLook);
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == kCannotRun) {
    return absl::NotFoundError(absl::StrCat("cannot run ", words.front()));
  }
  return ProgramResult{.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
                       .out = out->Take(most_bytes),
                       .err = err->Take(most_bytes)};
}

}  // namespace racewalk
