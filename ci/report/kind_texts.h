// What each kind of violation is, in a sentence.
#ifndef RACEWALK_CI_REPORT_KIND_TEXTS_H_
#define RACEWALK_CI_REPORT_KIND_TEXTS_H_

#include "absl/strings/string_view.h"

namespace racewalk {

// Of a name of core/violation.h; a general sentence for one that another version has.
absl::string_view KindText(absl::string_view kind);

}  // namespace racewalk

#endif  // RACEWALK_CI_REPORT_KIND_TEXTS_H_
