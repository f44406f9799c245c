# Run by the build: writes OUTPUT from INPUT, and leaves it alone if nothing changed.
set(REVISION "")
find_program(git git)
if(git AND EXISTS "${SOURCE_DIR}/.git")
  execute_process(
    COMMAND "${git}" -C "${SOURCE_DIR}" describe --always --abbrev=12 --dirty=+ --exclude=*
    OUTPUT_VARIABLE REVISION
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
configure_file("${INPUT}" "${OUTPUT}" @ONLY)
