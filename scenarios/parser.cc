#include "scenarios/parser.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "scenarios/diagnostics.h"
#include "scenarios/operation_parser.h"
#include "scenarios/token_reader.h"
#include "scenarios/validate.h"
#include "scenarios/variants.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

// The sentence of a first line "# name: sentence", or of "# sentence".
std::string ReadSummary(absl::string_view text) {
  text = absl::StripLeadingAsciiWhitespace(text);
  if (!absl::ConsumePrefix(&text, "#")) return "";
  absl::string_view line =
      absl::StripAsciiWhitespace(text.substr(0, std::min(text.find('\n'), text.size())));
  const std::size_t colon = line.find(':');
  if (colon != absl::string_view::npos && line.substr(0, colon).find(' ') == line.npos) {
    line = absl::StripLeadingAsciiWhitespace(line.substr(colon + 1));
  }
  return Printable(line);
}

class Parser {
 public:
  Parser(absl::string_view text, absl::string_view name) : reader_(name, text) {
    scenario_.name = std::string(name);
    scenario_.summary = ReadSummary(text);
    source_.name = std::string(name);
  }

  absl::StatusOr<Scenario> Parse() {
    while (!reader_.AtEnd()) ReadItem();
    if (reader_.failed()) return reader_.status();
    Canonicalize();
    if (absl::Status status = ValidateScenario(scenario_, source_); !status.ok()) return status;
    return std::move(scenario_);
  }

 private:
  // A header, a block, or the MMU's name alone.
  void ReadItem() {
    const Token token = reader_.Peek();
    if (token.kind == TokenKind::kWord) {
      const TokenKind second = reader_.PeekSecond().kind;
      const bool assigns = second == TokenKind::kColon || second == TokenKind::kEquals;
      const auto header = ValueOf(kHeaderSpellings, token.text);
      if (header.has_value() && (assigns || !MeansAnother(*header))) return ReadHeader(*header);
      if (const auto mmu = ValueOf(kMmuSpellings, token.text); mmu.has_value()) {
        if (Once(PositionOf(Header::kMmu), reader_.Take())) scenario_.mmu = *mmu;
        return;
      }
      if (const auto block = ValueOf(kBlockSpellings, token.text); block.has_value()) {
        return ReadBlock(*block);
      }
      if (const auto role = ValueOf(kRoleSpellings, token.text); role.has_value()) {
        return ReadThread(*role);
      }
    }
    reader_.FailHere("a header or a block", ItemRemedy(token));
  }

  // Without a value to follow, `host` begins a thread and `split 0` is an operation.
  bool MeansAnother(Header header) const {
    const absl::string_view second = reader_.PeekSecond().text;
    return header == Header::kHost || (header == Header::kSplit && !second.empty() &&
                                       absl::ascii_isdigit(static_cast<unsigned char>(second[0])));
  }

  static std::string ItemRemedy(const Token& token) {
    std::vector<std::string> texts = TextsOf(kHeaderSpellings);
    for (const auto& more :
         {TextsOf(kMmuSpellings), TextsOf(kBlockSpellings), TextsOf(kRoleSpellings)}) {
      texts.insert(texts.end(), more.begin(), more.end());
    }
    if (token.kind != TokenKind::kWord)
      return absl::StrCat("choose from ", absl::StrJoin(texts, ", "));
    const std::vector<std::string> firsts = FirstParts(kAnyRole);
    if (std::find(firsts.begin(), firsts.end(), token.text) != firsts.end()) {
      return absl::StrCat("operations stand in a block, as in 'vcpu a: read 0': indent the line ",
                          "if it goes on with the block above");
    }
    return NearestOrAll(token.text, texts);
  }

  // False, and an error, if it was given before.
  bool Once(Position& seen, const Token& token) {
    if (seen.line != 0) {
      reader_.Fail(token.at, absl::StrCat("found '", token.text, "' again, expected it once; it ",
                                          "was given in line ", seen.line, ", column ", seen.column,
                                          ": remove one"));
      return false;
    }
    seen = token.at;
    return true;
  }

  Position& PositionOf(Header header) { return source_.headers[static_cast<std::size_t>(header)]; }

  void ReadHeader(Header header) {
    const Token key = reader_.Take();
    if (!Once(PositionOf(header), key)) return;
    if (reader_.LineEnded() ||
        !(reader_.TryTake(TokenKind::kColon) || reader_.TryTake(TokenKind::kEquals))) {
      return reader_.FailOnLine("':' or '='", absl::StrCat("write its value, as in '", key.text,
                                                           ": ", ExampleOf(header), "'"));
    }
    switch (header) {
      case Header::kMmu:
        scenario_.mmu = reader_.ReadSpelling(kMmuSpellings, "an MMU");
        break;
      case Header::kVariant:
        ReadVariants();
        break;
      case Header::kGeometry:
        ReadGeometry();
        break;
      case Header::kFrames:
        scenario_.frames = reader_.ReadNumber("how many guest frames");
        break;
      case Header::kHost:
        scenario_.host = reader_.ReadSpelling(kHostSpellings, "the host's backing");
        break;
      case Header::kLogging:
        scenario_.logging = reader_.ReadSpelling(kLoggingSpellings, "a way to log dirty pages");
        break;
      case Header::kAccess:
        scenario_.access_kind =
            reader_.ReadSpelling(kAccessKindSpellings, "how accesses are noted");
        break;
      case Header::kSplit:
        scenario_.split = reader_.ReadSpelling(kSplitSpellings, "when dirty logging splits blocks");
        break;
      case Header::kFlush:
        scenario_.flush = reader_.ReadSpelling(kFlushSpellings, "what a flush of one entry drops");
        break;
      case Header::kSlots:
        ReadFrames(source_.slots, scenario_.slots);
        break;
      case Header::kRoles:
        scenario_.roles = reader_.ReadNumber("how many roles");
        break;
      case Header::kDevice:
        ReadFrames(source_.devices, scenario_.devices);
        break;
    }
  }

  static absl::string_view ExampleOf(Header header) {
    switch (header) {
      case Header::kMmu:
        return "tdp";
      case Header::kVariant:
        return "owned";
      case Header::kGeometry:
        return "3x1";
      case Header::kHost:
        return "small";
      case Header::kLogging:
        return "wrprot";
      case Header::kAccess:
        return "tracked";
      case Header::kSplit:
        return "lazy";
      case Header::kFlush:
        return "range";
      case Header::kSlots:
        return "0..3";
      case Header::kDevice:
        return "0";
      case Header::kFrames:
      case Header::kRoles:
        break;
    }
    return "4";
  }

  bool TakeOnLine(TokenKind kind) { return !reader_.LineEnded() && reader_.TryTake(kind); }

  void ReadVariants() {
    do {
      std::string combination;
      source_.variants.push_back(reader_.Peek().at);
      do {
        if (!reader_.NextIsWord()) {
          std::vector<std::string> names;
          for (const Variant& variant : Variants()) names.emplace_back(variant.name);
          return reader_.FailOnLine("a variant", NearestOrAll("", names));
        }
        absl::StrAppend(&combination, combination.empty() ? "" : "+", reader_.Take().text);
      } while (TakeOnLine(TokenKind::kPlus));
      scenario_.variants.push_back(std::move(combination));
    } while (TakeOnLine(TokenKind::kComma));
  }

  void ReadGeometry() {
    const Token token = reader_.Peek();
    const std::size_t x = token.text.find('x');
    if (!reader_.NextIsWord() || x == absl::string_view::npos ||
        !absl::SimpleAtoi(token.text.substr(0, x), &scenario_.levels) ||
        !absl::SimpleAtoi(token.text.substr(x + 1), &scenario_.index_bits)) {
      return reader_.FailOnLine("LEVELSxBITS",
                                "write the levels of a table and the index bits of a level, "
                                "such as '3x1'");
    }
    reader_.Take();
  }

  void ReadFrames(std::vector<Position>& positions, std::vector<GfnRange>& ranges) {
    do {
      positions.push_back(reader_.Peek().at);
      ranges.push_back(reader_.ReadFrames());
    } while (TakeOnLine(TokenKind::kComma));
  }

  void ReadBlock(Block block) {
    const Token head = reader_.Take();
    if (block == Block::kCheck) {
      return reader_.ReadBlock(head, [&] {
        source_.checks.push_back(reader_.Peek().at);
        scenario_.checks.push_back(ReadCheck(reader_));
      });
    }
    const bool setup = block == Block::kSetup;
    if (!Once(setup ? setup_ : after_, head)) return;
    ReadOperations(head, kAnyRole, setup ? scenario_.setup : scenario_.after);
  }

  void ReadThread(ThreadRole role) {
    const Token head = reader_.Take();
    ScenarioThread thread;
    thread.role = role;
    thread.line = head.at.line;
    thread.column = head.at.column;
    thread.name = reader_.ReadName(absl::StrCat("a name for the ", head.text, " thread"));
    ReadOperations(head, RoleBit(role), thread.operations);
    scenario_.threads.push_back(std::move(thread));
  }

  void ReadOperations(const Token& head, RoleSet roles, std::vector<Operation>& operations) {
    reader_.ReadBlock(head, [&] { operations.push_back(ReadOperation(reader_, roles)); });
  }

  // Spells combinations of variants in one way; what is no combination is left
  // for the validator to explain.
  void Canonicalize() {
    for (std::string& variant : scenario_.variants) {
      if (auto canonical = CanonicalVariant(scenario_.mmu, variant); canonical.ok()) {
        variant = *std::move(canonical);
      }
    }
  }

  TokenReader reader_;
  Scenario scenario_{};
  SourceMap source_{};
  Position setup_{};
  Position after_{};
};

}  // namespace

absl::StatusOr<Scenario> ParseScenario(absl::string_view text, absl::string_view name) {
  if (text.size() > kMaxScenarioBytes) {
    return InputError(name, {1, 1},
                      absl::StrCat("found ", text.size(), " bytes, expected at most ",
                                   kMaxScenarioBytes, "; make several scenarios of it"));
  }
  return Parser(text, name).Parse();
}

}  // namespace racewalk
