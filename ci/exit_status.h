// What the command tells the shell. Documented in docs/json.md; scripts depend on it.
#ifndef RACEWALK_CI_EXIT_STATUS_H_
#define RACEWALK_CI_EXIT_STATUS_H_

namespace racewalk {

enum ExitStatus : int {
  kExitClean = 0,          // nothing found
  kExitViolation = 1,      // a violation
  kExitBadInput = 2,       // bad usage or input, a trace that diverges
  kExitBudgetEnded = 3,    // the budget ended before the claim was established
  kExitInternalError = 4,  // the harness itself is wrong
  kExitInterrupted = 130,  // Ctrl-C
};

// As verdicts and JSON say it.
constexpr const char* Verdict(ExitStatus status) {
  switch (status) {
    case kExitClean:
      return "clean";
    case kExitViolation:
      return "violation";
    case kExitBadInput:
      return "bad-input";
    case kExitBudgetEnded:
      return "budget-ended";
    case kExitInternalError:
      break;
    case kExitInterrupted:
      return "interrupted";
  }
  return "internal-error";
}

}  // namespace racewalk

#endif  // RACEWALK_CI_EXIT_STATUS_H_
