// Of a racewalk that a sanitizer watches: it runs real threads only.
#include <variant>

#include "ci/command_line.h"
#include "ci/console.h"
#include "ci/exit_status.h"
#include "ci/interrupt.h"
#include "ci/options.h"
#include "ci/run_command.h"
#include "ci/stress.h"
#include "sanitizers/round.h"

namespace racewalk {

const Commands kBuiltCommands = Commands::kStress;

int RunCommand(const Invocation& invocation, const Console& console) {
  if (const auto* text = std::get_if<TextOptions>(&invocation.options)) {
    console.out(text->text);
    return kExitClean;
  }
  CatchInterrupts();
  return RunStress(std::get<StressOptions>(invocation.options), invocation.command, RunRound,
                   /*can_explore=*/false, console);
}

}  // namespace racewalk
