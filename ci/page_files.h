// Styles and scripts of the pages, as the build embeds them, and what every
// page begins with.
#ifndef RACEWALK_CI_PAGE_FILES_H_
#define RACEWALK_CI_PAGE_FILES_H_

#include <string>

#include "absl/strings/string_view.h"

namespace racewalk {

absl::string_view PageBaseCss();  // colours and type, of every page
absl::string_view PageCss();      // of the page of an execution
absl::string_view PageJs();
absl::string_view MutantsPageCss();
absl::string_view MutantsPageJs();

// Up to and with <body>: `title` is escaped here. Nothing is loaded from anywhere, whatever a
// scenario is called.
std::string PageBegin(absl::string_view title, absl::string_view css);

}  // namespace racewalk

#endif  // RACEWALK_CI_PAGE_FILES_H_
