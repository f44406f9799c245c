#include "ci/report/kind_texts.h"

#include <array>
#include <utility>

#include "absl/strings/string_view.h"

namespace racewalk {
namespace {

constexpr std::array<std::pair<absl::string_view, absl::string_view>, 16> kTexts = {{
    {"stale-translation", "A guest reached a page that the host had taken back."},
    {"lost-dirty", "Live migration would have lost a guest's write."},
    {"bad-mapping", "A guest frame maps to a page that no mapping of the host justifies."},
    {"permission", "An access went through that an operation which had returned promised to stop."},
    {"break-before-make",
     "An entry became valid with another size or address before its old value was flushed."},
    {"use-after-free", "Something was used after it had been freed."},
    {"double-free", "Something was freed twice."},
    {"leak", "Something was never freed."},
    {"root-lifecycle", "A root of page tables was loaded, kept or made against its rules."},
    {"refcount", "A count of references went below zero, or is off at rest."},
    {"data-race", "Two threads reached plain data at once, and one of them wrote."},
    {"uninitialized-read", "A value was read that nobody had written."},
    {"deadlock", "No thread can go on."},
    {"livelock", "Threads retry for ever, and none makes progress."},
    {"lock-discipline", "Something was done without the lock that it needs."},
    {"assertion", "A check of the scenario or of the MMU itself failed."},
}};

}  // namespace

absl::string_view KindText(absl::string_view kind) {
  for (const auto& [name, text] : kTexts) {
    if (name == kind) return text;
  }
  return "A violation.";
}

}  // namespace racewalk
