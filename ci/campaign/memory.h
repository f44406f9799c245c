// What a process and those below it use.
#ifndef RACEWALK_CI_CAMPAIGN_MEMORY_H_
#define RACEWALK_CI_CAMPAIGN_MEMORY_H_

#include <sys/types.h>

#include <cstdint>

namespace racewalk {

// Bytes of memory in use (resident, without what is shared with a file or with
// other processes through one), of the process and its children; 0 if it is gone.
uint64_t MemoryInUse(pid_t process);

}  // namespace racewalk

#endif  // RACEWALK_CI_CAMPAIGN_MEMORY_H_
