#include "ci/tell_found.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "ci/escape.h"
#include "ci/interrupt.h"
#include "ci/progress.h"
#include "ci/seconds.h"
#include "ci/shrink_report.h"
#include "core/violation.h"
#include "scenarios/bugs.h"

namespace racewalk {

std::string BugText(const Bug& bug) {
  return absl::StrCat("bug ", bug.name, " ", bug.long_name, ": ", bug.title, "\n  ", bug.story,
                      "\n");
}

std::string UnexpectedKind(const Bug* bug, const Finding& finding) {
  if (bug == nullptr ||
      std::find(bug->kinds.begin(), bug->kinds.end(), finding.kind) != bug->kinds.end()) {
    return "";
  }
  std::vector<std::string> names;
  for (ViolationKind kind : bug->kinds) names.emplace_back(Name(kind));
  return absl::StrCat("  note: bug ", bug->name, " is known to show as ",
                      absl::StrJoin(names, " or "), "\n");
}

std::string FullText(const Finding& finding, absl::string_view note, absl::string_view files) {
  return absl::StrCat("\n", FindingText(finding), note, "\n", finding.timeline,
                      "\n  replay: ", ReplayCommand(finding.token), "\n", files);
}

ShrunkFound ShrinkFindings(
    const std::vector<Finding>& findings, const ShrinkFoundOptions& options,
    const ExplorerFactory& factory, const Console& console,
    const std::function<void(std::size_t index, const ShrinkResult& result)>& told) {
  ShrunkFound found;
  found.shrunk.resize(findings.size());
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < findings.size() && !found.interrupted; ++i) {
    const std::chrono::duration<double> used = std::chrono::steady_clock::now() - begin;
    const double seconds =
        (options.seconds - used.count()) / static_cast<double>(findings.size() - i);
    if (seconds <= 0) return found;
    Progress progress(console);
    const ShrinkHooks hooks{.interrupted = Interrupted, .progress = [&](const auto& now) {
                              progress.Show(ProgressText(now), now.seconds);
                            }};
    absl::StatusOr<ShrinkResult> shrunk = Shrink(findings[i],
                                                 {.jobs = options.jobs,
                                                  .seed = options.seed,
                                                  .time = Seconds(seconds),
                                                  .style = console.style},
                                                 factory, hooks);
    progress.Clear();
    if (!shrunk.ok()) {
      const auto message = shrunk.status().message();
      found.internal_error =
          absl::StrCat("shrinking: ", absl::string_view(message.data(), message.size()));
      return found;
    }
    found.interrupted = shrunk->interrupted;
    found.shrunk[i] = *std::move(shrunk);
    told(i, *found.shrunk[i]);
  }
  return found;
}

}  // namespace racewalk
