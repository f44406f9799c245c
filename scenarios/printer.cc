#include "scenarios/printer.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "scenarios/diagnostics.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

constexpr std::size_t kLineBytesMax = 100;

std::string PrintFrames(const GfnRange& range) {
  if (range.first == range.last) return absl::StrCat(range.first);
  return absl::StrCat(range.first, "..", range.last);
}

std::string PrintAll(const std::vector<GfnRange>& ranges) {
  return absl::StrJoin(ranges, ",", [](std::string* out, const GfnRange& range) {
    absl::StrAppend(out, PrintFrames(range));
  });
}

std::string PrintHeader(const Scenario& scenario, Header header) {
  switch (header) {
    case Header::kMmu:
      return std::string(SpellingOf(kMmuSpellings, scenario.mmu));
    case Header::kVariant:
      return absl::StrJoin(scenario.variants, ",");
    case Header::kGeometry:
      return absl::StrCat(scenario.levels, "x", scenario.index_bits);
    case Header::kFrames:
      return absl::StrCat(scenario.frames);
    case Header::kHost:
      return std::string(SpellingOf(kHostSpellings, scenario.host));
    case Header::kLogging:
      return std::string(SpellingOf(kLoggingSpellings, scenario.logging));
    case Header::kAccess:
      return std::string(SpellingOf(kAccessKindSpellings, scenario.access_kind));
    case Header::kSplit:
      return std::string(SpellingOf(kSplitSpellings, scenario.split));
    case Header::kFlush:
      return std::string(SpellingOf(kFlushSpellings, scenario.flush));
    case Header::kSlots:
      return PrintAll(scenario.slots);
    case Header::kRoles:
      return absl::StrCat(scenario.roles);
    case Header::kDevice:
      return PrintAll(scenario.devices);
  }
  return "";
}

// Headers that are younger than the first tokens. The hash is of the text with
// all defaults, and to say these too would change it for every scenario.
bool IsSilentByDefault(Header header) {
  return header == Header::kAccess || header == Header::kSplit || header == Header::kFlush;
}

// The headers that need saying, with their values, in the order of Header.
std::vector<std::pair<Header, std::string>> PrintHeaders(const Scenario& scenario,
                                                         bool with_defaults) {
  const Scenario defaults;
  std::vector<std::pair<Header, std::string>> headers;
  for (const Spelling<Header>& header : kHeaderSpellings) {
    std::string value = PrintHeader(scenario, header.value);
    const bool always = header.value == Header::kMmu || header.value == Header::kFrames;
    const bool special = value != PrintHeader(defaults, header.value);
    // No variants, slots and devices have no spelling but silence.
    if (always || special ||
        (with_defaults && !value.empty() && !IsSilentByDefault(header.value))) {
      headers.emplace_back(header.value, std::move(value));
    }
  }
  return headers;
}

struct PrintedBlock {
  std::string head;
  std::vector<std::string> items;
};

PrintedBlock PrintBlock(std::string head, const std::vector<Operation>& operations) {
  PrintedBlock block{std::move(head), {}};
  for (const Operation& operation : operations) block.items.push_back(PrintOperation(operation));
  return block;
}

std::vector<PrintedBlock> PrintBlocks(const Scenario& scenario) {
  std::vector<PrintedBlock> blocks;
  const auto spelled = [](Block block) { return std::string(SpellingOf(kBlockSpellings, block)); };
  if (!scenario.setup.empty()) blocks.push_back(PrintBlock(spelled(Block::kSetup), scenario.setup));
  for (const ScenarioThread& thread : scenario.threads) {
    blocks.push_back(
        PrintBlock(absl::StrCat(SpellingOf(kRoleSpellings, thread.role), " ", thread.name),
                   thread.operations));
  }
  if (!scenario.after.empty()) blocks.push_back(PrintBlock(spelled(Block::kAfter), scenario.after));
  if (!scenario.checks.empty()) {
    PrintedBlock checks{spelled(Block::kCheck), {}};
    for (const CheckLine& check : scenario.checks) checks.items.push_back(PrintCheck(check));
    blocks.push_back(std::move(checks));
  }
  return blocks;
}

// "vcpu a: read 0; read 1", going on with indented lines where it is long.
std::string PrintLines(const PrintedBlock& block) {
  std::string text = absl::StrCat(block.head, ":");
  std::size_t line_start = 0;
  for (std::size_t i = 0; i < block.items.size(); ++i) {
    const bool last = i + 1 == block.items.size();
    const std::string item = absl::StrCat(block.items[i], last ? "" : ";");
    if (i > 0 && text.size() - line_start + 1 + item.size() > kLineBytesMax) {
      line_start = text.size() + 1;
      absl::StrAppend(&text, "\n ");
    }
    absl::StrAppend(&text, " ", item);
  }
  return text + "\n";
}

std::string PrintInLine(const Scenario& scenario, bool with_defaults) {
  std::string text;
  for (const auto& [header, value] : PrintHeaders(scenario, with_defaults)) {
    if (header == Header::kMmu) {
      absl::StrAppend(&text, value);
    } else {
      absl::StrAppend(&text, " ", SpellingOf(kHeaderSpellings, header), "=", value);
    }
  }
  for (const PrintedBlock& block : PrintBlocks(scenario)) {
    absl::StrAppend(&text, " ", block.head, "{", absl::StrJoin(block.items, "; "), "}");
  }
  return text;
}

}  // namespace

std::string PrintScenario(const Scenario& scenario) {
  std::string text;
  if (!scenario.summary.empty()) {
    absl::StrAppend(&text, "# ", Printable(scenario.name), scenario.name.empty() ? "" : ": ",
                    Printable(scenario.summary), "\n");
  }
  for (const auto& [header, value] : PrintHeaders(scenario, /*with_defaults=*/false)) {
    absl::StrAppend(&text, SpellingOf(kHeaderSpellings, header), ": ", value, "\n");
  }
  for (const PrintedBlock& block : PrintBlocks(scenario)) {
    absl::StrAppend(&text, PrintLines(block));
  }
  return text;
}

std::string PrintOneLine(const Scenario& scenario) {
  return PrintInLine(scenario, /*with_defaults=*/false);
}

std::string PrintExplicit(const Scenario& scenario) {
  return PrintInLine(scenario, /*with_defaults=*/true);
}

std::string PrintOperation(const Operation& operation) {
  const Word& word = WordOf(operation.verb);
  std::string text = SpellingOf(word);
  switch (word.operands) {
    case Operands::kNone:
      break;
    case Operands::kFrame:
    case Operands::kFrames:
      absl::StrAppend(&text, " ", PrintFrames(operation.range));
      break;
    case Operands::kFramesAccess:
      absl::StrAppend(&text, " ", PrintFrames(operation.range), " ",
                      SpellingOf(kAccessSpellings, operation.access));
      break;
    case Operands::kOptionalRole:
    case Operands::kOptionalSlot:
      if (operation.number != 0) absl::StrAppend(&text, " ", operation.number);
      break;
    case Operands::kSlot:
      absl::StrAppend(&text, " ", operation.number);
      break;
    case Operands::kSlotFrames:
      absl::StrAppend(&text, " ", operation.number, " ", PrintFrames(operation.range));
      break;
    case Operands::kSlotTarget:
      absl::StrAppend(&text, " ", operation.number, " ", PrintFrames(operation.target));
      break;
    case Operands::kRepeat:
      absl::StrAppend(&text, " ", operation.number, " { ",
                      absl::StrJoin(operation.body, "; ",
                                    [](std::string* out, const Operation& inner) {
                                      absl::StrAppend(out, PrintOperation(inner));
                                    }),
                      " }");
      break;
  }
  return text;
}

std::string PrintCheck(const CheckLine& check) {
  return absl::StrCat(WordOf(check.verb).text, " ", PrintFrames(check.range));
}

std::ostream& operator<<(std::ostream& stream, const Scenario& scenario) {
  return stream << PrintOneLine(scenario);
}

}  // namespace racewalk
