// The kill matrix as text: on a terminal, and as the committed page.
#ifndef RACEWALK_CI_MUTANTS_SUMMARY_H_
#define RACEWALK_CI_MUTANTS_SUMMARY_H_

#include <string>
#include <vector>

#include "ci/kill_table.h"
#include "ci/mutants_report.h"

namespace racewalk {

// Survivors, the matrix, points without units, counts, and the last line:
// the parameters with the verdict.
std::string MutantsSummary(const MutantsReport& report);

// docs/kills.md, made of the table alone.
std::string KillPage(const KillTable& table, const std::vector<Survivor>& survivors);

}  // namespace racewalk

#endif  // RACEWALK_CI_MUTANTS_SUMMARY_H_
