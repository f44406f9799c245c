#include "scenarios/explore/designs.h"

#include <array>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "scenarios/explore/random_strategy.h"
#include "scenarios/parser.h"

namespace racewalk {
namespace {

struct Design {
  const char* mmu;
  const char* variant;
};

constexpr std::array kDesigns = {
    Design{"tdp", "owned"},           Design{"stage2", "defer_to_callback"},
    Design{"stage2", "lock_subtree"}, Design{"stage2", "rwlock"},
    Design{"stage2", "bbm2"},         Design{"stage2", "lock_subtree+bbm2"},
    Design{"stage2", "rwlock+bbm2"},
};

// Three tables of four pages, and a fourth beside them that stays. The vCPUs' pages
// are old or missing, so that their first accesses fault.
// The page cache has brought the host's huge pages in before the guest's first accesses,
// which map blocks at once then: nothing is left from setup for the callbacks.
constexpr char kBlocksHead[] =
    "any geometry=3x2 frames=16 host=huge access=tracked "
    "setup{gpc activate 0..15; gpc deactivate 15; write 0; write 4; write 8; write 12; "
    "split 0; split 4; split 8; age 0..11; put_root} ";
constexpr char kRemovalHead[] =
    "any geometry=3x2 frames=16 access=tracked "
    "setup{write 0; write 3; write 5; write 6; write 8; write 10; write 12; age 0..11; put_root} ";
constexpr char kOneVcpu[] =
    "vcpu a{read 12; write 1; read 12; write 6; read 12; write 8; read 12} vmm m{collapse 0..11}";
constexpr char kThreeVcpus[] =
    "vcpu a{read 12; write 1; read 12; write 6; read 12; write 8; read 12} "
    "vcpu b{read 12; write 5; read 12; read 11; read 12; read 3; read 12} "
    "vcpu c{read 12; read 9; read 12; write 2; read 12; read 4; read 12} vmm m{collapse 0..11}";

constexpr std::array kLoads = {
    std::pair{"Tables become blocks", kBlocksHead},
    std::pair{"Tables are only removed", kRemovalHead},
};
constexpr std::array kVcpus = {
    std::pair{"one vCPU", kOneVcpu},
    std::pair{"three vCPUs", kThreeVcpus},
};

constexpr std::array kColumns = {"MMU",
                                 "variant",
                                 "flush",
                                 "tables",
                                 "page flushes",
                                 "range flushes",
                                 "VM flushes",
                                 "requests",
                                 "interrupts",
                                 "steps",
                                 "loads",
                                 "stores",
                                 "RMWs",
                                 "by faults",
                                 "faults",
                                 "retries",
                                 "fault steps",
                                 "fault loads",
                                 "fault stores",
                                 "fault RMWs",
                                 "fault flushes",
                                 "hardware reads",
                                 "freed by callback",
                                 "callback steps",
                                 "mean hold",
                                 "longest hold"};

constexpr char kIntroduction[] =
    R"(# The designs compared

Made by `ci/compare_designs`; do not edit. What does it cost to collapse a table while vCPUs fault in it? Each row is a design, run
$executions times with seed $seed under the same load: one thread collapses three tables of four pages; each vCPU accesses three of
their pages, which are old or missing and which the processors cannot mark as accessed by themselves, and before and after each a
page beside them that stays mapped. Every oracle watches. `flush: all` is a machine that flushes more than a page by flushing
the whole VM, and `flush: range` one that can flush a range.

- `tables`: collapsed by the operation, per execution; `by faults`: by faults that map a block where a table is. The columns up to
  `RMWs` are the operation's own, per table of `tables`; those after `by faults` are per table that went either way.
- `page`, `range` and `VM flushes`: of all vCPUs, from outside, each counted once. `requests`: flushes of the whole VM that each vCPU
  is asked to make before it enters the guest again; `interrupts`: vCPUs that were in it.
- `steps`: where other threads can come between: atomic operations, locks, read sections, waits. `loads`, `stores` and `RMWs` (failed
  ones too) are the atomic operations among them.
- `faults`: taken by vCPUs; `retries`: those that have to be taken again. `hardware reads`: of table entries, by the vCPUs' page walks,
  which grow with what is flushed in vain.
- `freed by callback`: table pages, after a grace period, and `callback steps` what that takes beside the threads.
- `mean hold` and `longest hold`: of the exclusive MMU lock, in steps of its holder; -: nobody took it so.

)";

constexpr char kReading[] =
    R"(## How to read this

Compare rows of one table only: steps are not time, schedules are uniformly random, and long walks are asked to yield at random, so
that threads meet far more often than on a real machine. A flush of the whole VM or an interrupt, one step here, costs microseconds
there and more with more processors: look at `VM flushes`, `requests` and `hardware reads` first, then at `faults` and `retries`, which
stop guests, and at atomic operations last. What a design keeps out of the collapse it pays elsewhere: `defer_to_callback`
in `callback steps`, `rwlock` in `longest hold`, for which every fault has to wait.
)";

// The head of a table.
std::string Head() {
  return absl::StrCat("| ", absl::StrJoin(kColumns, " | "), " |\n|",
                      absl::StrReplaceAll(std::string(kColumns.size(), '-'), {{"-", " --- |"}}),
                      "\n");
}

std::string Mean(uint64_t count, uint64_t of) {
  if (count == 0 || of == 0) return of == 0 ? "-" : "0";
  return absl::StrFormat("%.2f", static_cast<double>(count) / static_cast<double>(of));
}

std::string Row(const Design& design, const char* flush, const Meter& meter) {
  const Work& own = meter.of(Activity::kCollapse);
  const Work& fault = meter.of(Activity::kFault);
  const Work& callback = meter.of(Activity::kCallback);
  const uint64_t all = own.collapsed + fault.collapsed;
  uint64_t fault_flushes = 0;
  for (const uint64_t count : fault.flushes) fault_flushes += count;
  std::string row = absl::StrCat("| ", design.mmu, " | `", design.variant, "` | `", flush, "` | ",
                                 Mean(own.collapsed, meter.executions()));
  for (const uint64_t count :
       {own.flushes_of(FlushScope::kPage), own.flushes_of(FlushScope::kRange),
        own.flushes_of(FlushScope::kVm), own.flushes_of(FlushScope::kRequest), own.interrupts,
        own.steps, own.loads, own.stores, own.updates}) {
    absl::StrAppend(&row, " | ", Mean(count, own.collapsed));
  }
  absl::StrAppend(&row, " | ", Mean(fault.collapsed, meter.executions()));
  for (const uint64_t count :
       {meter.faults(), meter.retries(), fault.steps, fault.loads, fault.stores, fault.updates,
        fault_flushes, meter.hardware(), callback.freed, callback.steps}) {
    absl::StrAppend(&row, " | ", Mean(count, all));
  }
  return absl::StrCat(row, " | ", Mean(meter.held(), meter.holds()), " | ", meter.longest_hold(),
                      " |\n");
}

absl::Status BadNumber(absl::string_view flag, absl::string_view value) {
  return absl::InvalidArgumentError(
      absl::StrCat(flag, "=", value, " is not a positive number; for example ", flag, "=3"));
}

}  // namespace

const char kDesignsHelp[] =
    R"(What do the designs of page tables cost when tables are collapsed under load? Runs each with the same
loads and seed, counts flushes by kind, steps and atomic operations, and writes docs/designs.md.
  ci/compare_designs
  ci/compare_designs --executions=100000 --seed=7 --output=build/designs.md
--executions=E  of each design under each load (5000)
--seed=N        of all of them (1)
--output=PATH   the page, relative to the repository (docs/designs.md); - prints it
Exit status: 0 if the page was written, 2 on bad usage, 4 if an execution failed.
)";

absl::StatusOr<DesignsOptions> ReadDesignsOptions(const std::vector<std::string>& arguments) {
  DesignsOptions options;
  for (const std::string& argument : arguments) {
    if (argument == "--help" || argument == "-h") {
      options.help = true;
      return options;
    }
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(argument, absl::MaxSplits('=', 1));
    const auto& [flag, value] = parts;
    if (argument.find('=') != std::string::npos && flag == "--output") {
      if (value.empty()) {
        return absl::InvalidArgumentError(
            "--output is empty; for example --output=docs/designs.md");
      }
      options.output = value;
    } else if (flag == "--executions" || flag == "--seed") {
      uint64_t number = 0;
      const bool digits = value.find_first_not_of("0123456789") == std::string::npos;
      if (!digits || !absl::SimpleAtoi(value, &number) || number == 0) {
        return BadNumber(flag, value);
      }
      (flag == "--seed" ? options.seed : options.executions) = number;
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("unknown argument ", argument, "; --help says what there is"));
    }
  }
  return options;
}

absl::StatusOr<Meter> Measure(const Subject& subject, uint64_t seed, uint64_t executions) {
  absl::StatusOr<std::unique_ptr<Explorer>> explorer = Explorer::Create(subject);
  if (!explorer.ok()) return explorer.status();
  Meter meter;
  (*explorer)->set_meter(&meter);
  RandomStrategy strategy;
  const Batch batch = (*explorer)->Run(strategy, seed, 0, executions, nullptr);
  if (batch.violated) {
    return absl::InternalError(absl::StrCat(subject.mmu, " ", subject.variant, ": execution ",
                                            batch.index, " of seed ", seed,
                                            " fails: ", batch.violation.what));
  }
  return meter;
}

absl::StatusOr<std::string> DesignsPage(uint64_t executions, uint64_t seed) {
  std::string page = absl::StrCat("<!-- Made by ci/compare_designs --executions=", executions,
                                  " --seed=", seed, "; do not edit. -->\n\n");
  absl::StrAppend(&page,
                  absl::StrReplaceAll(kIntroduction, {{"$executions", absl::StrCat(executions)},
                                                      {"$seed", absl::StrCat(seed)}}));
  for (const auto& [title, head] : kLoads) {
    for (const auto& [vcpus, threads] : kVcpus) {
      absl::StrAppend(&page, "## ", title, ", ", vcpus, "\n\n`", head, threads, "`\n\n", Head());
      for (const Design& design : kDesigns) {
        for (const char* flush : {"all", "range"}) {
          absl::StatusOr<Scenario> scenario =
              ParseScenario(absl::StrCat(head, "flush=", flush, " ", threads), title);
          if (!scenario.ok()) return scenario.status();
          const absl::StatusOr<Meter> meter = Measure(
              {.scenario = *std::move(scenario), .mmu = design.mmu, .variant = design.variant},
              seed, executions);
          if (!meter.ok()) return meter.status();
          absl::StrAppend(&page, Row(design, flush, *meter));
        }
      }
      page += "\n";
    }
  }
  return page + kReading;
}

}  // namespace racewalk
