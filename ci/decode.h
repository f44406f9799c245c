// Values of words as a person reads them.
#ifndef RACEWALK_CI_DECODE_H_
#define RACEWALK_CI_DECODE_H_

#include <cstdint>
#include <string>

#include "core/platform/event.h"

namespace racewalk {

// One short phrase on one line, the same for the same arguments. A value that
// the type does not explain is hexadecimal.
std::string DecodeValue(ValueType type, uint64_t value);

}  // namespace racewalk

#endif  // RACEWALK_CI_DECODE_H_
