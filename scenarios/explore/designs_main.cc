// The binary behind ci/compare_designs.
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "scenarios/explore/designs.h"

namespace racewalk {
namespace {

// As the racewalk command's.
constexpr int kBadInput = 2;
constexpr int kInternalError = 4;

int Fail(absl::string_view message, int status) {
  std::cerr << "ci/compare_designs: " << message << "\n";
  return status;
}

int Run(const std::vector<std::string>& arguments) {
  const absl::StatusOr<DesignsOptions> options = ReadDesignsOptions(arguments);
  if (!options.ok()) return Fail(options.status().message(), kBadInput);
  if (options->help) {
    std::cout << kDesignsHelp;
    return 0;
  }
  // Before the work: it would be lost.
  std::ofstream file;
  if (options->output != "-") {
    file.open(options->output, std::ios::app);
    if (!file) {
      return Fail(
          "cannot write " + options->output + "; give --output a file in a folder that exists",
          kBadInput);
    }
    file.close();
  }
  const absl::StatusOr<std::string> page = DesignsPage(options->executions, options->seed);
  if (!page.ok()) return Fail(page.status().message(), kInternalError);
  if (options->output == "-") {
    std::cout << *page;
    return 0;
  }
  file.open(options->output, std::ios::trunc);
  if (!(file << *page).flush()) return Fail("cannot write " + options->output, kBadInput);
  return 0;
}

}  // namespace
}  // namespace racewalk

int main(int argc, char** argv) {
  return racewalk::Run(std::vector<std::string>(argv + 1, argv + argc));
}
