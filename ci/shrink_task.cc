#include "ci/shrink_task.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/chunk.h"
#include "ci/record_twice.h"
#include "ci/wire.h"
#include "scenarios/explore/path_strategy.h"
#include "scenarios/parser.h"

namespace racewalk {
namespace {

// Of one task: so that a process lives for more than one of them.
constexpr int kFailuresPerTask = kFailuresPerProcess / 2;
// What it takes to tidy a schedule that was found by chance.
constexpr uint64_t kTidyExecutions = 400;

void WriteRota(const Rota& rota, WireWriter& writer) {
  std::vector<uint64_t> turns;
  for (const Turn& turn : rota.turns) {
    turns.push_back(turn.thread);
    turns.push_back(turn.steps);
  }
  writer.Numbers(turns);
  for (const std::vector<uint32_t>& choices : rota.choices) {
    writer.Numbers({choices.begin(), choices.end()});
  }
}

Rota ReadRota(WireReader& reader) {
  Rota rota;
  const std::vector<uint64_t> turns = reader.Numbers();
  for (std::size_t i = 0; i + 1 < turns.size(); i += 2) {
    rota.turns.push_back({static_cast<uint32_t>(turns[i]), static_cast<uint32_t>(turns[i + 1])});
  }
  for (std::vector<uint32_t>& choices : rota.choices) {
    for (uint64_t choice : reader.Numbers()) choices.push_back(static_cast<uint32_t>(choice));
  }
  return rota;
}

void WriteWitness(const Witness& witness, WireWriter& writer) {
  WriteRota(witness.rota, writer);
  writer.Number(witness.cost.preemptions);
  writer.Number(witness.cost.unusual);
  writer.Number(witness.cost.steps);
}

Witness ReadWitness(WireReader& reader) {
  Witness witness;
  witness.rota = ReadRota(reader);
  witness.cost.preemptions = reader.Number();
  witness.cost.unusual = reader.Number();
  witness.cost.steps = reader.Number();
  return witness;
}

}  // namespace

std::string FormatShrinkRequest(const ShrinkRequest& request) {
  WireWriter writer;
  writer.Number(static_cast<uint64_t>(request.kind));
  writer.Text(request.scenario);
  writer.Number(static_cast<uint64_t>(request.goal.kind));
  writer.Text(request.goal.invariant);
  WriteWitness(request.witness, writer);
  writer.Number(request.executions);
  writer.Number(request.seed);
  writer.Number(request.bound);
  return writer.Take();
}

absl::StatusOr<ShrinkRequest> ParseShrinkRequest(absl::string_view message) {
  WireReader reader(message);
  ShrinkRequest request;
  request.kind = static_cast<ShrinkRequest::Kind>(reader.Number());
  request.scenario = reader.Text();
  request.goal.kind = static_cast<ViolationKind>(reader.Number());
  request.goal.invariant = reader.Text();
  request.witness = ReadWitness(reader);
  request.executions = reader.Number();
  request.seed = reader.Number();
  request.bound = reader.Number();
  if (!reader.Complete()) return absl::InternalError("a worker was sent a damaged request");
  return request;
}

std::string FormatShrinkAnswer(const ShrinkAnswer& answer) {
  WireWriter writer;
  writer.Number(static_cast<uint64_t>(answer.status.code()));
  const auto message = answer.status.message();
  writer.Text(absl::string_view(message.data(), message.size()));
  writer.Number(answer.witness.has_value() ? 1 : 0);
  if (answer.witness) WriteWitness(*answer.witness, writer);
  writer.Number(answer.finding.has_value() ? 1 : 0);
  if (answer.finding) WriteFinding(*answer.finding, writer);
  writer.Number(answer.executions);
  writer.Number(answer.retire ? 1 : 0);
  return writer.Take();
}

absl::StatusOr<ShrinkAnswer> ParseShrinkAnswer(absl::string_view message) {
  WireReader reader(message);
  ShrinkAnswer answer;
  const uint64_t code = reader.Number();
  const std::string text = reader.Text();
  if (code != 0) answer.status = absl::Status(static_cast<absl::StatusCode>(code), text);
  if (reader.Number() != 0) answer.witness = ReadWitness(reader);
  if (reader.Number() != 0) answer.finding = ReadFinding(reader);
  answer.executions = reader.Number();
  answer.retire = reader.Number() != 0;
  if (!reader.Complete()) return absl::InternalError("a worker sent a damaged answer");
  return answer;
}

absl::Status ShrinkWorker::Original(ShrinkAnswer& answer) {
  absl::StatusOr<std::unique_ptr<Strategy>> strategy = StrategyOf(original_);
  if (!strategy.ok()) return strategy.status();
  absl::StatusOr<std::unique_ptr<Explorer>> explorer = factory_(original_.target.subject);
  if (!explorer.ok()) return explorer.status();
  RotaRecorder recorder(**strategy);
  absl::StatusOr<Recording> recording = RecordTwice(**explorer, recorder, original_.key, true);
  if (!recording.ok()) return recording.status();
  absl::Status status = CheckFits(original_, *recording);
  if (!status.ok()) return status;
  answer.witness = Witness{recorder.rota(), recorder.cost()};
  if (recording->violation.kind == ViolationKind::kNone) return absl::OkStatus();
  answer.finding = MakeFinding(**explorer, original_.target, original_.strategy, original_.key,
                               *recording, style_);
  return absl::OkStatus();
}

absl::Status ShrinkWorker::Search(const ShrinkRequest& request, Explorer& explorer,
                                  ShrinkAnswer& answer) {
  // Of the edits of a rota many fail without being any simpler.
  const bool edits = request.kind == ShrinkRequest::Kind::kSimplify;
  const int failures = edits ? kFailuresPerProcess : kFailuresPerTask;
  SearchBudget budget{.executions = request.executions, .failures = failures};
  SearchBudget tidy{.executions = kTidyExecutions, .failures = kFailuresPerTask};
  const ShrinkGoal& goal = request.goal;
  const RotaCost& cost = request.witness.cost;
  switch (request.kind) {
    case ShrinkRequest::Kind::kCandidate:
      answer.witness = Follow(explorer, goal, request.witness.rota, budget);
      if (!answer.witness) {
        answer.witness = FindAgain(explorer, goal, request.seed, cost.steps, std::nullopt, budget);
        // What comes next follows it too, the better the plainer it is.
        if (answer.witness) answer.witness = Simplify(explorer, goal, *answer.witness, tidy);
      }
      break;
    case ShrinkRequest::Kind::kSimplify:
      answer.witness = Simplify(explorer, goal, request.witness, budget);
      break;
    case ShrinkRequest::Kind::kBounded:
      answer.witness = FindBounded(explorer, goal, static_cast<uint32_t>(request.bound),
                                   request.witness.rota.choices, budget);
      break;
    default:
      answer.witness = FindAgain(explorer, goal, request.seed, cost.steps, cost, budget);
      break;
  }
  answer.executions = request.executions - budget.executions + kTidyExecutions - tidy.executions;
  failures_ += failures - budget.failures + kFailuresPerTask - tidy.failures;
  return absl::OkStatus();
}

absl::Status ShrinkWorker::Tell(const ShrinkRequest& request, const Target& target,
                                Explorer& explorer, ShrinkAnswer& answer) {
  RotaStrategy rota(request.witness.rota);
  RotaRecorder recorder(rota);
  const Batch batch = explorer.Run(recorder, 0, 0, 1, nullptr);
  if (!batch.violated || !request.goal.MetBy(batch.violation)) {
    return absl::InternalError("the shrunk execution could not be repeated");
  }
  const std::vector<PathStep> path = recorder.Path();
  if (FormatPath(path).size() > kMaxPathBytes) {
    return absl::InternalError("the shrunk execution is too long for a token");
  }
  PathStrategy strategy(path);
  absl::StatusOr<Recording> recording = RecordTwice(explorer, strategy, 0, true);
  if (!recording.ok()) return recording.status();
  if (recording->divergence || !request.goal.MetBy(recording->violation)) {
    return absl::InternalError("the shrunk execution came out differently from its decisions");
  }
  answer.witness = Witness{recorder.rota(), recorder.cost()};
  answer.finding = MakeFinding(explorer, target, strategy.spec(), 0, *recording, style_);
  return absl::OkStatus();
}

absl::Status ShrinkWorker::RunIn(const ShrinkRequest& request, ShrinkAnswer& answer) {
  if (request.kind == ShrinkRequest::Kind::kOriginal) return Original(answer);
  absl::StatusOr<Scenario> scenario = ParseScenario(request.scenario, "");
  if (!scenario.ok()) return scenario.status();
  Target target = original_.target;
  target.subject.scenario = *std::move(scenario);
  absl::StatusOr<std::unique_ptr<Explorer>> explorer = factory_(target.subject);
  if (!explorer.ok()) return explorer.status();
  if (request.kind == ShrinkRequest::Kind::kTell) return Tell(request, target, **explorer, answer);
  return Search(request, **explorer, answer);
}

ShrinkAnswer ShrinkWorker::Run(const ShrinkRequest& request) {
  ShrinkAnswer answer;
  ++explorers_;
  // A recording of a violation fails two times, and once more before it.
  if (request.kind == ShrinkRequest::Kind::kTell) failures_ += 3;
  answer.status = RunIn(request, answer);
  answer.retire =
      failures_ >= kFailuresPerProcess || explorers_ >= ChunkRunner::kExplorersPerProcess;
  return answer;
}

std::string ShrinkWorker::Handle(absl::string_view message) {
  const absl::StatusOr<ShrinkRequest> request = ParseShrinkRequest(message);
  ShrinkAnswer answer;
  answer.status = request.status();
  if (request.ok()) answer = Run(*request);
  return FormatShrinkAnswer(answer);
}

}  // namespace racewalk
