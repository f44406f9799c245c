#include "ci/campaign/memory.h"

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace racewalk {
namespace {

// Children of children of children are not ours.
constexpr int kDepth = 3;

uint64_t MemoryOf(pid_t process, int depth) {
  std::ifstream file(absl::StrCat("/proc/", process, "/statm"));
  uint64_t size = 0;
  uint64_t resident = 0;
  uint64_t shared = 0;
  if (!(file >> size >> resident >> shared)) return 0;
  uint64_t bytes =
      (resident - std::min(shared, resident)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  if (depth == 0) return bytes;
  std::ifstream children(absl::StrCat("/proc/", process, "/task/", process, "/children"));
  for (pid_t child = 0; children >> child;) bytes += MemoryOf(child, depth - 1);
  return bytes;
}

}  // namespace

uint64_t MemoryInUse(pid_t process) { return MemoryOf(process, kDepth); }

}  // namespace racewalk
