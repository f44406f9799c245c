#include "ci/console.h"

#include <unistd.h>

#include <cstdio>

#include "absl/strings/string_view.h"

namespace racewalk {
namespace {

void Write(std::FILE* file, absl::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

}  // namespace

Console StandardConsole() {
  return {.out = [](absl::string_view text) { Write(stdout, text); },
          .err = [](absl::string_view text) { Write(stderr, text); },
          .style = StyleFor(STDOUT_FILENO),
          .err_is_terminal = IsTerminal(STDERR_FILENO)};
}

}  // namespace racewalk
