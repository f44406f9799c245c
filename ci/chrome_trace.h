// An execution as a file for trace viewers: Perfetto, chrome://tracing.
#ifndef RACEWALK_CI_CHROME_TRACE_H_
#define RACEWALK_CI_CHROME_TRACE_H_

#include <string>

#include "ci/page.h"

namespace racewalk {

// JSON in the Trace Event Format. A track for each thread, in it a slice for
// each operation and in that one for each row of the timeline. What would be a
// time is the number of the step, in microseconds; what shares a step has
// parts of one. Flows lead from a release to the acquire that read it, one
// called "MISSING: ..." along the order that was not there. The same bytes for
// the same subject and build.
std::string ChromeTrace(const PageSubject& subject);

}  // namespace racewalk

#endif  // RACEWALK_CI_CHROME_TRACE_H_
