# Everything that the build takes from outside, all of it Debian packages: ci/packages.txt.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)
# Link PkgConfig::URCU_MEMB and include <urcu/urcu-memb.h>.
pkg_check_modules(URCU_MEMB REQUIRED IMPORTED_TARGET liburcu-memb)
# The same with qsbr: vCPU threads that announce when they read nothing.
pkg_check_modules(URCU_QSBR REQUIRED IMPORTED_TARGET liburcu-qsbr)

if(RACEWALK_EXPLORE)
  # Include <relacy/relacy.hpp>. The folder above it, never relacy/ itself: that has a pthread.h.
  find_path(RACEWALK_RELACY_INCLUDE_DIR relacy/relacy.hpp REQUIRED)
  find_package(SQLite3 REQUIRED)  # the store of campaigns
endif()
find_package(CLI11 CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)

if(RACEWALK_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
if(RACEWALK_BENCHMARKS)
  find_package(benchmark CONFIG REQUIRED)
  find_package(TBB CONFIG REQUIRED)  # what the MMUs are measured beside
endif()
