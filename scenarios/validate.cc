#include "scenarios/validate.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "scenarios/nearest.h"
#include "scenarios/operation_parser.h"
#include "scenarios/preconditions.h"
#include "scenarios/printer.h"
#include "scenarios/slot_table.h"
#include "scenarios/variants.h"

namespace racewalk {
namespace {

// The explorer's callback thread has this name in timelines.
constexpr absl::string_view kCallbackThreadName = "rcu";

bool IsName(absl::string_view name) {
  if (name.empty() || absl::ascii_isdigit(static_cast<unsigned char>(name[0]))) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
  });
}

std::string Text(const GfnRange& range) {
  return range.first == range.last ? absl::StrCat(range.first)
                                   : absl::StrCat(range.first, "..", range.last);
}

class Validator {
 public:
  Validator(const Scenario& scenario, const SourceMap& source)
      : scenario_(scenario), source_(source), slots_(scenario) {}

  absl::Status Validate() {
    CheckHeaders();
    CheckHardware();
    CheckVariants();
    CheckSlots();
    for (std::size_t i = 0; i < scenario_.devices.size(); ++i) {
      CheckRange(At(source_.devices, i), Text(scenario_.devices[i]), scenario_.devices[i]);
    }
    CheckThreads();
    CheckOperations(scenario_.setup, nullptr, 0);
    for (const ScenarioThread& thread : scenario_.threads) {
      CheckOperations(thread.operations, &thread, 0);
    }
    CheckOperations(scenario_.after, nullptr, 0);
    CheckChecks();
    CheckSize();
    if (!status_.ok()) return status_;
    return ValidatePreconditions(scenario_, source_.name);
  }

 private:
  void Fail(Position at, absl::string_view message) {
    if (status_.ok()) status_ = InputError(source_.name, at, message);
  }

  static Position At(const std::vector<Position>& positions, std::size_t i) {
    return i < positions.size() ? positions[i] : Position{};
  }
  Position At(Header header) const { return source_.headers[static_cast<std::size_t>(header)]; }

  void CheckBetween(Position at, absl::string_view what, uint32_t value, uint32_t low,
                    uint32_t high) {
    if (value >= low && value <= high) return;
    Fail(at, absl::StrCat("found ", value, ", expected ", what, " between ", low, " and ", high,
                          "; write ", std::clamp(value, low, high)));
  }

  void CheckHeaders() {
    CheckBetween(At(Header::kGeometry), "levels", scenario_.levels, kMinLevels, kMaxLevels);
    CheckBetween(At(Header::kGeometry), "index bits", scenario_.index_bits, kMinIndexBits,
                 kMaxIndexBits);
    if (!status_.ok()) return;
    const uint32_t reach = 1u << (scenario_.levels * scenario_.index_bits);
    CheckBetween(At(Header::kFrames),
                 absl::StrCat("a number of frames that geometry ", scenario_.levels, "x",
                              scenario_.index_bits, " can map,"),
                 scenario_.frames, 1, std::min(reach, kMaxFrames));
    if (status_.ok() && (scenario_.frames & (scenario_.frames - 1)) != 0) {
      uint32_t power = 1;
      while (power * 2 < scenario_.frames) power *= 2;
      const uint32_t above = power * 2 <= std::min(reach, kMaxFrames) ? power * 2 : power;
      Fail(At(Header::kFrames), absl::StrCat("found ", scenario_.frames,
                                             " frames, expected a power of two; write ", above));
    }
    CheckBetween(At(Header::kRoles), "a number of roles", scenario_.roles, 1, kMaxRoles);
  }

  // Headers that do not go together.
  void CheckHardware() {
    if (!status_.ok()) return;
    const uint32_t block = 1u << scenario_.index_bits;
    if (scenario_.host == HostBacking::kHuge && scenario_.frames < block) {
      Fail(At(Header::kHost),
           absl::StrCat("found 'host: huge' with fewer frames than a block has, ", scenario_.frames,
                        ", expected at least ", block, "; write 'frames: ", block,
                        "', or 'host: small'"));
    }
    if (scenario_.access_kind == AccessKind::kTracked &&
        scenario_.logging == LoggingKind::kDirtyBit) {
      Fail(At(Header::kLogging),
           "found 'logging: dirty_bit' with 'access: tracked', expected 'logging: wrprot' since "
           "processors without accessed and dirty bits set none; write 'logging: wrprot', or "
           "'access: bits'");
    }
  }

  void CheckVariants() {
    std::vector<std::string> seen;
    for (std::size_t i = 0; i < scenario_.variants.size(); ++i) {
      const Position at = At(source_.variants, i);
      const auto canonical = CanonicalVariant(scenario_.mmu, scenario_.variants[i]);
      if (!canonical.ok()) return Fail(at, canonical.status().message());
      if (std::find(seen.begin(), seen.end(), *canonical) != seen.end()) {
        return Fail(at, absl::StrCat("found ", Quoted(scenario_.variants[i]),
                                     " again, expected each variant once; remove one"));
      }
      if (!FitsAccess(*canonical, scenario_.access_kind)) {
        return Fail(at, absl::StrCat("found ", Quoted(scenario_.variants[i]), " with 'access: ",
                                     "tracked', expected no 'ad_at_zap' since there are no ",
                                     "accessed and dirty bits to pass on; leave 'ad_at_zap' out, ",
                                     "or write 'access: bits'"));
      }
      seen.push_back(*canonical);
    }
    if (scenario_.mmu != MmuChoice::kAny) return;
    for (const MmuChoice mmu : {MmuChoice::kTdp, MmuChoice::kStage2}) {
      if (!VariantsToRun(scenario_, mmu).empty()) continue;
      const absl::string_view name = SpellingOf(kMmuSpellings, mmu);
      const absl::string_view other = mmu == MmuChoice::kTdp ? "stage2" : "tdp";
      return Fail(At(Header::kVariant),
                  absl::StrCat("found no variant of ", name, ", expected one since any MMU is ",
                               "raced; add one, or write 'mmu: ", other, "'"));
    }
  }

  // Frames that exist, the first not behind the last.
  void CheckRange(Position at, absl::string_view text, const GfnRange& range) {
    if (range.first > range.last) {
      Fail(at, absl::StrCat("found '", text, "', expected the lower frame first; write '",
                            range.last, "..", range.first, "'"));
    }
    if (range.last >= scenario_.frames) {
      Fail(at, absl::StrCat("found '", text, "', expected frames below ", scenario_.frames,
                            "; write 'frames: N' with a larger N, or a frame from 0 to ",
                            scenario_.frames - 1));
    }
  }

  void CheckSlots() {
    if (scenario_.slots.size() > kMaxSlots) {
      Fail(At(source_.slots, kMaxSlots),
           absl::StrCat("found ", scenario_.slots.size(), " slots, expected at most ", kMaxSlots,
                        "; remove the others"));
    }
    for (std::size_t i = 0; i < scenario_.slots.size(); ++i) {
      const GfnRange& slot = scenario_.slots[i];
      CheckRange(At(source_.slots, i), Text(slot), slot);
      for (std::size_t k = 0; k < i; ++k) {
        const GfnRange& other = scenario_.slots[k];
        if (slot.first > other.last || other.first > slot.last) continue;
        Fail(At(source_.slots, i),
             absl::StrCat("found '", Text(slot), "', expected slots that do not overlap; '",
                          Text(other), "' has frame ", std::max(slot.first, other.first),
                          " too: shorten one"));
      }
    }
  }

  void CheckThreads() {
    const std::vector<ScenarioThread>& threads = scenario_.threads;
    if (threads.size() > kMaxScenarioThreads) {
      const ScenarioThread& thread = threads[kMaxScenarioThreads];
      Fail({thread.line, thread.column},
           absl::StrCat("found ", threads.size(), " threads, expected at most ",
                        kMaxScenarioThreads, "; remove some, or merge their operations"));
    }
    for (std::size_t i = 0; i < threads.size(); ++i) {
      const ScenarioThread& thread = threads[i];
      const Position at{thread.line, thread.column};
      if (!IsName(thread.name) || thread.name.size() > kMaxThreadNameBytes ||
          thread.name == kCallbackThreadName) {
        Fail(at, absl::StrCat("found thread name ", Quoted(thread.name), ", expected at most ",
                              kMaxThreadNameBytes, " letters, digits and ",
                              "'_', no digit first, not 'rcu'; write a name such as 'a'"));
      }
      for (std::size_t k = 0; k < i; ++k) {
        if (threads[k].name != thread.name) continue;
        Fail(at, absl::StrCat("found thread name '", thread.name,
                              "' again, expected distinct names; rename one, as in '", thread.name,
                              i + 1, "'"));
      }
    }
  }

  // `thread` is null for setup and after, which may say every word.
  void CheckOperations(const std::vector<Operation>& operations, const ScenarioThread* thread,
                       int depth) {
    for (const Operation& operation : operations) {
      if (!status_.ok()) return;
      CheckOperation(operation, thread, depth);
    }
  }

  void CheckOperation(const Operation& operation, const ScenarioThread* thread, int depth) {
    const Position at{operation.line, operation.column};
    const Word& word = WordOf(operation.verb);
    if (thread != nullptr && (word.roles & RoleBit(thread->role)) == 0) {
      const std::string roles = SpellingOf(word.roles);
      return Fail(at, absl::StrCat("found '", SpellingOf(word), "' in ",
                                   SpellingOf(kRoleSpellings, thread->role), " '", thread->name,
                                   "', expected it in a ", roles, " thread; move it to a block '",
                                   roles, " NAME: ...'"));
    }
    switch (word.operands) {
      case Operands::kNone:
        break;
      case Operands::kFrame:
      case Operands::kFrames:
      case Operands::kFramesAccess:
        CheckRange(at, PrintOperation(operation), operation.range);
        if (word.operands == Operands::kFrame && operation.range.first != operation.range.last) {
          Fail(at, absl::StrCat("found '", PrintOperation(operation), "', expected one frame; ",
                                "write '", SpellingOf(word), " ", operation.range.first, "'"));
        }
        if (operation.verb == Verb::kMakeHuge && scenario_.frames < 1u << scenario_.index_bits) {
          Fail(at, absl::StrCat("found '", PrintOperation(operation), "' with fewer frames than a ",
                                "block has, ", scenario_.frames, ", expected at least ",
                                1u << scenario_.index_bits,
                                "; write 'frames: ", 1u << scenario_.index_bits, "'"));
        }
        break;
      case Operands::kOptionalRole:
        if (operation.number >= scenario_.roles) {
          Fail(at, absl::StrCat("found '", PrintOperation(operation), "', expected a role below ",
                                scenario_.roles, "; write 'roles: N' with a larger N"));
        }
        break;
      case Operands::kSlotFrames:
        CheckRange(at, PrintOperation(operation), operation.range);
        CheckSlot(operation, nullptr);
        break;
      case Operands::kSlotTarget:
        CheckRange(at, PrintOperation(operation), operation.target);
        CheckSlot(operation, &operation.target);
        break;
      case Operands::kOptionalSlot:
      case Operands::kSlot:
        CheckSlot(operation, nullptr);
        break;
      case Operands::kRepeat:
        CheckRepeat(operation, thread, depth);
        break;
    }
  }

  // The slot exists at some time, with as many frames as `target` if given.
  void CheckSlot(const Operation& operation, const GfnRange* target) {
    const Position at{operation.line, operation.column};
    const uint32_t number = operation.number;
    const std::string found = absl::StrCat("found '", PrintOperation(operation), "', expected ");
    if (number >= kMaxSlots) {
      return Fail(at, absl::StrCat(found, "a slot below ", kMaxSlots, "; renumber the slots"));
    }
    if (!slots_.Exists(number)) {
      return Fail(at, absl::StrCat(found, "a slot that exists; declare it by 'slots: A..B,...' ",
                                   "(numbered from 0), or add it by 'slot add ", number, " A..B'"));
    }
    if (target == nullptr || slots_.MayHave(number, target->last - target->first + 1)) return;
    Fail(at, absl::StrCat(found, "as many frames as slot ", number, " has; write ",
                          slots_.FramesOf(number), " frames, as in '", target->first, "..",
                          target->first + slots_.FramesOf(number) - 1, "'"));
  }

  void CheckRepeat(const Operation& repeat, const ScenarioThread* thread, int depth) {
    const Position at{repeat.line, repeat.column};
    CheckBetween(at, "a repeat count", repeat.number, 1, kMaxRepeat);
    if (repeat.body.empty()) {
      Fail(at, "found an empty repeat, expected an operation in its braces; remove the repeat");
    }
    if (depth >= kMaxRepeatDepth) {
      Fail(at, absl::StrCat("found too many repeats in each other, expected at most ",
                            kMaxRepeatDepth, "; multiply some of their counts"));
    }
    CheckOperations(repeat.body, thread, depth + 1);
  }

  void CheckChecks() {
    for (std::size_t i = 0; i < scenario_.checks.size(); ++i) {
      const CheckLine& check = scenario_.checks[i];
      const CheckWord& word = WordOf(check.verb);
      const Position at = At(source_.checks, i);
      CheckRange(at, absl::StrCat(word.text, " ", Text(check.range)), check.range);
      if (word.operands == Operands::kFrame && check.range.first != check.range.last) {
        Fail(at, absl::StrCat("found '", word.text, " ", Text(check.range),
                              "', expected one frame; write '", word.text, " ", check.range.first,
                              "'"));
      }
    }
  }

  void CheckSize() {
    if (!status_.ok()) return;
    uint64_t runs = RunsOf(scenario_.setup) + RunsOf(scenario_.after);
    int racing = 0;
    for (const ScenarioThread& thread : scenario_.threads) {
      runs += RunsOf(thread.operations);
      racing += thread.operations.empty() ? 0 : 1;
    }
    if (runs > kMaxOperations) {
      Fail({}, absl::StrCat("found ", runs, " operations after repeats are unrolled, expected at ",
                            "most ", kMaxOperations, "; lower a repeat count or split the ",
                            "scenario"));
    }
    if (racing < 2) {
      Fail({}, absl::StrCat("found ", racing, racing == 1 ? " thread" : " threads",
                            " with operations, expected at least two since one has nothing to ",
                            "race; add a block such as 'vcpu b: read 0'"));
    }
  }

  const Scenario& scenario_;
  const SourceMap& source_;
  absl::Status status_{};
  SlotTable slots_;
};

}  // namespace

uint64_t RunsOf(const Operation& operation) {
  if (operation.verb != Verb::kRepeat) return 1;
  // Far from overflow, however deep repeats of the greatest count nest.
  constexpr uint64_t kFarTooMany = uint64_t{1} << 24;
  return std::min(RunsOf(operation.body) * operation.number, kFarTooMany);
}

uint64_t RunsOf(const std::vector<Operation>& operations) {
  uint64_t runs = 0;
  for (const Operation& operation : operations) runs += RunsOf(operation);
  return runs;
}

absl::Status ValidateScenario(const Scenario& scenario) {
  SourceMap source;
  source.name = scenario.name;
  return ValidateScenario(scenario, source);
}

absl::Status ValidateScenario(const Scenario& scenario, const SourceMap& source) {
  return Validator(scenario, source).Validate();
}

}  // namespace racewalk
