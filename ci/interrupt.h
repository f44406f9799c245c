// Ctrl-C, noticed between two chunks of work.
#ifndef RACEWALK_CI_INTERRUPT_H_
#define RACEWALK_CI_INTERRUPT_H_

namespace racewalk {

// From now on the first SIGINT or SIGTERM is only noted; a second one ends the
// process as usual.
void CatchInterrupts();

bool Interrupted();

}  // namespace racewalk

#endif  // RACEWALK_CI_INTERRUPT_H_
