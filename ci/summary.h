// A check in words: the table, what a clean result means, and the verdict.
#ifndef RACEWALK_CI_SUMMARY_H_
#define RACEWALK_CI_SUMMARY_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ci/check_report.h"

namespace racewalk {

// Columns as wide as their widest cell, two spaces apart; `right` says which
// are aligned to the right. The first row is the heading.
std::string FormatTable(const std::vector<std::vector<std::string>>& rows,
                        const std::vector<bool>& right);

// The table, the sentences on luck and on bounds, and the last line: the
// parameters with the verdict.
std::string FormatSummary(const CheckReport& report);

}  // namespace racewalk

#endif  // RACEWALK_CI_SUMMARY_H_
