# Sourced by ci/presubmit and ci/test: named, timed steps, any of which may fail.
# shellcheck shell=bash

failed=()       # names of the phases that failed
phase_lines=()  # one line on each, for report_phases

# Ninja would run more jobs than there are cores, and templates need memory.
export CMAKE_BUILD_PARALLEL_LEVEL="${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}"

# phase NAME COMMAND...: runs the command and remembers its outcome; the status is the command's.
phase() {
  local name=$1 start=${EPOCHREALTIME/[.,]/} status=0 outcome=ok tenths
  shift
  printf '=== %s\n' "$name"
  "$@" </dev/null || status=$?
  tenths=$(((${EPOCHREALTIME/[.,]/} - start) / 100000))
  if [[ $status -ne 0 ]]; then
    failed+=("$name")
    outcome="FAILED, status $status"
  fi
  phase_lines+=("$(printf '  %-18s %4d.%d s  %s' "$name" $((tenths / 10)) $((tenths % 10)) "$outcome")")
  return "$status"
}

# skip NAME REASON: a phase that cannot run counts as failed.
skip() {
  failed+=("$1")
  phase_lines+=("$(printf '  %-18s      -    not run: %s' "$1" "$2")")
}

report_phases() {
  printf '\n=== phases\n'
  printf '%s\n' "${phase_lines[@]}"
}

# Shows what a command prints only if it fails.
quietly() {
  local output status=0
  output=$("$@" 2>&1) || status=$?
  if [[ $status -ne 0 ]]; then printf '%s\n' "$output"; fi
  return "$status"
}
