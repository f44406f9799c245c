// Pages of the host that are looked up and given back.
#ifndef RACEWALK_CORE_HOST_PAGE_H_
#define RACEWALK_CORE_HOST_PAGE_H_

#include "core/environment.h"
#include "core/platform/platform.h"

namespace racewalk {

// Gives back what Environment::FaultIn has returned: put only what was got. A
// device's memory has no count, and putting it would free it under its driver
// (kernel: kvm_release_faultin_page and what came before it; CVE-2021-22543).
template <Platform P>
void GiveBack(typename P::Environment& environment, const HostPage& page, bool dirty) {
  if (page.counted || !P::keeps(point::release_needs_count)) environment.ReleasePage(page, dirty);
}

}  // namespace racewalk

#endif  // RACEWALK_CORE_HOST_PAGE_H_
