// Trying an edit: it is kept if what comes of it is valid, within its limits and different.
#ifndef RACEWALK_FUZZ_EDIT_H_
#define RACEWALK_FUZZ_EDIT_H_

#include "absl/functional/function_ref.h"
#include "fuzz/fit.h"
#include "fuzz/invent.h"
#include "scenarios/rng.h"
#include "scenarios/subject.h"

namespace racewalk {

// Limits that a scenario which is larger than `limits` already does not exceed either.
Limits Widened(const Limits& limits, const Scenario& scenario);

// Applies `edit`, which says false if it finds nothing to edit, to a copy, fits
// that, and makes it `subject` if it can be run, has another meaning and is
// within `limits` or has not grown. `subject` must be as Fit leaves it. At most `tries` times.
bool TryEdit(Subject& subject, const Limits& limits, int tries,
             absl::FunctionRef<bool(Subject&)> edit);

// Puts an operation of `palette` somewhere, into a thread more often than into
// setup or after.
bool InsertOperation(Subject& subject, const Palette& palette, Rng& rng);

}  // namespace racewalk

#endif  // RACEWALK_FUZZ_EDIT_H_
