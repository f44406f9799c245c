#include "ci/console.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace racewalk {
namespace {

bool Write(std::FILE* file, absl::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), file) == text.size() && std::fflush(file) == 0;
}

bool output_lost = false;

// A result that nobody can read must not look like a clean one.
void WriteResult(absl::string_view text) {
  if (Write(stdout, text) || output_lost) return;
  output_lost = true;
  Write(stderr, absl::StrCat("racewalk: cannot write to standard output: ", std::strerror(errno),
                             "; free some space or write elsewhere\n"));
}

}  // namespace

bool OutputLost() { return output_lost; }

Console StandardConsole() {
  return {.out = WriteResult,
          .err = [](absl::string_view text) { Write(stderr, text); },
          .style = StyleFor(STDOUT_FILENO),
          .err_is_terminal = IsTerminal(STDERR_FILENO)};
}

}  // namespace racewalk
