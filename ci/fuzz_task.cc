#include "ci/fuzz_task.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <source_location>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/record_twice.h"
#include "ci/target.h"
#include "ci/wire.h"
#include "fuzz/input.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/hash.h"

namespace racewalk {
namespace {

// Telling a violation takes as long as a hundred inputs; a task tells of so many classes.
constexpr std::size_t kMostTold = 8;

std::vector<uint64_t> Widen(const std::vector<Feature>& features) {
  return {features.begin(), features.end()};
}

std::vector<Feature> ReadFeatures(WireReader& reader) {
  std::vector<Feature> features;
  for (const uint64_t number : reader.Numbers()) features.push_back(static_cast<Feature>(number));
  return features;
}

void WriteEntries(const std::vector<CorpusEntry>& entries, WireWriter& writer) {
  writer.Number(entries.size());
  for (const CorpusEntry& entry : entries) {
    writer.Text(PrintInput(entry.input));
    writer.Numbers(Widen(entry.features));
  }
}

absl::Status ReadEntries(WireReader& reader, std::vector<CorpusEntry>& entries) {
  for (uint64_t left = reader.Number(); left != 0 && reader.ok(); --left) {
    absl::StatusOr<Input> input = ParseInput(reader.Text(), "an input between processes");
    if (!input.ok()) return absl::InternalError(absl::string_view(input.status().message()));
    std::vector<Feature> features = ReadFeatures(reader);
    entries.push_back({.input = *std::move(input), .features = std::move(features)});
  }
  return absl::OkStatus();
}

}  // namespace

std::string FormatFuzzRequest(const FuzzRequest& request) {
  WireWriter writer;
  const FuzzTurn& turn = request.turn;
  writer.Numbers({static_cast<uint64_t>(request.kind), request.worker, request.executions,
                  request.corpus, turn.seed, turn.number, turn.inputs, turn.executions,
                  request.tries});
  writer.Numbers(Widen(request.wanted));
  WriteEntries(request.entries, writer);
  return writer.Take();
}

absl::StatusOr<FuzzRequest> ParseFuzzRequest(absl::string_view message) {
  WireReader reader(message);
  FuzzRequest request;
  const std::vector<uint64_t> numbers = reader.Numbers();
  if (numbers.size() != 9) return absl::InternalError("a worker was sent a damaged request");
  request.kind = static_cast<FuzzRequest::Kind>(numbers[0]);
  request.worker = numbers[1];
  request.executions = numbers[2];
  request.corpus = numbers[3];
  request.turn = {
      .seed = numbers[4], .number = numbers[5], .inputs = numbers[6], .executions = numbers[7]};
  request.tries = numbers[8];
  request.wanted = ReadFeatures(reader);
  absl::Status status = ReadEntries(reader, request.entries);
  if (!status.ok()) return status;
  if (!reader.Complete()) return absl::InternalError("a worker was sent a damaged request");
  return request;
}

std::string FormatFuzzAnswer(const FuzzAnswer& answer) {
  WireWriter writer;
  writer.Text(absl::string_view(answer.status.message()));
  writer.Numbers({answer.status.ok() ? 0u : 1u, answer.violations, answer.inputs, answer.executions,
                  answer.steps, answer.retire ? 1u : 0u});
  writer.Numbers(Widen(answer.features));
  WriteEntries(answer.entries, writer);
  writer.Number(answer.findings.size());
  for (const FuzzFinding& finding : answer.findings) {
    WriteFinding(finding.finding, writer);
    writer.Text(finding.input);
    writer.Number(finding.execution);
  }
  return writer.Take();
}

absl::StatusOr<FuzzAnswer> ParseFuzzAnswer(absl::string_view message) {
  WireReader reader(message);
  FuzzAnswer answer;
  const std::string text = reader.Text();
  const std::vector<uint64_t> numbers = reader.Numbers();
  if (numbers.size() != 6) return absl::InternalError("a worker sent a damaged answer");
  if (numbers[0] != 0) answer.status = absl::InternalError(text);
  answer.violations = numbers[1];
  answer.inputs = numbers[2];
  answer.executions = numbers[3];
  answer.steps = numbers[4];
  answer.retire = numbers[5] != 0;
  answer.features = ReadFeatures(reader);
  absl::Status status = ReadEntries(reader, answer.entries);
  if (!status.ok()) return status;
  for (uint64_t left = reader.Number(); left != 0 && reader.ok(); --left) {
    FuzzFinding finding;
    finding.finding = ReadFinding(reader);
    finding.input = reader.Text();
    finding.execution = reader.Number();
    answer.findings.push_back(std::move(finding));
  }
  if (!reader.Complete()) return absl::InternalError("a worker sent a damaged answer");
  return answer;
}

void InputSlot::Set(absl::string_view text) {
  size_ = 0;
  const std::size_t size = std::min(text.size(), text_.size());
  std::copy_n(text.begin(), size, text_.begin());
  size_ = size;
}

std::string InputSlot::Text() const {
  return std::string(text_.data(), std::min(size_.load(), text_.size()));
}

InputResult FuzzWorker::RunInput(const Input& input, uint64_t executions, Coverage& coverage) {
  slot_->Set(PrintInput(input));
  InputResult result = context_.run ? context_.run(input, executions, coverage)
                                    : runner_.Run(input, executions, coverage);
  slot_->Clear();
  return result;
}

void FuzzWorker::Measure(const FuzzRequest& request, FuzzAnswer& answer) {
  std::vector<FuzzViolation> violations;
  for (const CorpusEntry& entry : request.entries) {
    Input input = entry.input;
    input.subject.weakened = context_.settings.weakened;
    Coverage coverage;
    const InputResult result = RunInput(input, request.executions, coverage);
    ++answer.inputs;
    answer.executions += result.executions;
    answer.steps += result.steps;
    if (!result.status.ok()) {
      answer.status = absl::InternalError(absl::StrCat(absl::string_view(result.status.message()),
                                                       "; the input is\n", PrintInput(input)));
      return;
    }
    answer.entries.push_back({.input = input});
    if (!result.violation) {
      answer.entries.back().features = coverage.Features();
      continue;
    }
    violations.push_back({.input = std::move(input),
                          .violation = *result.violation,
                          .execution = answer.executions});
    if (context_.settings.stop_at_violation) break;
  }
  Tell(violations, answer);
}

void FuzzWorker::Chunk(const FuzzRequest& request, FuzzAnswer& answer) {
  for (const CorpusEntry& entry : request.entries) corpus_.Add(entry);
  if (corpus_.entries().size() != request.corpus) {
    answer.status = absl::InternalError("a worker has another corpus than it should");
    return;
  }
  FuzzChunk chunk =
      RunFuzzChunk(corpus_, context_.settings, request.turn,
                   [this](const Input& input, uint64_t executions, Coverage& coverage) {
                     return RunInput(input, executions, coverage);
                   });
  answer.entries = std::move(chunk.kept);
  answer.features = std::move(chunk.features);
  answer.inputs = chunk.inputs;
  answer.executions = chunk.executions;
  answer.steps = chunk.steps;
  if (!chunk.unsound.empty()) {
    answer.status = absl::InternalError(absl::StrCat("an input cannot be run: ", chunk.unsound));
  }
  Tell(chunk.violations, answer);
}

void FuzzWorker::ReduceOne(const FuzzRequest& request, FuzzAnswer& answer) {
  CorpusEntry entry = request.entries.front();
  entry.input.subject.weakened = context_.settings.weakened;
  Reduced reduced = Reduce(std::move(entry), request.wanted, {.tries = request.tries},
                           [this](const Input& input, uint64_t executions, Coverage& coverage) {
                             return RunInput(input, executions, coverage);
                           });
  answer.inputs = reduced.tries;
  answer.executions = reduced.executions;
  answer.entries = {std::move(reduced.entry)};
  Tell(reduced.violations, answer);
}

absl::StatusOr<FuzzFinding> FuzzWorker::Explain(const FuzzViolation& violation) {
  Target target{.subject = violation.input.subject, .weaken = context_.weaken, .bug = context_.bug};
  // A name for tables and files; what it means stays the same.
  target.subject.scenario.name = absl::StrCat("fuzz_", ShortHash(target.subject.scenario));
  runner_.Close();
  absl::StatusOr<std::unique_ptr<Explorer>> explorer = context_.factory(target.subject);
  if (!explorer.ok()) return explorer.status();
  const InputViolation& found = violation.violation;
  absl::StatusOr<std::unique_ptr<Strategy>> strategy = MakeStrategy(found.strategy, {});
  if (!strategy.ok()) return strategy.status();
  absl::StatusOr<Recording> recording = RecordTwice(**explorer, **strategy, found.key, true);
  if (!recording.ok()) return recording.status();
  if (recording->violation.kind != found.violation.kind) {
    return absl::InternalError(absl::StrCat("an execution showed ", Name(found.violation.kind),
                                            " and when repeated ",
                                            Name(recording->violation.kind)));
  }
  Input named = violation.input;
  named.key = found.key;
  return FuzzFinding{.finding = MakeFinding(**explorer, target, (*strategy)->spec(), found.key,
                                            *recording, context_.style, context_.pages),
                     .input = PrintInput(named),
                     .execution = violation.execution};
}

void FuzzWorker::Tell(const std::vector<FuzzViolation>& violations, FuzzAnswer& answer) {
  answer.violations = violations.size();
  // Those that ClassOf would take for one, before they are told.
  using Place = std::tuple<std::string, uint32_t>;
  const auto place = [](const std::source_location& where) {
    return Place(where.file_name(), where.line());
  };
  std::set<std::tuple<ViolationKind, std::string, Place, Place>> seen;
  for (const FuzzViolation& violation : violations) {
    const Violation& what = violation.violation.violation;
    if (seen.size() == kMostTold) return;
    if (!seen.emplace(what.kind, what.invariant, place(what.where), place(what.other_where))
             .second) {
      continue;
    }
    slot_->Set(PrintInput(violation.input));
    absl::StatusOr<FuzzFinding> finding = Explain(violation);
    slot_->Clear();
    if (finding.ok()) {
      answer.findings.push_back(*std::move(finding));
    } else {
      answer.status =
          absl::InternalError(absl::StrCat(absl::string_view(finding.status().message()),
                                           "; the input is\n", PrintInput(violation.input)));
    }
  }
}

FuzzAnswer FuzzWorker::Run(const FuzzRequest& request) {
  if (!limited_ && context_.memory != 0) {
    const rlimit limit{.rlim_cur = context_.memory, .rlim_max = context_.memory};
    setrlimit(RLIMIT_AS, &limit);
  }
  limited_ = true;
  slot_ = &slots_[request.worker];
  FuzzAnswer answer;
  switch (request.kind) {
    case FuzzRequest::Kind::kMeasure:
      Measure(request, answer);
      break;
    case FuzzRequest::Kind::kChunk:
      Chunk(request, answer);
      break;
    case FuzzRequest::Kind::kReduce:
      ReduceOne(request, answer);
      break;
  }
  answer.retire = runner_.should_retire();
  return answer;
}

std::string FuzzWorker::Handle(absl::string_view message) {
  const absl::StatusOr<FuzzRequest> request = ParseFuzzRequest(message);
  FuzzAnswer answer;
  answer.status = request.status();
  if (request.ok()) answer = Run(*request);
  return FormatFuzzAnswer(answer);
}

}  // namespace racewalk
