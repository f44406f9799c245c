// `racewalk list`: what there is.
#ifndef RACEWALK_CI_LIST_H_
#define RACEWALK_CI_LIST_H_

#include "ci/console.h"
#include "ci/exit_status.h"
#include "ci/options.h"

namespace racewalk {

ExitStatus RunList(const ListOptions& options, const Console& console);

}  // namespace racewalk

#endif  // RACEWALK_CI_LIST_H_
