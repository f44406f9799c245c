// Of the whole racewalk, which explores.
#include "ci/run_command.h"

#include <variant>

#include "ci/campaign/campaign.h"
#include "ci/check.h"
#include "ci/command_line.h"
#include "ci/console.h"
#include "ci/exit_status.h"
#include "ci/fuzz.h"
#include "ci/interrupt.h"
#include "ci/list.h"
#include "ci/mutants.h"
#include "ci/options.h"
#include "ci/replay.h"
#include "ci/report/report_command.h"
#include "ci/shrink.h"
#include "ci/store/merge_command.h"
#include "ci/stress.h"
#include "sanitizers/round.h"
#include "scenarios/explore/explorer.h"

namespace racewalk {

const Commands kBuiltCommands = Commands::kAll;

int RunCommand(const Invocation& invocation, const Console& console) {
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
  if (const auto* stress = std::get_if<StressOptions>(&invocation.options)) {
    CatchInterrupts();
    return RunStress(*stress, invocation.command, RunRound, /*can_explore=*/true, console);
  }
  if (const auto* mutants = std::get_if<MutantsOptions>(&invocation.options)) {
    CatchInterrupts();
    return RunMutants(*mutants, invocation.command, Explorer::Create, console);
  }
  if (const auto* fuzz = std::get_if<FuzzOptions>(&invocation.options)) {
    CatchInterrupts();
    return RunFuzzCommand(*fuzz, invocation.command, {.factory = Explorer::Create}, console);
  }
  if (const auto* campaign = std::get_if<CampaignOptions>(&invocation.options)) {
    CatchInterrupts();
    return RunCampaignCommand(*campaign, invocation.command, {Explorer::Create, RunRound}, console);
  }
  if (const auto* merge = std::get_if<MergeOptions>(&invocation.options)) {
    return RunMerge(*merge, invocation.command, console);
  }
  if (const auto* report = std::get_if<ReportOptions>(&invocation.options)) {
    return RunReport(*report, invocation.command, console);
  }
  return RunReplay(std::get<ReplayOptions>(invocation.options), invocation.command,
                   Explorer::Create, console);
}

}  // namespace racewalk
