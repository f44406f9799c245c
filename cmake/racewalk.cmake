# How a folder becomes targets. A new file joins by its name alone:
#   x.cc -> the folder's library, x_test.cc -> its tests, x_benchmark.cc -> a benchmark.

# What every target of ours is compiled with.
add_library(racewalk_flags INTERFACE)
target_include_directories(racewalk_flags INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(
  racewalk_flags
  INTERFACE -Wall -Wextra -Wconversion -Werror
            $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
            # g++ 12 warns of every "literal" + std::string (its bug 105651), and of Relacy's
            # replacements of operator new and delete where it inlines only one of them.
            $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-mismatched-new-delete>)
if(RACEWALK_EXPLORE)
  # Relacy replaces operator new and leaves failed executions by longjmp:
  # - sized delete would bypass its replacement and abort;
  # - the fortified longjmp takes a switch of fibers for a smashed stack;
  # - g++ drops stores to an object about to die, and uses after free with them;
  # - without RL_DO_ASSERT a failure that does not reproduce is silent.
  # They hold for all targets because the replaced operators serve the whole binary.
  target_compile_options(
    racewalk_flags INTERFACE -fno-sized-deallocation -U_FORTIFY_SOURCE
                             $<$<CXX_COMPILER_ID:GNU>:-fno-lifetime-dse>)
  target_compile_definitions(racewalk_flags INTERFACE RL_DO_ASSERT=1)
  target_include_directories(racewalk_flags SYSTEM INTERFACE "${RACEWALK_RELACY_INCLUDE_DIR}")
endif()

# For CMAKE_UNITY_BUILD (preset gcc), which reads headers and instantiates templates once for up to
# eight files, compiled as one. They are neighbours, and of one folder unless that has few: their
# names in anonymous namespaces must differ. ci/tidy makes the same groups.
function(racewalk_unity_groups target)
  set(group 0)
  set(size 0)
  set(last_folder)
  foreach(file IN LISTS ARGN)
    cmake_path(GET file PARENT_PATH folder)
    if(size EQUAL 8 OR (size GREATER 3 AND NOT folder STREQUAL last_folder))
      math(EXPR group "${group} + 1")
      set(size 0)
    endif()
    set_source_files_properties("${file}" PROPERTIES UNITY_GROUP ${group})
    math(EXPR size "${size} + 1")
    set(last_folder "${folder}")
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD_MODE GROUP)
endfunction()

function(racewalk_optimization target)
  if(RACEWALK_UNOPTIMIZED AND target MATCHES "${RACEWALK_UNOPTIMIZED}")
    target_compile_options(${target} PRIVATE -O0)
  endif()
endfunction()

# racewalk_folder(<name>
#                 [FOLDERS <folder>...]         relative to the caller; default: the caller's own
#                 [RECURSIVE]                   with the folders below them
#                 [EXCLUDE <regex>...]          ends of paths to leave out: "main.cc"
#                 [ONLY <stem>...]              x for x.cc and x_test.cc; default: all
#                 [DEPENDS <target>...]         linked publicly by the library
#                 [TEST_DEPENDS <target>...]    more for tests and benchmarks
#                 [BENCHMARK_DEPENDS <target>...]  more for benchmarks
#                 [NDEBUG_BENCHMARKS])          benchmarks are of the folder built with NDEBUG, as
#                                               an embedder would, and without TEST_DEPENDS
# Makes library racewalk_<name>, test executable <name>_test and one benchmark executable
# <name>_<x>_benchmark for each file. A library without sources is an INTERFACE one, so that
# headers may come first.
function(racewalk_folder name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "RECURSIVE;NDEBUG_BENCHMARKS" ""
                        "FOLDERS;EXCLUDE;ONLY;DEPENDS;TEST_DEPENDS;BENCHMARK_DEPENDS")
  if(NOT arg_FOLDERS)
    set(arg_FOLDERS .)
  endif()
  set(glob GLOB)
  if(arg_RECURSIVE)
    set(glob GLOB_RECURSE)
  endif()
  set(files)
  foreach(folder IN LISTS arg_FOLDERS)
    cmake_path(ABSOLUTE_PATH folder NORMALIZE OUTPUT_VARIABLE path)
    string(REGEX REPLACE "/$" "" path "${path}")
    file(${glob} found CONFIGURE_DEPENDS "${path}/*.cc")
    list(APPEND files ${found})
  endforeach()
  foreach(regex IN LISTS arg_EXCLUDE)
    list(FILTER files EXCLUDE REGEX "/${regex}$")
  endforeach()
  if(arg_ONLY)
    list(JOIN arg_ONLY "|" stems)
    list(FILTER files INCLUDE REGEX "/(${stems})(_test)?\\.cc$")
  endif()
  set(tests ${files})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(benchmarks ${files})
  list(FILTER benchmarks INCLUDE REGEX "_benchmark\\.cc$")
  set(sources ${files})
  list(FILTER sources EXCLUDE REGEX "_(test|benchmark)\\.cc$")

  set(library racewalk_${name})
  if(sources)
    add_library(${library} STATIC ${sources})
    target_link_libraries(${library} PUBLIC racewalk_flags ${arg_DEPENDS})
    racewalk_unity_groups(${library} ${sources})
    racewalk_optimization(${library})
  else()
    add_library(${library} INTERFACE)
    target_link_libraries(${library} INTERFACE racewalk_flags ${arg_DEPENDS})
  endif()

  if(RACEWALK_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${library} ${arg_TEST_DEPENDS} GTest::gmock_main)
    # Stacks need lines; it is the command and its libraries that are debugged.
    target_compile_options(${name}_test PRIVATE $<$<CONFIG:RelWithDebInfo>:-g1>)
    racewalk_optimization(${name}_test)
    racewalk_unity_groups(${name}_test ${tests})
    # Listing happens when ctest starts, not in the build: a test that crashes
    # at start is then a failed test and not a failed build.
    gtest_discover_tests(
      ${name}_test
      WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
      DISCOVERY_MODE PRE_TEST
      DISCOVERY_TIMEOUT 60
      PROPERTIES TIMEOUT 300)
  endif()

  if(RACEWALK_BENCHMARKS AND benchmarks)
    set(measured ${library} ${arg_TEST_DEPENDS})
    if(arg_NDEBUG_BENCHMARKS)
      # All of it anew: what is inline must be the same everywhere.
      set(measured ${library}_ndebug)
      add_library(${measured} STATIC EXCLUDE_FROM_ALL ${sources})
      target_compile_definitions(${measured} PUBLIC NDEBUG)
      target_link_libraries(${measured} PUBLIC racewalk_flags ${arg_DEPENDS})
    endif()
    foreach(file IN LISTS benchmarks)
      cmake_path(GET file STEM stem)
      add_executable(${name}_${stem} ${file})
      target_link_libraries(${name}_${stem} PRIVATE ${measured} ${arg_BENCHMARK_DEPENDS}
                                                    benchmark::benchmark_main)
    endforeach()
  endif()
endfunction()
