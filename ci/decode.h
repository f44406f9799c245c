// Values of words as a person reads them.
#ifndef RACEWALK_CI_DECODE_H_
#define RACEWALK_CI_DECODE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/platform/event.h"

namespace racewalk {

// One short phrase on one line, the same for the same arguments. A value that
// the type does not explain is hexadecimal.
std::string DecodeValue(ValueType type, uint64_t value);

// The parts of an entry, each a name and "yes", "no" or a number; empty for a
// type that has no parts, and for an entry that is not one of a page or table.
struct DecodedField {
  std::string name{};
  std::string value{};
};
std::vector<DecodedField> DecodeFields(ValueType type, uint64_t value);

}  // namespace racewalk

#endif  // RACEWALK_CI_DECODE_H_
