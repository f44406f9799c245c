#include "ci/chunk.h"

#include <algorithm>
#include <bit>
#include <chrono>
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
#include "ci/record_twice.h"
#include "ci/wire.h"

namespace racewalk {

std::string FormatChunkRequest(const ChunkRequest& request) {
  WireWriter writer;
  writer.Number(request.unit);
  writer.Number(request.seed);
  writer.Number(request.first);
  writer.Number(request.count);
  writer.Text(request.from);
  return writer.Take();
}

absl::StatusOr<ChunkRequest> ParseChunkRequest(absl::string_view message) {
  WireReader reader(message);
  ChunkRequest request;
  request.unit = reader.Number();
  request.seed = reader.Number();
  request.first = reader.Number();
  request.count = reader.Number();
  request.from = reader.Text();
  if (!reader.Complete()) return absl::InternalError("a worker was sent a damaged request");
  return request;
}

std::string FormatChunkResult(const ChunkResult& result) {
  WireWriter writer;
  writer.Number(static_cast<uint64_t>(result.status.code()));
  const auto message = result.status.message();
  writer.Text(absl::string_view(message.data(), message.size()));
  writer.Number(result.executions);
  writer.Number(result.steps);
  writer.Number(result.choices);
  writer.Number(result.cut);
  writer.Number(result.nanoseconds);
  writer.Text(result.bound);
  writer.Numbers(result.interleavings);
  writer.Number(result.enumerated ? 1 : 0);
  writer.Text(result.next);
  writer.Text(result.claim);
  writer.Number(std::bit_cast<uint64_t>(result.done));
  writer.Number(result.finding.has_value() ? 1 : 0);
  if (result.finding) WriteFinding(*result.finding, writer);
  writer.Number(result.retire ? 1 : 0);
  return writer.Take();
}

absl::StatusOr<ChunkResult> ParseChunkResult(absl::string_view message) {
  WireReader reader(message);
  ChunkResult result;
  const uint64_t code = reader.Number();
  const std::string text = reader.Text();
  if (code != 0) result.status = absl::Status(static_cast<absl::StatusCode>(code), text);
  result.executions = reader.Number();
  result.steps = reader.Number();
  result.choices = reader.Number();
  result.cut = reader.Number();
  result.nanoseconds = reader.Number();
  result.bound = reader.Text();
  result.interleavings = reader.Numbers();
  result.enumerated = reader.Number() != 0;
  result.next = reader.Text();
  result.claim = reader.Text();
  result.done = std::bit_cast<double>(reader.Number());
  if (reader.Number() != 0) result.finding = ReadFinding(reader);
  result.retire = reader.Number() != 0;
  if (!reader.Complete()) return absl::InternalError("a worker sent a damaged result");
  return result;
}

absl::Status ChunkRunner::Open(std::size_t unit) {
  if (unit_ == unit) return absl::OkStatus();
  Close();
  if (unit >= units_->size()) return absl::InternalError(absl::StrCat("there is no unit ", unit));
  specs_.resize(units_->size());
  const Unit& asked = (*units_)[unit];
  absl::StatusOr<std::unique_ptr<Explorer>> explorer = factory_(asked.target.subject);
  if (!explorer.ok()) return explorer.status();
  explorer_ = *std::move(explorer);
  ++explorers_;
  const bool learned = !specs_[unit].empty();
  absl::StatusOr<std::unique_ptr<Strategy>> strategy =
      learned ? MakeStrategy(specs_[unit], {}) : MakeStrategy(asked.strategy, explorer_->Pilot());
  if (!strategy.ok()) return strategy.status();
  strategy_ = *std::move(strategy);
  specs_[unit] = strategy_->spec();
  unit_ = unit;
  return absl::OkStatus();
}

void ChunkRunner::Close() {
  unit_.reset();
  strategy_.reset();
  explorer_.reset();
}

absl::StatusOr<Recording> ChunkRunner::Repeat(Strategy& strategy, uint64_t key, uint64_t index,
                                              ViolationKind violation) {
  const bool events = violation != ViolationKind::kNone;
  absl::StatusOr<Recording> recording = RecordTwice(*explorer_, strategy, key, events);
  if (!recording.ok()) return recording.status();
  if (recording->divergence) {
    return absl::InternalError(absl::StrCat(
        "execution ", index, " could not be repeated: ", recording->divergence->message));
  }
  if (recording->violation.kind == violation) return recording;
  return absl::InternalError(absl::StrCat("execution ", index, " showed ", Name(violation),
                                          " and when repeated ", Name(recording->violation.kind)));
}

absl::Status ChunkRunner::Explain(const Batch& batch, Strategy& strategy, ChunkResult& result) {
  absl::StatusOr<Recording> recording =
      Repeat(strategy, batch.key, batch.index, batch.violation.kind);
  if (!recording.ok()) return recording.status();
  // Of a path no key is needed, and a token without one says so.
  const bool keyless = &strategy != strategy_.get();
  result.finding = MakeFinding(*explorer_, (*units_)[*unit_].target, strategy.spec(),
                               keyless ? 0 : batch.key, *recording, style_, pages_);
  return absl::OkStatus();
}

absl::Status ChunkRunner::Settle(Enumeration& enumeration, ChunkResult& result,
                                 std::unique_ptr<Strategy>& path) {
  const std::optional<Divergence> divergence = enumeration.divergence();
  if (divergence) {
    return absl::InternalError(
        absl::StrCat("an execution that was repeated came out differently: ", divergence->message));
  }
  result.enumerated = true;
  result.done = enumeration.done();
  if (enumeration.exhausted()) {
    result.claim = enumeration.claim();
  } else {
    result.next = enumeration.next();
  }
  absl::StatusOr<std::unique_ptr<Strategy>> last = MakeStrategy(enumeration.last(), {});
  if (!last.ok()) return absl::InternalError(last.status().message());
  path = *std::move(last);
  return absl::OkStatus();
}

void ChunkRunner::RunOpen(const ChunkRequest& request, ChunkResult& result) {
  Enumeration* const enumeration = strategy_->enumeration();
  if (enumeration != nullptr && !enumeration->GoTo(request.from.empty() ? "-" : request.from)) {
    result.status = absl::InternalError("a worker was sent a damaged path");
    return;
  }
  const Batch batch =
      explorer_->Run(*strategy_, request.seed, request.first, request.count, &result.interleavings);
  result.executions = batch.executions;
  result.steps = batch.steps;
  result.choices = batch.choices;
  result.cut = batch.cut;
  result.bound = strategy_->bound();
  std::vector<uint64_t>& hashes = result.interleavings;
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  std::unique_ptr<Strategy> path;
  if (enumeration != nullptr) {
    result.status = Settle(*enumeration, result, path);
    if (!result.status.ok()) return;
  }
  Strategy& repeated = path != nullptr ? *path : *strategy_;
  if (batch.violated) {
    ++failures_;
    result.status = Explain(batch, repeated, result);
  } else if (batch.executions != request.count && !strategy_->exhausted()) {
    result.status = absl::InternalError(absl::StrCat("ran ", batch.executions, " executions of ",
                                                     request.count, " without a violation"));
  } else {
    const uint64_t index = path != nullptr ? request.first + batch.executions - 1 : request.first;
    const uint64_t key = ExecutionKey(request.seed, request.first);
    result.status = Repeat(repeated, key, index, ViolationKind::kNone).status();
  }
}

ChunkResult ChunkRunner::Run(const ChunkRequest& request) {
  ChunkResult result;
  const auto start = std::chrono::steady_clock::now();
  result.status = Open(request.unit);
  if (result.status.ok()) RunOpen(request, result);
  if (!result.status.ok() || result.finding) Close();
  result.nanoseconds = static_cast<uint64_t>(
      std::chrono::nanoseconds(std::chrono::steady_clock::now() - start).count());
  result.retire = failures_ >= kFailuresPerProcess || explorers_ >= kExplorersPerProcess;
  return result;
}

std::string ChunkRunner::Handle(absl::string_view message) {
  const absl::StatusOr<ChunkRequest> request = ParseChunkRequest(message);
  ChunkResult result;
  result.status = request.status();
  if (request.ok()) result = Run(*request);
  return FormatChunkResult(result);
}

}  // namespace racewalk
