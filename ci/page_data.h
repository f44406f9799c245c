// What the script of the page knows, as JSON: ci/page.js says what is where.
#ifndef RACEWALK_CI_PAGE_DATA_H_
#define RACEWALK_CI_PAGE_DATA_H_

#include <string>

#include "ci/page.h"

namespace racewalk {

// Can stand inside of a script element.
std::string PageData(const PageSubject& subject);

}  // namespace racewalk

#endif  // RACEWALK_CI_PAGE_DATA_H_
