// What a process prints, kept in memory that the one that watches it can read.
#ifndef RACEWALK_CI_CAUGHT_TEXT_H_
#define RACEWALK_CI_CAUGHT_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace racewalk {

// Made before the fork; both processes then have it. It is there to be read
// however the printing one ends. Thread-compatible.
class CaughtText {
 public:
  // Error: Internal.
  static absl::StatusOr<CaughtText> Make();
  ~CaughtText();
  CaughtText(CaughtText&& other) noexcept;
  CaughtText& operator=(CaughtText&&) = delete;

  // From now on what this process writes to `descriptor` goes there.
  void Catch(int descriptor) const;
  // The beginning of what was written, at most `most` bytes; all is forgotten then.
  std::string Take(std::size_t most) const;

 private:
  explicit CaughtText(int file) : file_(file) {}
  int file_;
};

}  // namespace racewalk

#endif  // RACEWALK_CI_CAUGHT_TEXT_H_
