#include "ci/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "ci/escape.h"
#include "ci/flag_values.h"
#include "ci/options.h"
#include "ci/typed_words.h"
#include "ci/version.h"
#include "scenarios/nearest.h"

namespace racewalk {
namespace {

void AddList(CLI::App& app, Words& words) {
  CLI::App* list = app.add_subcommand("list", "Show what there is");
  list->add_option("WHAT", words.list.what,
                   "scenarios, points, bugs or strategies; all if left out");
  list->add_flag("--json", words.list.json, "One JSON object on standard output");
  list->footer("Example: racewalk list bugs");
}

void AddCheck(CLI::App& app, Words& words) {
  CLI::App* check = app.add_subcommand("check", "Explore scenarios: the pre-submit job");
  CheckOptions& options = words.check;
  check->add_option("SCENARIO", options.scenarios,
                    "Names, files or one-line text; the whole library if left out");
  check->add_option("--mmu", words.mmu,
                    "tdp, stage2 or any; default: all that the scenario is for");
  check
      ->add_option("--variant", words.variants,
                   "Variant, '+' combines, ',' separates; default: the scenario's")
      ->allow_extra_args(false);
  check
      ->add_option("--strategy", words.strategies,
                   "How to explore, repeatable (see racewalk list strategies); default: random and "
                   "pct:3")
      ->allow_extra_args(false);
  check->add_option("--executions", words.executions, "At most so many for each row of the table");
  check->add_option("--seconds", words.seconds,
                    "Exploration in total; default 60 for the library, else 10");
  check->add_option("--time-limit", words.time_limit, "Seconds after which everything ends");
  check->add_option("--seed", words.seed, "Decimal or 0x...; default: a fresh one, printed");
  check->add_option("--jobs", words.jobs, "Worker processes; default: one per core");
  check->add_option("--weaken", words.weaken, "Protocol points to weaken: POINT[,POINT...]")
      ->allow_extra_args(false);
  check->add_option("--bug", options.bug, "Bring a historical bug back, by short or long name");
  check->add_option("--out", options.out,
                    "Folder for trace files and pages of them; existing files are kept");
  check->add_option("--shrink-seconds", words.shrink_seconds,
                    "For making what was found smaller, in total; default 10, 0 turns it off");
  check->add_flag("--json", options.json, "One JSON object on standard output");
  check->footer(
      "Examples: racewalk check\n"
      "          racewalk check fault_vs_collapse --variant=last_put_zaps --seconds=5\n"
      "          racewalk check --bug=X11 --out=traces");
}

void AddReplay(CLI::App& app, Words& words) {
  CLI::App* replay = app.add_subcommand("replay", "Run one execution again, as a timeline");
  replay->add_option("TOKEN", words.replay.target, "A token that check printed, or a trace file")
      ->required();
  replay->add_option("--html", words.replay.html,
                     "Write a page to this file, which must not exist");
  replay->add_option("--perfetto", words.replay.perfetto,
                     "Write a file for Perfetto or chrome://tracing, which must not exist");
  replay->add_option("--stop-at", words.stop_at,
                     "Show no more than the steps up to this one, and the page tables there");
  replay->add_flag("--break", words.replay.break_there,
                   "With --stop-at: raise SIGTRAP in that step, for a debugger");
  replay->add_flag("--json", words.replay.json, "One JSON object on standard output");
  replay->footer(
      "Examples: racewalk replay traces/fault_vs_collapse-tdp-use-after-free.trace "
      "--html=race.html\n"
      "          gdb --args racewalk replay some.trace --stop-at=17 --break\n"
      "          racewalk replay 'tdp geometry=3x1 frames=2 host=small logging=wrprot roles=1 "
      "vcpu a{load_root} vcpu b{load_root}#3f360dc7@tdp+owned+weaken=root_searched_twice/random/"
      "seed=b34095042dc306d7'");
}

void AddShrink(CLI::App& app, Words& words) {
  CLI::App* shrink = app.add_subcommand(
      "shrink", "Make a violation's scenario and schedule as small as a person would write them");
  ShrinkCommandOptions& options = words.shrink;
  shrink->add_option("TOKEN", options.target, "A token that check printed, or a trace file")
      ->required();
  shrink->add_option("--seconds", words.seconds, "At most so long; default 30");
  shrink->add_option("--executions", words.executions,
                     "At most so many for each scenario that is tried; default 20000");
  shrink->add_option("--seed", words.seed, "Decimal or 0x...; default 1");
  shrink->add_option("--jobs", words.jobs, "Worker processes; default: one per core");
  shrink->add_option("--out", options.out,
                     "Folder for the scenario (.scn) and its trace; existing files are kept");
  shrink->add_flag("--json", options.json, "One JSON object on standard output");
  shrink->footer(
      "Examples: racewalk shrink traces/fault_vs_collapse-tdp-use-after-free.trace --out=small\n"
      "          racewalk shrink 'root_put_vs_unmap#4bfcf340@tdp+last_put_zaps+bug=X23a/random/"
      "seed=05fe9ef5ebb56d41'");
}

void AddMutants(CLI::App& app, Words& words) {
  CLI::App* mutants =
      app.add_subcommand("mutants", "Weaken each protocol point in turn: what kills it?");
  MutantsOptions& options = words.mutants;
  mutants->add_option("POINT", options.points, "Protocol points; all if left out");
  mutants->add_option("--mmu", words.mmu, "Only the units of tdp or stage2");
  mutants->add_option("--variant", words.variants, "Only the units of these, ',' separates")
      ->allow_extra_args(false);
  mutants->add_option("--seconds", words.seconds,
                      "Search of a unit with a seed, default 60; with --presubmit, of the run");
  mutants->add_option("--executions", words.executions,
                      "At most so many for each row of the library; with --compare default 3000");
  mutants
      ->add_option("--seeds,--seed", words.seeds,
                   "Each unit is searched with each of them; default 1,2,3, with --presubmit and "
                   "--compare 1")
      ->allow_extra_args(false);
  mutants
      ->add_option(
          "--strategy", words.strategies,
          "How to explore, repeatable; default: as check for a tenth of the time, then with "
          "pos added")
      ->allow_extra_args(false);
  mutants->add_option("--time-limit", words.time_limit, "Seconds after which everything ends");
  mutants->add_option("--jobs", words.jobs, "Worker processes; default: one per core");
  mutants->add_option("--sample", words.sample, "Only so many units, drawn by the first seed");
  mutants->add_flag("--fresh", options.fresh,
                    "Search every unit, in the library's order, as if no kill were known");
  mutants->add_option("--store", options.store,
                      "File for each result as soon as it is known; a second run goes on from it");
  mutants->add_option("--tree", options.tree,
                      "Source tree with scenarios/library/kills.tsv, the known kills; default .");
  mutants->add_flag("--update", options.update,
                    "Write what was found to the tree: kills.tsv and docs/kills.md; with --compare "
                    "docs/strategies.md");
  mutants->add_flag("--presubmit", options.presubmit,
                    "Which units would a pre-submit run of the whole library kill?");
  mutants
      ->add_option("--compare", words.compare,
                   "Executions to the kill of strategies side by side: random,pct:3,pos")
      ->allow_extra_args(false);
  mutants->add_option("--html", options.html,
                      "Write the kill matrix as a page to this file, which must not exist");
  mutants->add_flag("--json", options.json, "One JSON object on standard output");
  mutants->footer(
      "Examples: racewalk mutants                   # does each known kill still replay? if not, "
      "search\n"
      "          racewalk mutants --update          # the same, and brings the committed table up "
      "to date\n"
      "          racewalk mutants --fresh --store=build/night.store --html=build/kills.html\n"
      "          racewalk mutants flush_frozen kick_waits --seconds=10 --seed=1\n"
      "          racewalk mutants --presubmit --sample=40\n"
      "          racewalk mutants --compare=random,pct:3,pos --update");
}

void AddReport(CLI::App& app, Words& words) {
  CLI::App* report = app.add_subcommand("report", "Tell a night: what a store of campaigns holds");
  ReportOptions& options = words.report;
  report->add_option("STORE", options.store, "A store of racewalk campaign")->required();
  report->add_option("--campaign", options.campaign,
                     "Tell this one, by its name or the beginning of it; default: the newest");
  report->add_option("--against", options.against,
                     "Status 1 for what is worse than in this store's newest campaign, or of the "
                     "same store than in the one before, and for nothing else");
  report->add_option("--rate-drop", words.rate_drop,
                     "With --against: the share of a rate that may be lost; default 0.3");
  report->add_option("--html", options.html, "Write a page to this file, which must not exist");
  report->add_option("--junit", options.junit,
                     "Write JUnit XML to this file, which must not exist");
  report->add_option("--sarif", options.sarif,
                     "Write SARIF 2.1.0 to this file, which must not exist");
  report->add_flag("--json", options.json, "One JSON object on standard output");
  report->footer(
      "Examples: racewalk report build/nights.store\n"
      "          racewalk report build/nights.store --html=night.html --junit=night.xml "
      "--sarif=night.sarif\n"
      "          racewalk report build/nights.store --against=yesterday.store --rate-drop=0.2\n"
      "          racewalk report build/nights.store --against=build/nights.store");
}

void AddStress(CLI::App& app, Words& words) {
  CLI::App* stress =
      app.add_subcommand("stress", "Run scenarios on real threads, with tables of full size");
  StressOptions& options = words.stress;
  stress->add_option("SCENARIO", options.scenarios,
                     "Names, files or one-line text; the whole library if left out");
  stress->add_option("--mmu", words.mmu,
                     "tdp, stage2 or any; default: all that the scenario is for");
  stress
      ->add_option("--variant", words.variants,
                   "Variant, '+' combines, ',' separates; default: the scenario's")
      ->allow_extra_args(false);
  stress->add_option("--seconds", words.seconds,
                     "Of rounds; default 10, or without a limit if --rounds is given. Up to four "
                     "findings are then explored for 10 s each");
  stress->add_option("--rounds", words.rounds, "At most so many for each row of the table");
  stress->add_option("--round", words.round, "Only the round of this number, again and again");
  stress->add_option("--threads", words.threads,
                     "1 to 5 threads of a round, at least: further ones do what the vCPUs do");
  stress->add_option("--seed", words.seed,
                     "Decimal or 0x...; fixes all but the schedule; default: a fresh one, printed");
  stress->add_option(
      "--noise", words.noise,
      "none, yield:P or delay:P: pauses at P of 1000 atomic accesses and points; default: each "
      "round draws its own");
  stress->add_option("--weaken", words.weaken, "Protocol points to weaken: POINT[,POINT...]")
      ->allow_extra_args(false);
  stress->add_option("--bug", options.bug, "Bring a historical bug back, by short or long name");
  stress->add_option("--out", options.out,
                     "Folder for the scenarios of rounds that failed; existing files are kept");
  stress->add_option("--explorer", options.explorer,
                     "The racewalk that looks for what was found with schedules of its own, or "
                     "none; default: this one, else the release build's");
  stress->add_option("--stuck-seconds", words.stuck_seconds,
                     "A round that takes longer is a deadlock or a livelock; default 30");
  stress->add_option("--events", words.events, "on or off: what each thread did last; default on");
  stress->add_flag("--json", options.json, "One JSON object on standard output");
  stress->footer(
      "Examples: racewalk stress\n"
      "          racewalk stress fault_vs_collapse --mmu=tdp --seconds=60 --noise=delay:50\n"
      "          racewalk stress fault_vs_unmap --weaken=walk_follow --out=found\n"
      "          build/tsan/bin/racewalk stress --seconds=600 --seed=7");
}

void AddFuzz(CLI::App& app, Words& words) {
  CLI::App* fuzz = app.add_subcommand(
      "fuzz", "Invent scenarios, and keep those that show interleavings not seen before");
  FuzzOptions& options = words.fuzz;
  fuzz->add_option("--mmu", words.mmu, "tdp, stage2 or any; default any");
  fuzz->add_option("--variant", words.variants,
                   "Only these, '+' combines, ',' separates; default: any")
      ->allow_extra_args(false);
  fuzz->add_option("--seconds", words.seconds,
                   "Of fuzzing; default 60, or without a limit if --executions is given. What it "
                   "starts from is run before");
  fuzz->add_option("--executions", words.executions, "Of fuzzing, at most; 100 of each input");
  fuzz->add_option("--seed", words.seed, "Decimal or 0x...; default: a fresh one, printed");
  fuzz->add_option("--jobs", words.jobs,
                   "Worker processes, which change no result; default: one per core");
  fuzz->add_option("--corpus", options.corpus,
                   "Folder of inputs (*.scn): read, and added to; the same one goes on where it "
                   "was");
  fuzz->add_option("--start", options.start,
                   "library or nothing; default: the files of the corpus, or if it has none the "
                   "library");
  fuzz->add_option("--weaken", words.weaken, "Protocol points to weaken: POINT[,POINT...]")
      ->allow_extra_args(false);
  fuzz->add_option("--bug", options.bug, "Bring a historical bug back, by short or long name");
  fuzz->add_option("--out", options.out,
                   "Folder for the inputs and traces of violations, and for inputs that a worker "
                   "died of; existing files are kept");
  fuzz->add_option("--shrink-seconds", words.shrink_seconds,
                   "For making what was found smaller, in total; default 10, 0 turns it off");
  fuzz->add_flag("--minimize", options.minimize,
                 "Only make the corpus smaller: as few and small inputs as show the same; files "
                 "that people wrote stay");
  fuzz->add_option("--files", words.files,
                   "With --minimize: keep at most so many of the fuzzer's, those that show most");
  fuzz->add_flag("--random", options.random,
                 "Every input anew, whatever was seen before: for comparison");
  fuzz->add_flag("--against-library", options.against_library,
                 "Which pairs does the corpus show that no scenario of the library does? Takes "
                 "about a minute more");
  fuzz->add_flag("--json", options.json, "One JSON object on standard output");
  fuzz->footer(
      "Examples: racewalk fuzz --seconds=600 --corpus=corpus --out=found\n"
      "          racewalk fuzz --corpus=corpus --minimize\n"
      "          racewalk fuzz --bug=X11 --start=nothing --seed=1");
}

void AddCampaign(CLI::App& app, Words& words) {
  CLI::App* campaign = app.add_subcommand(
      "campaign", "Explore, weaken points and run real threads for hours, into a store");
  CampaignOptions& options = words.campaign;
  campaign->add_option("SCENARIO", options.scenarios,
                       "Names, files or one-line text; the whole library if left out");
  campaign->add_option("--store", options.store, "File that keeps what is done; made if needed")
      ->required();
  campaign->add_option("--hours", words.hours, "Of wall time, those before a --resume included");
  campaign->add_option("--chunks", words.chunks,
                       "In place of --hours: so many pieces of work, of all shards together");
  campaign->add_option("--seed", words.seed,
                       "Decimal or 0x...; default: a fresh one, printed, or the Slurm array's");
  campaign->add_option("--jobs", words.jobs, "Worker processes; default: one per core");
  campaign->add_flag("--resume", options.resume,
                     "Go on with the campaign of the store that is not done; if there is none, "
                     "begin one");
  campaign->add_option("--shard", options.shard,
                       "i/n: part i, from 0, of n; default: as Slurm, Kubernetes, Bazel or "
                       "GoogleTest's sharding variables say");
  campaign->add_option("--shard-count", words.shard_count,
                       "n, where JOB_COMPLETION_INDEX is all that Kubernetes says");
  campaign
      ->add_option("--engines", words.engines,
                   "Of explore, mutants, fuzz, stress; default: all that fit: no mutants of named "
                   "scenarios or points, no fuzz of named scenarios")
      ->allow_extra_args(false);
  campaign->add_option("--weights", options.weights,
                       "Chunks of each: explore:4,mutants:3,stress:1; default: by what earlier "
                       "campaigns of the store found");
  campaign->add_option("--mmu", words.mmu, "tdp, stage2 or any; default: all");
  campaign
      ->add_option("--variant", words.variants,
                   "Variant, '+' combines, ',' separates; default: the scenario's")
      ->allow_extra_args(false);
  campaign
      ->add_option("--strategy", words.strategies,
                   "How to explore, repeatable; default: random, pct:3 and pos")
      ->allow_extra_args(false);
  campaign->add_option("--weaken", words.weaken, "Protocol points to weaken: POINT[,POINT...]")
      ->allow_extra_args(false);
  campaign->add_option("--memory-mib", words.memory_mib,
                       "A worker that uses more is ended; default 1024");
  campaign->add_option("--tree", options.tree,
                       "Source tree with scenarios/library/kills.tsv, the known kills; default .");
  campaign->add_flag("--json", options.json, "One JSON object on standard output");
  campaign->footer(
      "Examples: racewalk campaign --store=night.store --hours=8\n"
      "          racewalk campaign --store=night.store --hours=8 --resume   # after a power cut\n"
      "          racewalk campaign --store=part2.store --hours=8 --seed=7 --shard=2/4\n"
      "          racewalk campaign fault_vs_unmap --engines=explore --store=x.store --chunks=500");
}

void AddMerge(CLI::App& app, Words& words) {
  CLI::App* merge = app.add_subcommand("merge", "Join the stores of campaigns, in any order");
  merge->add_option("OUT", words.merge.out, "Store that the others are added to; made if needed")
      ->required();
  merge->add_option("IN", words.merge.ins, "Stores to add; they are not changed")->required();
  merge->add_flag("--json", words.merge.json, "One JSON object on standard output");
  merge->footer("Example: racewalk merge night.store part0.store part1.store part2.store");
}

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> FlagNames(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back(absl::StrCat("--", name));
  }
  return names;
}

absl::Status UnknownWord(const CLI::App& command, absl::string_view word) {
  if (!absl::StartsWith(word, "-")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "unexpected argument ", Quoted(word), "; see racewalk ", command.get_name(), " --help"));
  }
  const absl::string_view flag = word.substr(0, word.find('='));
  return absl::InvalidArgumentError(
      absl::StrCat("unknown flag ", Quoted(flag), DidYouMean(flag, FlagNames(command)),
                   " (see racewalk ", command.get_name(), " --help)"));
}

// What CLI11 found wrong, in our words where it leaves us a choice.
absl::Status ToStatus(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<const CLI::App*> chosen = [&] {
    std::vector<const CLI::App*> commands;
    for (const CLI::App* command : app.get_subcommands()) commands.push_back(command);
    return commands;
  }();
  if (chosen.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(error.what(), "; see racewalk --help"));
  }
  const CLI::App& command = *chosen.back();
  // An unknown flag first: what else is wrong may follow from it.
  for (const std::string& word : command.remaining()) {
    if (absl::StartsWith(word, "-")) return UnknownWord(command, word);
  }
  for (const std::string& word : command.remaining()) return UnknownWord(command, word);
  const std::string what =
      absl::StrReplaceAll(error.what(), {{"1 required TEXT missing", "expected a value"}});
  return absl::InvalidArgumentError(
      absl::StrCat(what, "; see racewalk ", command.get_name(), " --help"));
}

// An empty value is a variable that a script forgot to set: taken as "not
// given" it would turn a check of a bug into a check of nothing.
absl::Status CheckNotEmpty(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument.empty()) {
      return absl::InvalidArgumentError("expected a SCENARIO, TOKEN or value, not an empty one");
    }
    if (!absl::StartsWith(argument, "--") || argument.back() != '=') continue;
    return absl::InvalidArgumentError(
        absl::StrCat(argument.substr(0, argument.size() - 1), ": expected a value after '='"));
  }
  return absl::OkStatus();
}

// Every command that a build may have; messages name those that this one lacks.
constexpr std::array<absl::string_view, 10> kAllCommands = {
    "list",   "check", "replay",   "shrink", "mutants",
    "stress", "fuzz",  "campaign", "merge",  "report"};

// The first argument names the command; CLI11 would only say that one is missing.
absl::Status CheckCommand(const CLI::App& app, const std::vector<std::string>& arguments) {
  const std::vector<std::string> names = CommandNames(app);
  const std::string example = names.size() == 1 ? names.front() : "check";
  if (arguments.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected a command: ", absl::StrJoin(names, ", "), "; for example racewalk ", example));
  }
  const std::string& first = arguments.front();
  if (absl::StartsWith(first, "-")) {
    const std::vector<std::string> flags = FlagNames(app);
    if (first == "-h" || std::find(flags.begin(), flags.end(), first) != flags.end()) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        absl::StrCat("unknown flag ", Quoted(first), DidYouMean(first, flags),
                     " (the command comes first: racewalk ", example, " ", first, ")"));
  }
  if (std::find(names.begin(), names.end(), first) != names.end()) return absl::OkStatus();
  if (std::find(kAllCommands.begin(), kAllCommands.end(), first) != kAllCommands.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("this build is instrumented and has no command ", first,
                     "; use the release build's, build/release/bin/racewalk ", first));
  }
  return absl::InvalidArgumentError(absl::StrCat("unknown command ", Quoted(first),
                                                 DidYouMean(first, names),
                                                 " (there are: ", absl::StrJoin(names, ", "), ")"));
}

}  // namespace

absl::StatusOr<Invocation> ParseCommandLine(const std::vector<std::string>& arguments,
                                            Commands commands) {
  Invocation invocation;
  invocation.command = "racewalk";
  for (const std::string& argument : arguments) {
    absl::StrAppend(&invocation.command, " ", ShellQuoted(argument));
  }
  Words words;
  try {
    CLI::App app("Finds, explains and reproduces the races of lock-free hypervisor page tables.",
                 "racewalk");
    bool version = false;
    app.add_flag("--version", version, "Print the version");
    if (commands == Commands::kAll) {
      app.footer("Example: racewalk check --seconds=10\nEvery command has --help.");
      AddList(app, words);
      AddCheck(app, words);
      AddReplay(app, words);
      AddShrink(app, words);
      AddMutants(app, words);
      AddFuzz(app, words);
      AddCampaign(app, words);
      AddMerge(app, words);
      AddReport(app, words);
    } else {
      app.footer("This build is instrumented; the release build has the other commands.");
    }
    AddStress(app, words);
    absl::Status status = CheckCommand(app, arguments);
    status.Update(CheckNotEmpty(arguments));
    if (!status.ok()) return status;
    try {
      // CLI11 takes them off the end.
      app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp&) {
      invocation.options = TextOptions{app.help()};
      return invocation;
    } catch (const CLI::ParseError& error) {
      return ToStatus(app, error);
    }
    if (version) {
      const absl::string_view revision = kRevision;
      invocation.options = TextOptions{
          absl::StrCat("racewalk ", kVersion, revision.empty() ? "" : " ", revision, "\n")};
    } else if (app.got_subcommand("stress")) {
      status = ReadStress(words);
      invocation.options = std::move(words.stress);
    } else if (app.got_subcommand("report")) {
      status = ReadReport(words);
      invocation.options = std::move(words.report);
    } else if (app.got_subcommand("list")) {
      status = ReadList(words);
      invocation.options = std::move(words.list);
    } else if (app.got_subcommand("check")) {
      status = ReadCheck(words);
      invocation.options = std::move(words.check);
    } else if (app.got_subcommand("shrink")) {
      status = ReadShrink(words);
      invocation.options = std::move(words.shrink);
    } else if (app.got_subcommand("fuzz")) {
      status = ReadFuzz(words);
      invocation.options = std::move(words.fuzz);
    } else if (app.got_subcommand("mutants")) {
      status = ReadMutants(words);
      invocation.options = std::move(words.mutants);
    } else if (app.got_subcommand("campaign")) {
      status = ReadCampaign(words);
      invocation.options = std::move(words.campaign);
    } else if (app.got_subcommand("merge")) {
      invocation.options = std::move(words.merge);
    } else {
      status = ReadReplay(words);
      invocation.options = std::move(words.replay);
    }
    if (!status.ok()) return status;
  } catch (const CLI::Error& error) {
    return absl::InternalError(absl::StrCat("the command line's description: ", error.what()));
  }
  return invocation;
}

}  // namespace racewalk
