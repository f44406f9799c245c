// Tables of text, for every summary.
#ifndef RACEWALK_CI_TABLE_H_
#define RACEWALK_CI_TABLE_H_

#include <string>
#include <vector>

namespace racewalk {

// Columns as wide as their widest cell, two spaces apart; `right` says which
// are aligned to the right. The first row is the heading.
std::string FormatTable(const std::vector<std::vector<std::string>>& rows,
                        const std::vector<bool>& right);

}  // namespace racewalk

#endif  // RACEWALK_CI_TABLE_H_
