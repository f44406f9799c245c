// The style of a night's page, as the build embeds it.
#ifndef RACEWALK_CI_REPORT_PAGE_STYLE_H_
#define RACEWALK_CI_REPORT_PAGE_STYLE_H_

#include "absl/strings/string_view.h"

namespace racewalk {

absl::string_view DashboardCss();

}  // namespace racewalk

#endif  // RACEWALK_CI_REPORT_PAGE_STYLE_H_
