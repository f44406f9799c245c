// The source lines of this program's code.
#ifndef RACEWALK_CI_SYMBOLIZER_H_
#define RACEWALK_CI_SYMBOLIZER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace racewalk {

struct CodeFrame {
  std::string function{};
  std::string file{};  // as the compiler was told; "" if unknown
  uint32_t line = 0;
};

// Whether the frame is of what is below the core: a platform, the standard
// library, a sanitizer. All of the core's accesses go through such frames.
bool IsBelowCore(const CodeFrame& frame);
// A mangled name as it was written, or as much of it as can be read; others as they are.
std::string Demangled(absl::string_view name);
// A function's name without its types: "TdpIterator::StepDown".
std::string ShortFunction(absl::string_view function);
// "TdpIterator::StepDown iterator.h:91"; what it is called if there is no file.
std::string FrameText(const CodeFrame& frame);

// Asks binutils' addr2line, which takes most of a second, about what it has not
// been asked yet. Without it code goes by its offset, "racewalk+0x1234".
// Thread-compatible; this process must have one thread.
class Symbolizer {
 public:
  // Asks about all of them at once. Offsets are from where the program is
  // loaded and inside of the instruction that is meant.
  void Learn(const std::vector<uint64_t>& offsets);
  // The functions that are inlined there and the one that they are in, the
  // innermost first; never none.
  std::vector<CodeFrame> FramesAt(uint64_t offset);

  // Why lines are not known, with the remedy; "" if nothing went wrong.
  const std::string& problem() const { return problem_; }

  // `line` with what it says of this program's code in a sanitizer's way,
  // "(/path/racewalk+0x1234)", told by source lines, of the whole text. Frames of
  // its stacks that are below the core are left out.
  std::string Readable(absl::string_view text);

 private:
  // Never remembers what could not be asked.
  std::map<uint64_t, std::vector<CodeFrame>> known_{};
  std::string problem_{};
};

}  // namespace racewalk

#endif  // RACEWALK_CI_SYMBOLIZER_H_
