// The style and the script of the page of an execution, ci/page.css and
// ci/page.js, as the build embeds them.
#ifndef RACEWALK_CI_PAGE_FILES_H_
#define RACEWALK_CI_PAGE_FILES_H_

#include "absl/strings/string_view.h"

namespace racewalk {

absl::string_view PageCss();
absl::string_view PageJs();

}  // namespace racewalk

#endif  // RACEWALK_CI_PAGE_FILES_H_
