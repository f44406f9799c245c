// Two scenarios made into one.
#ifndef RACEWALK_FUZZ_SPLICE_H_
#define RACEWALK_FUZZ_SPLICE_H_

#include "fuzz/fit.h"
#include "scenarios/rng.h"
#include "scenarios/subject.h"

namespace racewalk {

// Returns a subject that runs on `a`'s MMU and variant with `a`'s headers, and
// whose threads have operations of both; where nothing of `b` fits beside `a`,
// it is `a` mutated. Threads are taken over whole, or two of a role are joined, the beginning of
// one to the end of the other.
//
// Both must pass CheckSubject; the result does, as Fit leaves it, within
// `limits` or no larger than `a`. The same for the same state of `rng`.
Subject Splice(const Subject& a, const Subject& b, const Limits& limits, Rng& rng);

}  // namespace racewalk

#endif  // RACEWALK_FUZZ_SPLICE_H_
