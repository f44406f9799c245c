// ci/store/schema.sql, as the build embeds it.
#ifndef RACEWALK_CI_STORE_SCHEMA_H_
#define RACEWALK_CI_STORE_SCHEMA_H_

#include "absl/strings/string_view.h"

namespace racewalk {

absl::string_view SchemaSql();

}  // namespace racewalk

#endif  // RACEWALK_CI_STORE_SCHEMA_H_
