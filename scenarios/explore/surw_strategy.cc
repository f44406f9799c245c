#include "scenarios/explore/surw_strategy.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "core/platform/decisions.h"
#include "scenarios/explore/rare_choice.h"
#include "scenarios/explore/spec_number.h"
#include "scenarios/nearest.h"

namespace racewalk {
namespace {

using Counts = std::array<uint32_t, kMaxThreads>;

constexpr uint32_t kAllThreads = (1U << kMaxThreads) - 1;

// "40.33.12"; returns how many there are, 0 if it is not that.
uint32_t ParseCounts(absl::string_view text, Counts& counts) {
  const std::vector<absl::string_view> fields = absl::StrSplit(text, '.');
  if (fields.size() > counts.size()) return 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!ParseSpecNumber(fields[i], counts[i]) || counts[i] > SurwParameters::kMaxCount) return 0;
  }
  return static_cast<uint32_t>(fields.size());
}

std::string FormatCounts(const Counts& counts, uint32_t threads) {
  std::string text;
  for (uint32_t i = 0; i < threads; ++i) absl::StrAppend(&text, i == 0 ? "" : ".", counts[i]);
  return text;
}

SurwParameters Learned(const Profile& profile) {
  SurwParameters parameters;
  parameters.threads = static_cast<uint32_t>(std::clamp(profile.threads, 1, kMaxThreads));
  parameters.operations = profile.operations;
  const bool nothing = parameters.operations == Counts{};
  for (uint32_t i = 0; i < parameters.threads; ++i) {
    // Nothing known of each of them: they share the steps.
    uint32_t& count = parameters.operations[i];
    if (nothing) {
      const uint64_t share = profile.steps / parameters.threads + 1;
      count = static_cast<uint32_t>(std::min<uint64_t>(share, SurwParameters::kMaxCount));
    }
    count = std::min(count, SurwParameters::kMaxCount);
  }
  for (std::size_t i = 0; i < std::min(profile.words.size(), SurwParameters::kMaxWords); ++i) {
    parameters.words.push_back(profile.words[i]);
    for (uint32_t& count : parameters.words.back().operations) {
      count = std::min(count, SurwParameters::kMaxCount);
    }
  }
  return parameters;
}

}  // namespace

absl::StatusOr<SurwParameters> ParseSurw(absl::string_view text, const Profile& profile) {
  if (text.empty()) return Learned(profile);
  SurwParameters parameters{.threads = 0};
  for (absl::string_view field : absl::StrSplit(text, ',')) {
    const std::size_t equals = std::min(field.find('='), field.size());
    const absl::string_view name = field.substr(0, equals);
    const absl::string_view value = field.substr(std::min(equals + 1, field.size()));
    bool good = false;
    if (name == "c" && parameters.threads == 0) {
      parameters.threads = ParseCounts(value, parameters.operations);
      good = parameters.threads != 0;
    } else if (!name.empty() && name[0] == 'w' && parameters.threads != 0 &&
               parameters.words.size() < SurwParameters::kMaxWords) {
      WordProfile word;
      good = ParseSpecNumber(name.substr(1), word.location) && word.location != 0 &&
             ParseCounts(value, word.operations) == parameters.threads;
      parameters.words.push_back(word);
    }
    if (!good) {
      return absl::InvalidArgumentError(absl::StrCat(
          "strategy surw: expected counts of each thread, c= first and then up to ",
          SurwParameters::kMaxWords, " words, not ", Quoted(field),
          "; say 'surw' to have them learned, or for example 'surw:c=40.33.12,w17=4.3.0'"));
    }
  }
  return parameters;
}

SurwStrategy::SurwStrategy(SurwParameters parameters) : parameters_(std::move(parameters)) {
  parameters_.threads = std::clamp(parameters_.threads, 1u, static_cast<uint32_t>(kMaxThreads));
}

void SurwStrategy::Begin(uint64_t key) {
  rng_.Seed(key);
  const uint32_t which = rng_.Below(static_cast<uint32_t>(parameters_.words.size()) + 1);
  location_ = which == 0 ? 0 : parameters_.words[which - 1].location;
  left_ = which == 0 ? parameters_.operations : parameters_.words[which - 1].operations;
  intended_ = -1;
}

bool SurwStrategy::Interesting(const PickView& view, int thread) const {
  if (view.next == nullptr) return false;
  const uint32_t location = (*view.next)[static_cast<std::size_t>(thread)].location;
  return location != 0 && (location_ == 0 || location == location_);
}

int SurwStrategy::Draw(uint32_t mask, uint32_t floor) {
  const auto weight = [&](std::size_t i) {
    if ((mask >> i & 1) == 0) return 0U;
    return std::max(left_[i], floor >> i & 1);
  };
  uint32_t total = 0;
  for (std::size_t i = 0; i < left_.size(); ++i) total += weight(i);
  if (total == 0) return -1;
  uint32_t at = rng_.Below(total);
  std::size_t thread = 0;
  while (at >= weight(thread)) at -= weight(thread++);
  return static_cast<int>(thread);
}

void SurwStrategy::Take(const PickView& view, int thread) {
  if (!Interesting(view, thread)) return;
  uint32_t& left = left_[static_cast<std::size_t>(thread)];
  if (left > 0) --left;
  intended_ = -1;
}

int SurwStrategy::Pick(const PickView& view) {
  uint32_t waiting = 0;  // before an interesting operation that is not to be next
  for (uint32_t rest = view.enabled; rest != 0; rest &= rest - 1) {
    const int thread = std::countr_zero(rest);
    if (Interesting(view, thread)) waiting |= 1U << thread;
  }
  if (intended_ < 0) intended_ = Draw(kAllThreads, waiting);
  uint32_t free = view.enabled & ~waiting;
  if (intended_ >= 0) free |= view.enabled & 1U << intended_;
  if (free == 0) {
    intended_ = Draw(view.enabled, view.enabled);
    free = 1U << intended_;
  }
  const auto count = static_cast<uint32_t>(std::popcount(free));
  for (uint32_t skip = count > 1 ? rng_.Below(count) : 0; skip > 0; --skip) free &= free - 1;
  const int thread = std::countr_zero(free);
  Take(view, thread);
  return thread;
}

void SurwStrategy::Forced(const PickView& view) { Take(view, std::countr_zero(view.enabled)); }

uint32_t SurwStrategy::Choose(uint32_t n, Choice kind) { return RareChoice(rng_, n, kind); }

std::string SurwStrategy::spec() const {
  const uint32_t threads = parameters_.threads;
  std::string text = absl::StrCat("surw:c=", FormatCounts(parameters_.operations, threads));
  for (const WordProfile& word : parameters_.words) {
    absl::StrAppend(&text, ",w", word.location, "=", FormatCounts(word.operations, threads));
  }
  return text;
}

}  // namespace racewalk
