// Which racewalk this is. The definitions are generated (version.cc.in).
#ifndef RACEWALK_CI_VERSION_H_
#define RACEWALK_CI_VERSION_H_

namespace racewalk {

extern const char kVersion[];   // "0.1.0"
extern const char kRevision[];  // "1a2b3c4d5e6f", with "+" if files were changed; "" if unknown

}  // namespace racewalk

#endif  // RACEWALK_CI_VERSION_H_
