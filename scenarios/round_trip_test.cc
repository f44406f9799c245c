// Goal: parsing what was printed is the identity, and no bytes whatever bring
// the parser down. Method: random trees, seeded; a valid text cut at every
// byte and with random bytes changed.
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "scenarios/hash.h"
#include "scenarios/parser.h"
#include "scenarios/printer.h"
#include "scenarios/validate.h"
#include "scenarios/variants.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

// Random trees that are valid but for what one operation asks of another.
class TreeMaker {
 public:
  explicit TreeMaker(uint32_t seed) : random_(seed) {}

  Scenario Make() {
    scenario_ = Scenario{};
    MakeHeaders();
    if (OneIn(2)) scenario_.setup = MakeOperations(kAnyRole, 3, 0);
    const uint32_t threads = 2 + Below(kMaxScenarioThreads - 1);
    for (uint32_t i = 0; i < threads; ++i) {
      ScenarioThread thread;
      thread.role = Pick(kRoleSpellings);
      thread.name = absl::StrCat(i % 2 == 0 ? "vcpu" : "T_", i);
      thread.operations = MakeOperations(RoleBit(thread.role), OneIn(8) ? 0 : 1 + Below(5), 0);
      scenario_.threads.push_back(std::move(thread));
    }
    if (OneIn(3)) scenario_.after = MakeOperations(kAnyRole, 2, 0);
    for (uint32_t i = Below(4); i > 0; --i) {
      const CheckWord& word = CheckWords()[Below(CheckWords().size())];
      scenario_.checks.push_back({word.verb, MakeRange(word.operands == Operands::kFrame)});
    }
    return std::move(scenario_);
  }

  uint32_t Below(std::size_t n) { return static_cast<uint32_t>(random_() % n); }
  bool OneIn(uint32_t n) { return Below(n) == 0; }

 private:
  template <typename E, std::size_t n>
  E Pick(const std::array<Spelling<E>, n>& table) {
    return table[Below(n)].value;
  }

  void MakeHeaders() {
    scenario_.mmu = Pick(kMmuSpellings);
    scenario_.levels = kMinLevels + Below(kMaxLevels - kMinLevels + 1);
    scenario_.index_bits = kMinIndexBits + Below(kMaxIndexBits - kMinIndexBits + 1);
    scenario_.frames =
        std::min(1u << Below(scenario_.levels * scenario_.index_bits + 1), kMaxFrames);
    if (scenario_.frames >= 1u << scenario_.index_bits) scenario_.host = Pick(kHostSpellings);
    scenario_.logging = Pick(kLoggingSpellings);
    if (scenario_.logging != LoggingKind::kDirtyBit) {
      scenario_.access_kind = Pick(kAccessKindSpellings);
    }
    scenario_.split = Pick(kSplitSpellings);
    scenario_.flush = Pick(kFlushSpellings);
    scenario_.roles = 1 + Below(kMaxRoles);
    if (OneIn(2)) {
      for (const std::string& variant : DefaultVariants(scenario_.mmu)) {
        if (!FitsAccess(variant, scenario_.access_kind)) continue;
        const bool owned = absl::StartsWith(variant, "owned");
        const absl::string_view zapper = owned && OneIn(3) ? "+async_zap" : "";
        const absl::string_view notifier = OneIn(3) ? "+v14" : "";
        scenario_.variants.push_back(absl::StrCat(variant, zapper, notifier));
      }
    }
    if (OneIn(4)) scenario_.devices = {MakeRange(false)};
    if (OneIn(2)) {
      uint32_t next = 0;
      while (next < scenario_.frames && scenario_.slots.size() < kMaxSlots) {
        const uint32_t first = next + Below(scenario_.frames - next);
        const uint32_t last = first + Below(scenario_.frames - first);
        scenario_.slots.push_back({first, last});
        next = last + 1 + Below(3);
      }
    }
  }

  GfnRange MakeRange(bool one) {
    const uint32_t first = Below(scenario_.frames);
    return {first, one ? first : first + Below(scenario_.frames - first)};
  }

  std::vector<Operation> MakeOperations(RoleSet roles, uint32_t count, int depth) {
    std::vector<Operation> operations;
    while (operations.size() < count) {
      const Word& word = Words()[Below(Words().size())];
      if ((word.roles & roles) == 0) continue;
      if (word.operands == Operands::kRepeat && depth == 2) continue;
      operations.push_back(MakeOperation(word, roles, depth));
    }
    return operations;
  }

  Operation MakeOperation(const Word& word, RoleSet roles, int depth) {
    Operation operation;
    operation.verb = word.verb;
    const uint32_t slots = std::max<uint32_t>(1, static_cast<uint32_t>(scenario_.slots.size()));
    switch (word.operands) {
      case Operands::kNone:
        break;
      case Operands::kFrame:
      case Operands::kFrames:
        operation.range = MakeRange(word.operands == Operands::kFrame);
        break;
      case Operands::kFramesAccess:
        operation.range = MakeRange(false);
        operation.access = Pick(kAccessSpellings);
        break;
      case Operands::kOptionalRole:
        operation.number = Below(scenario_.roles);
        break;
      case Operands::kOptionalSlot:
      case Operands::kSlot:
        operation.number = Below(slots);
        break;
      case Operands::kSlotFrames:
        operation.number = Below(kMaxSlots);
        operation.range = MakeRange(false);
        break;
      case Operands::kSlotTarget:
        operation.number = Below(slots);
        operation.target = scenario_.slots.empty() ? GfnRange{0, scenario_.frames - 1}
                                                   : scenario_.slots[operation.number];
        break;
      case Operands::kRepeat:
        operation.number = 1 + Below(3);
        operation.body = MakeOperations(roles, 1 + Below(2), depth + 1);
        break;
    }
    return operation;
  }

  std::mt19937 random_;
  Scenario scenario_{};
};

TEST(RoundTrip, RandomTrees) {
  TreeMaker maker(20240229);
  int tried = 0;
  int valid = 0;
  while (valid < 5000) {
    // Most invalid ones do something after the VM is gone.
    ASSERT_LT(++tried, 50000) << "after " << valid << " valid ones";
    const Scenario scenario = maker.Make();
    if (!ValidateScenario(scenario).ok()) continue;
    ++valid;
    for (const std::string& text :
         {PrintScenario(scenario), PrintOneLine(scenario), PrintExplicit(scenario)}) {
      const absl::StatusOr<Scenario> parsed = ParseScenario(text, "");
      ASSERT_TRUE(parsed.ok()) << parsed.status() << "\n" << text;
      ASSERT_EQ(*parsed, scenario) << text;
      ASSERT_EQ(ScenarioHash(*parsed), ScenarioHash(scenario));
    }
  }
}

// An error is one line that says what was found and what to do.
void ExpectToBearText(absl::string_view text) {
  const absl::StatusOr<Scenario> scenario = ParseScenario(text, "t");
  if (scenario.ok()) {
    const absl::StatusOr<Scenario> again = ParseScenario(PrintOneLine(*scenario), "t");
    ASSERT_TRUE(again.ok()) << again.status() << "\n" << std::string(text);
    ASSERT_EQ(*again, *scenario);
    return;
  }
  ASSERT_EQ(scenario.status().code(), absl::StatusCode::kInvalidArgument);
  const absl::string_view message = scenario.status().message();
  ASSERT_EQ(message.find("t:"), 0u) << std::string(message);
  ASSERT_NE(message.find("found "), message.npos) << std::string(message);
  ASSERT_NE(message.find("; "), message.npos) << std::string(message);
  ASSERT_LT(message.size(), 500u);
  for (const char c : message) {
    ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20) << std::string(message);
  }
}

const std::vector<std::string>& Texts() {
  static const auto& texts = *new std::vector<std::string>{
      "# t: every kind of thing\r\nmmu: tdp\nvariant: owned, last_put_zaps+ad_at_zap\n"
      "geometry: 3x1\nframes: 8\nhost: huge\nsplit: lazy\nslots: 0..3,4..7\nroles: 2\n"
      "setup: write 0; age 0\n"
      "vcpu a:\n  write 0..1  # twice\n  repeat 2 { fault 1 w; repeat 3 { load_root 1 } }\n"
      "host h: unmap 0..3; make_huge 0\nvmm m: { dirty_log on 1; slot move 1 4..7; gpc use 2 }\n"
      "after: zap_all\ncheck: mapped 0..3; huge 0\n",
      "stage2 variant=rwlock,bbm2 frames=4 access=tracked setup{dirty_log on; write 0} "
      "vcpu a{write 0; repeat 2 {read 1}} vmm m{dirty_log off; collapse 0} after{destroy} "
      "check{unmapped 1..3}"};
  return texts;
}

TEST(Robustness, TextsCutAnywhere) {
  for (const std::string& text : Texts()) {
    ASSERT_TRUE(ParseScenario(text, "t").ok()) << ParseScenario(text, "t").status();
    for (std::size_t i = 0; i <= text.size(); ++i) {
      ASSERT_NO_FATAL_FAILURE(ExpectToBearText(absl::string_view(text).substr(0, i)));
      ASSERT_NO_FATAL_FAILURE(ExpectToBearText(absl::string_view(text).substr(i)));
    }
  }
}

TEST(Robustness, TextsWithRandomBytesChanged) {
  TreeMaker random(7);
  constexpr absl::string_view kLikely = "{}:;=,+.#0123456789 \n\r\t-_axrw\0\x80\xE2\xFF";
  for (int round = 0; round < 20000; ++round) {
    std::string text = Texts()[random.Below(Texts().size())];
    for (uint32_t changes = 1 + random.Below(4); changes > 0; --changes) {
      const std::size_t at = random.Below(text.size());
      const char byte = random.OneIn(4) ? static_cast<char>(random.Below(256))
                                        : kLikely[random.Below(kLikely.size())];
      switch (random.Below(4)) {
        case 0:
          text[at] = byte;
          break;
        case 1:
          text.insert(at, 1, byte);
          break;
        case 2:
          text.erase(at, 1 + random.Below(8));
          break;
        default:
          text.insert(at, text, random.Below(text.size()), random.Below(30));
          break;
      }
      if (text.empty()) text = "x";
    }
    ASSERT_NO_FATAL_FAILURE(ExpectToBearText(text)) << text;
  }
}

TEST(Robustness, TextsOfNothingButNoise) {
  TreeMaker random(11);
  for (int round = 0; round < 2000; ++round) {
    std::string text(random.Below(200), ' ');
    for (char& c : text) c = static_cast<char>(random.Below(256));
    ASSERT_NO_FATAL_FAILURE(ExpectToBearText(text));
  }
  for (const char c : {'\0', '{', '}', ';', '0', 'a', '.', '\n', '#', '\xFF'}) {
    ASSERT_NO_FATAL_FAILURE(ExpectToBearText(std::string(kMaxScenarioBytes, c)));
    ASSERT_NO_FATAL_FAILURE(ExpectToBearText("vcpu a{" + std::string(60000, c)));
  }
}

}  // namespace
}  // namespace racewalk
