#include "core/platform/native/fail.h"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace racewalk {

void NativeFail(ViolationKind kind, const char* invariant, const char* what,
                std::source_location where) {
  // The texts are shared with the explored world, which knows who is who.
  static constexpr std::string_view kThread = "{thread}";
  std::string text = what;
  for (std::size_t at = text.find(kThread); at != std::string::npos; at = text.find(kThread)) {
    text.replace(at, kThread.size(), "this thread");
  }
  std::fprintf(stderr, "%s:%u: %s%s%s: %s\n", where.file_name(),
               static_cast<unsigned>(where.line()), Name(kind), *invariant == '\0' ? "" : " ",
               invariant, text.c_str());
  std::abort();
}

}  // namespace racewalk
