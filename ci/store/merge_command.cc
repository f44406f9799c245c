#include "ci/store/merge_command.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/campaign/campaign_json.h"
#include "ci/output_path.h"
#include "ci/sentences.h"
#include "ci/store/merge.h"

namespace racewalk {

ExitStatus RunMerge(const MergeOptions& options, const std::string& command,
                    const Console& console) {
  absl::StatusOr<MergeCounts> counts = MergeStores(options.out, options.ins);
  if (!counts.ok()) {
    console.err(absl::StrCat("racewalk merge: ", absl::string_view(counts.status().message()),
                             absl::IsInvalidArgument(counts.status())
                                 ? ""
                                 : "; nothing was merged, free space or name another file",
                             "\n"));
    return absl::IsInvalidArgument(counts.status()) ? kExitBadInput : kExitInternalError;
  }
  if (options.json) {
    console.out(MergeJson(options, command, *counts));
    return kExitClean;
  }
  console.out(absl::StrCat(
      options.out, ": ", Count(counts->campaigns, "campaign"), ", ", Count(counts->chunks, "chunk"),
      " (", Grouped(counts->added), " new), ",
      counts->violations == 1 ? std::string("1 class of violations")
                              : absl::StrCat(Grouped(counts->violations), " classes of violations"),
      "\n"));
  return kExitClean;
}

}  // namespace racewalk
