// The kill matrix as a page: one file that opens from a disk, readable without
// scripts, in light and dark, on a phone.
#ifndef RACEWALK_CI_MUTANTS_PAGE_H_
#define RACEWALK_CI_MUTANTS_PAGE_H_

#include <string>

#include "ci/mutants_report.h"

namespace racewalk {

std::string MutantsHtml(const MutantsReport& report);

}  // namespace racewalk

#endif  // RACEWALK_CI_MUTANTS_PAGE_H_
