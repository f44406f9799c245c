// The command. Everything it does is in the library beside it, where tests reach it.
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/check.h"
#include "ci/command_line.h"
#include "ci/console.h"
#include "ci/exit_status.h"
#include "ci/interrupt.h"
#include "ci/list.h"
#include "ci/mutants.h"
#include "ci/options.h"
#include "ci/replay.h"
#include "ci/shrink.h"
#include "scenarios/explore/explorer.h"

namespace racewalk {
namespace {

int Run(const Invocation& invocation, const Console& console) {
  if (const auto* text = std::get_if<TextOptions>(&invocation.options)) {
    console.out(text->text);
    return kExitClean;
  }
  if (const auto* list = std::get_if<ListOptions>(&invocation.options)) {
    return RunList(*list, console);
  }
  if (const auto* check = std::get_if<CheckOptions>(&invocation.options)) {
    CatchInterrupts();
    return RunCheck(*check, invocation.command, Explorer::Create, console);
  }
  if (const auto* shrink = std::get_if<ShrinkCommandOptions>(&invocation.options)) {
    CatchInterrupts();
    return RunShrink(*shrink, invocation.command, Explorer::Create, console);
  }
  if (const auto* mutants = std::get_if<MutantsOptions>(&invocation.options)) {
    CatchInterrupts();
    return RunMutants(*mutants, invocation.command, Explorer::Create, console);
  }
  return RunReplay(std::get<ReplayOptions>(invocation.options), invocation.command,
                   Explorer::Create, console);
}

}  // namespace
}  // namespace racewalk

int main(int argc, char** argv) {
  const racewalk::Console console = racewalk::StandardConsole();
  const absl::StatusOr<racewalk::Invocation> invocation =
      racewalk::ParseCommandLine(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  if (!invocation.ok()) {
    console.err(absl::StrCat("racewalk: ", invocation.status().message(), "\n"));
    return absl::IsInternal(invocation.status()) ? racewalk::kExitInternalError
                                                 : racewalk::kExitBadInput;
  }
  const int status = racewalk::Run(*invocation, console);
  return racewalk::OutputLost() ? racewalk::kExitInternalError : status;
}
