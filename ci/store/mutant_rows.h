// What the store's rows of mutants are.
#ifndef RACEWALK_CI_STORE_MUTANT_ROWS_H_
#define RACEWALK_CI_STORE_MUTANT_ROWS_H_

namespace racewalk {

// SQL of a row of `mutant`: 1 if it is the replay of the execution that is known to kill, 0 if it
// is a search. Only a unit's first chunk replays, which is one execution, and if that shows nothing
// the chunk searches. A first search that kills at once passes for a replay.
inline constexpr char kIsReplay[] =
    "(mutant.number = 0 AND mutant.killed = 1 AND mutant.executions = 1)";

}  // namespace racewalk

#endif  // RACEWALK_CI_STORE_MUTANT_ROWS_H_
