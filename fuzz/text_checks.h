// What holds of every reader of text, whatever bytes it is given: what was
// read is written so that it is read as the same again.
#ifndef RACEWALK_FUZZ_TEXT_CHECKS_H_
#define RACEWALK_FUZZ_TEXT_CHECKS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace racewalk {

// Reads the bytes as each of them: a scenario, an input of the fuzzer, a token
// and a trace. Returns what is wrong with the answer of one of them, with the
// texts; "" if nothing is, which says nothing of whether the bytes are any of them.
std::string TextProblem(absl::string_view bytes);

// The bytes with a last line as a trace of this length has it, in place of their own: without it
// nothing that is like a trace would be read any further than to its checksum.
std::string Sealed(absl::string_view bytes);

}  // namespace racewalk

#endif  // RACEWALK_FUZZ_TEXT_CHECKS_H_
