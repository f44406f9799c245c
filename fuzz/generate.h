// Scenarios from a seed.
#ifndef RACEWALK_FUZZ_GENERATE_H_
#define RACEWALK_FUZZ_GENERATE_H_

#include <string>

#include "fuzz/fit.h"
#include "scenarios/rng.h"
#include "scenarios/subject.h"

namespace racewalk {

// Returns a subject that passes CheckSubject, within `limits`, as Fit leaves
// it, the same for the same state of `rng`. Which words it is made of is drawn
// first, so that each has only some; its threads mostly name the same few frames.
//
// `mmu` is "tdp" or "stage2" and `variant` one of its combinations. What ends
// an address space, a notifier or a VM appears in one of four, in a thread or afterwards.
Subject Generate(const std::string& mmu, const std::string& variant, const Limits& limits,
                 Rng& rng);

// The MMU and the variant are drawn too, those of today and of the library's default more often.
Subject Generate(const Limits& limits, Rng& rng);

}  // namespace racewalk

#endif  // RACEWALK_FUZZ_GENERATE_H_
