// What the fuzzer may run, and how an edited scenario becomes that again.
#ifndef RACEWALK_FUZZ_FIT_H_
#define RACEWALK_FUZZ_FIT_H_

#include <cstdint>

#include "absl/status/status.h"
#include "scenarios/scenario.h"
#include "scenarios/subject.h"

namespace racewalk {

// How large a scenario may become. What is larger to begin with may stay so, but does not grow.
struct Limits {
  uint32_t threads = 4;      // 2 to kMaxScenarioThreads
  uint32_t operations = 16;  // with repeats unrolled, setup and after included; at least `threads`
  uint32_t frames = 8;       // at least 1
};

bool Within(const Scenario& scenario, const Limits& limits);

// Whether the subject can be run: its scenario is valid, has a geometry that is
// explored, and nothing that the MMU or the variant does not have.
// Errors: InvalidArgument with the first thing that is wrong.
absl::Status CheckSubject(const Subject& subject);

// Whether there are as many frames as a block has, so that the host can have huge pages.
bool HasBlocks(const Scenario& scenario);

// Repairs what an edit may have left: names the MMU and the variant in the
// headers, leaves out settings and words that they do not have, moves frames,
// roles and slots to where there are some, and gives threads plain names (a, b
// for vCPUs; h, i for the host; m, n for the VMM).
//
// Name and summary go, since they are another scenario's, and so do `check`
// lines: what they promise holds only where it was written, and would be
// reported as a bug here.
//
// A subject that passes CheckSubject still does, with all of its operations. Else it may
// still break the preconditions of a kernel, have nothing to race, or too much.
void Fit(Subject& subject);

// Takes out what ends an address space, a notifier, a VM or a vCPU: after Fit
// no precondition of a kernel can be broken any more.
void DropEndings(Scenario& scenario);

}  // namespace racewalk

#endif  // RACEWALK_FUZZ_FIT_H_
