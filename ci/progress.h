// How far a run has come, for whoever waits for it.
#ifndef RACEWALK_CI_PROGRESS_H_
#define RACEWALK_CI_PROGRESS_H_

#include "absl/strings/string_view.h"
#include "ci/console.h"

namespace racewalk {

// On a terminal one line that is rewritten a few times a second; else a line
// every five seconds. Thread-compatible.
class Progress {
 public:
  // `console` must outlive this.
  explicit Progress(const Console& console) : console_(console) {}

  // `seconds` after the start; texts that come too soon after the last are left out.
  void Show(absl::string_view text, double seconds);
  // Takes a rewritten line away, before something else is printed.
  void Clear();

 private:
  bool Due(double seconds) const;

  const Console& console_;
  double shown_ = 0;  // seconds after the start
  bool line_shown_ = false;
};

}  // namespace racewalk

#endif  // RACEWALK_CI_PROGRESS_H_
