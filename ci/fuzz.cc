#include "ci/fuzz.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "ci/corpus_folder.h"
#include "ci/escape.h"
#include "ci/fresh_seed.h"
#include "ci/fuzz_plan.h"
#include "ci/fuzz_report.h"
#include "ci/fuzz_run.h"
#include "ci/interrupt.h"
#include "ci/json_output.h"
#include "ci/out_folder.h"
#include "ci/output_path.h"
#include "ci/progress.h"
#include "ci/seconds.h"
#include "ci/shrink_report.h"
#include "ci/tell_found.h"
#include "ci/trace_folder.h"
#include "ci/version.h"
#include "ci/worker_pool.h"
#include "fuzz/coverage.h"
#include "fuzz/input.h"
#include "scenarios/files.h"
#include "scenarios/hash.h"

namespace racewalk {
namespace {

// Of each row of the library and each of two strategies, for --against-library.
constexpr uint64_t kLibraryExecutions = 2500;

class Fuzz {
 public:
  Fuzz(const FuzzOptions& options, const FuzzWorld& world, const Console& console)
      : options_(options), world_(world), console_(console), progress_(console) {}

  ExitStatus Run(const std::string& command) {
    absl::Status status = Prepare();
    if (!status.ok()) {
      Error(status.message());
      return kExitBadInput;
    }
    report_.command = command;
    report_.parameters = Parameters();
    Print(absl::StrCat(report_.parameters, "\n"));
    if (plan_.bug != nullptr) Print(BugText(*plan_.bug));
    status = options_.minimize ? Minimize() : FuzzOn();
    progress_.Clear();
    if (!status.ok()) {
      Error(status.message());
      return absl::IsAlreadyExists(status) ? kExitBadInput : kExitInternalError;
    }
    ShrinkFound();
    for (const std::string& error : report_.result.internal_errors) {
      Error(absl::StrCat("internal error: ", error));
    }
    console_.out(options_.json ? FuzzJson(report_) : FormatFuzzSummary(report_));
    return ExitStatusOf(report_);
  }

 private:
  absl::Status Prepare() {
    absl::StatusOr<FuzzPlan> plan = MakeFuzzPlan(options_);
    if (!plan.ok()) return plan.status();
    plan_ = *std::move(plan);
    absl::Status status = CheckOutputFolder("--corpus", options_.corpus);
    status.Update(CheckOutputFolder("--out", options_.out));
    status.Update(MakeOutputFolder("--corpus", options_.corpus));
    status.Update(MakeOutputFolder("--out", options_.out));
    if (!status.ok()) return status;
    if (!options_.corpus.empty() && !plan_.weakened) RemoveStaleTemporaries(options_.corpus);
    report_.seed = options_.seed ? *options_.seed : FreshSeed();
    report_.weaken = options_.weaken;
    report_.bug = plan_.bug == nullptr ? "" : plan_.bug->name;
    report_.corpus = options_.corpus;
    report_.files = plan_.files.size();
    report_.minimized = options_.minimize;
    run_.jobs = options_.jobs > 0 ? options_.jobs : Cores();
    run_.seed = report_.seed;
    run_.executions = options_.executions;
    if (options_.files) run_.most = *options_.files;
    run_.task_limit = std::chrono::seconds(world_.task_seconds);
    if (plan_.seconds) run_.budget = Seconds(*plan_.seconds);
    context_.settings = plan_.settings;
    context_.weaken = options_.weaken;
    context_.bug = report_.bug;
    context_.factory = world_.factory;
    context_.run = world_.run;
    context_.style = console_.style;
    context_.pages = !options_.out.empty();
    return absl::OkStatus();
  }

  std::string Parameters() const {
    const absl::string_view revision = kRevision;
    std::string text = absl::StrCat("racewalk ", kVersion, revision.empty() ? "" : " ", revision,
                                    " fuzz: seed=", report_.seed, " jobs=", run_.jobs);
    if (plan_.seconds) absl::StrAppend(&text, " seconds=", *plan_.seconds);
    if (options_.executions) absl::StrAppend(&text, " executions=", *options_.executions);
    absl::StrAppend(&text, " start=", plan_.start_name, " inputs=", plan_.start.size());
    if (!options_.mmu.empty()) absl::StrAppend(&text, " mmu=", options_.mmu);
    if (!options_.variants.empty()) {
      absl::StrAppend(&text, " variant=", absl::StrJoin(options_.variants, ","));
    }
    if (!options_.weaken.empty()) {
      absl::StrAppend(&text, " weaken=", absl::StrJoin(options_.weaken, ","));
    }
    if (plan_.bug != nullptr) absl::StrAppend(&text, " bug=", plan_.bug->name);
    if (options_.minimize) absl::StrAppend(&text, " minimize");
    if (options_.files) absl::StrAppend(&text, " files=", *options_.files);
    if (options_.random) absl::StrAppend(&text, " random");
    if (options_.against_library) absl::StrAppend(&text, " against-library");
    return text;
  }

  FuzzHooks Hooks() {
    return {.interrupted = Interrupted,
            .progress = [this](const auto& now) { progress_.Show(ProgressText(now), now.seconds); },
            .kept = [this](const Input& input) { Kept(input); },
            .found = [this](const FoundInput& found) { Found(found); },
            .lost = [this](const LostInput& lost) { Lost(lost); }};
  }

  absl::Status FuzzOn() {
    absl::StatusOr<FuzzResult> result = RunFuzz(plan_.start, context_, run_, Hooks());
    if (!result.ok()) return result.status();
    report_.result = *std::move(result);
    const bool whole = !report_.result.interrupted && report_.result.internal_errors.empty();
    return options_.against_library && whole ? AgainstLibrary() : absl::OkStatus();
  }

  absl::Status Minimize() {
    absl::StatusOr<FuzzResult> result = MinimizeFuzz(plan_.start, context_, run_, Hooks());
    if (!result.ok()) return result.status();
    report_.result = *std::move(result);
    if (report_.result.corpus.entries().empty()) return absl::OkStatus();
    // First all that is to stay, so that nothing is lost whenever this process is killed.
    std::set<std::string> stay;
    for (const CorpusEntry& entry : report_.result.corpus.entries()) {
      absl::StatusOr<std::string> name = AddToCorpus(options_.corpus, entry.input);
      if (absl::IsAlreadyExists(name.status())) return name.status();
      if (!Wrote(name.status())) return absl::OkStatus();
      stay.insert(*std::move(name));
    }
    for (const CorpusFile& file : plan_.files) {
      if (stay.count(file.name) != 0) {
        --report_.added;
        continue;
      }
      const absl::StatusOr<bool> removed = RemoveFromCorpus(options_.corpus, file.name);
      if (!removed.ok()) return removed.status();
      ++(*removed ? report_.removed : report_.kept);
    }
    return absl::OkStatus();
  }

  // What the corpus shows beyond the library.
  absl::Status AgainstLibrary() {
    progress_.Clear();
    console_.err("running the library, to compare with\n");
    FuzzHooks hooks{.interrupted = Interrupted, .progress = [this](const auto& now) {
                      progress_.Show(ProgressText(now), now.seconds);
                    }};
    const absl::StatusOr<std::vector<FuzzStart>> rows = LibraryStart(options_, /*strategies=*/2);
    if (!rows.ok()) return rows.status();
    FuzzContext context = context_;
    context.settings.weakened.reset();
    context.settings.stop_at_violation = false;
    const absl::StatusOr<FuzzResult> library =
        MeasureFuzz(*rows, kLibraryExecutions, context, run_, hooks);
    if (!library.ok()) return library.status();
    report_.library_executions = kLibraryExecutions;
    report_.result.interrupted |= library->interrupted;
    const std::vector<std::string>& errors = library->internal_errors;
    report_.result.internal_errors.insert(report_.result.internal_errors.end(), errors.begin(),
                                          errors.end());
    if (!library->interrupted && errors.empty()) {
      report_.beyond = PairsBeyond(report_.result.corpus, library->features);
    }
    return absl::OkStatus();
  }

  void Kept(const Input& input) {
    // What a weakened core shows means nothing for the correct one.
    if (options_.corpus.empty() || report_.write_failed || plan_.weakened) return;
    Wrote(AddToCorpus(options_.corpus, input).status());
  }

  // False if an input could not be written, which is told once.
  bool Wrote(const absl::Status& status) {
    if (status.ok()) {
      ++report_.added;
      return true;
    }
    WriteFailed(status, "no more inputs are written to the corpus");
    return false;
  }

  void WriteFailed(const absl::Status& status, absl::string_view consequence) {
    progress_.Clear();
    report_.write_failed = true;
    const auto message = status.message();
    Error(absl::StrCat(absl::string_view(message.data(), message.size()), "; ", consequence,
                       ", what is found is printed"));
  }

  void Found(const FoundInput& found) {
    progress_.Clear();
    const Finding& finding = found.finding;
    std::string path;
    std::string files;
    if (!options_.out.empty() && !out_failed_) {
      const std::string text = absl::StrCat(
          "# ", Name(finding.kind), finding.invariant.empty() ? "" : " ", finding.invariant,
          ", found by racewalk fuzz\n# ", ReplayCommand(finding.token), "\n", found.input);
      std::vector<FileOfAName> all = {{".trace", finding.trace}, {".scn", text}};
      if (!finding.page.empty()) all.push_back({".html", finding.page});
      const std::string stem = Save(
          absl::StrCat(FileStem(finding.scenario), "-", finding.mmu, "-", Name(finding.kind)), all);
      if (!stem.empty()) {
        path = stem + ".trace";
        files = absl::StrCat("  input: ", stem, ".scn\n  trace: ", path, "\n");
      }
    }
    Print(FullText(finding, UnexpectedKind(plan_.bug, finding), files));
    report_.paths.push_back(std::move(path));
  }

  void Lost(const LostInput& lost) {
    progress_.Clear();
    std::string path;
    if (!options_.out.empty() && !out_failed_ && !lost.input.empty()) {
      const std::string text = absl::StrCat("# ", lost.how, "\n", lost.input);
      const std::string stem = Save("lost", {{".scn", text}});
      if (!stem.empty()) path = stem + ".scn";
    }
    Error(absl::StrCat(
        "internal error: ", lost.how,
        path.empty() ? "; the input was\n" + lost.input : absl::StrCat("; the input is ", path)));
    report_.lost_files.push_back(std::move(path));
  }

  // Returns the path without extension; "" if it cannot be written, which is told once.
  std::string Save(const std::string& stem, const std::vector<FileOfAName>& files) {
    absl::StatusOr<std::string> path = SaveTogether(options_.out, stem, files, "files");
    if (path.ok()) return *std::move(path);
    out_failed_ = true;
    WriteFailed(path.status(), "nothing more is written to --out");
    return "";
  }

  void ShrinkFound() {
    FuzzResult& result = report_.result;
    report_.shrunk.resize(result.found.size());
    // A harness that is wrong would shrink something else.
    if (!result.internal_errors.empty() || result.interrupted) return;
    std::vector<Finding> findings;
    for (const FoundInput& found : result.found) findings.push_back(found.finding);
    racewalk::ShrunkFound shrunk = ShrinkFindings(
        findings, {.jobs = run_.jobs, .seed = report_.seed, .seconds = options_.shrink_seconds},
        world_.factory, console_,
        [this](std::size_t index, const ShrinkResult& smaller) { Shrunk(index, smaller); });
    report_.shrunk = std::move(shrunk.shrunk);
    result.interrupted |= shrunk.interrupted;
    if (!shrunk.internal_error.empty()) {
      result.internal_errors.push_back(std::move(shrunk.internal_error));
    }
  }

  void Shrunk(std::size_t index, const ShrinkResult& smaller) {
    std::string text = absl::StrCat("\n", ShrunkText(smaller));
    const FoundInput& found = report_.result.found[index];
    // So that it is an input too. What was shrunk ends as a path, which draws nothing from a seed.
    const absl::StatusOr<Input> input = ParseInput(found.input, "what was found");
    const std::string scenario = smaller.scenario + (input.ok() ? RunLine(*input) : "");
    if (!options_.out.empty() && !out_failed_) {
      const absl::StatusOr<ShrunkFiles> files =
          SaveShrunk(options_.out, found.finding.scenario, scenario, smaller.finding);
      if (files.ok()) {
        absl::StrAppend(&text, "  scenario: ", files->scenario, "\n  trace: ", files->trace, "\n");
      } else {
        out_failed_ = true;
        WriteFailed(files.status(), "nothing more is written to --out");
      }
    }
    Print(text);
  }

  void Print(absl::string_view text) {
    if (!options_.json) console_.out(text);
  }

  void Error(absl::string_view message) {
    report_.errors.emplace_back(message);
    console_.err(absl::StrCat("racewalk fuzz: ", message, "\n"));
  }

  const FuzzOptions& options_;
  const FuzzWorld& world_;
  const Console& console_;
  Progress progress_;
  FuzzPlan plan_{};
  FuzzContext context_{};
  FuzzRunOptions run_{};
  FuzzReport report_{};
  bool out_failed_ = false;
};

}  // namespace

ExitStatus RunFuzzCommand(const FuzzOptions& options, const std::string& command,
                          const FuzzWorld& world, const Console& console) {
  return Fuzz(options, world, console).Run(command);
}

}  // namespace racewalk
