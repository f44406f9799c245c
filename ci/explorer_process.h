// Asking a racewalk that can explore whether it finds a violation of a scenario.
#ifndef RACEWALK_CI_EXPLORER_PROCESS_H_
#define RACEWALK_CI_EXPLORER_PROCESS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace racewalk {

struct ExploredViolation {
  std::string kind{};
  std::string invariant{};  // "" for none
  std::string token{};      // of the shrunk execution where there is one
};

// The program to be asked: this one if it `can_explore`, else the release
// build's beside this one's folder. "" if there is none.
std::string DefaultExplorer(bool can_explore);
// "" if `path` is a program that can be run, else what is wrong with it.
std::string ProblemOfExplorer(const std::string& path);

// Runs `explorer check ARGUMENTS... --json`, which says itself how long, and
// returns what it found, nothing if it is clean. The process dies with this one.
// Errors: Cancelled if `interrupted` says so meanwhile; NotFound or Internal,
// one line, if it cannot be run or does not do its work.
absl::StatusOr<std::vector<ExploredViolation>> AskExplorer(
    const std::string& explorer, const std::vector<std::string>& arguments,
    const std::function<bool()>& interrupted);

}  // namespace racewalk

#endif  // RACEWALK_CI_EXPLORER_PROCESS_H_
