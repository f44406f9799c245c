// Reads the operations and checks that stand in blocks.
#ifndef RACEWALK_SCENARIOS_OPERATION_PARSER_H_
#define RACEWALK_SCENARIOS_OPERATION_PARSER_H_

#include "scenarios/scenario.h"
#include "scenarios/token_reader.h"
#include "scenarios/words.h"

namespace racewalk {

// Repeats may stand in each other this deep; it bounds every recursion over a
// scenario.
inline constexpr int kMaxRepeatDepth = 8;

// One operation, with its position. `roles` are those whose words are proposed
// for a misspelling: whether the thread may say the word is for the validator.
Operation ReadOperation(TokenReader& reader, RoleSet roles);

CheckLine ReadCheck(TokenReader& reader);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_OPERATION_PARSER_H_
