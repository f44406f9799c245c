// Decisions as words of a trace file; the format is in trace.h.
#ifndef RACEWALK_SCENARIOS_EXPLORE_TRACE_DECISIONS_H_
#define RACEWALK_SCENARIOS_EXPLORE_TRACE_DECISIONS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "scenarios/explore/strategy.h"

namespace racewalk {

// "2/012" or "stale=1/2".
std::string FormatDecision(const Decision& decision);

// Returns false unless `word` is what FormatDecision writes of a decision that
// can be taken: threads below kMaxThreads, what was taken among the options.
bool ParseDecision(absl::string_view word, Decision& decision);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_TRACE_DECISIONS_H_
