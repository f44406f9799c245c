#include "scenarios/operation_parser.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "scenarios/diagnostics.h"
#include "scenarios/nearest.h"

namespace racewalk {
namespace {

Operation ReadOperationAt(TokenReader& reader, RoleSet roles, int depth);

template <typename E, std::size_t n>
bool IsIn(const std::array<Spelling<E>, n>& table, absl::string_view text) {
  for (const Spelling<E>& spelling : table) {
    if (spelling.text == text) return true;
  }
  return false;
}

// What to do about a word that is no operation.
std::string WordRemedy(absl::string_view word, const std::vector<std::string>& own,
                       const std::vector<std::string>& all) {
  if (IsIn(kRoleSpellings, word) || IsIn(kBlockSpellings, word) || IsIn(kHeaderSpellings, word)) {
    return "begin it on a new line that is not indented, or close the block before it with '}'";
  }
  if (Nearest(word, own).empty() && !Nearest(word, all).empty()) return NearestOrAll(word, all);
  return NearestOrAll(word, own);
}

// Reads the word, of one part or two.
const Word* ReadWord(TokenReader& reader, RoleSet roles) {
  std::vector<std::string> seconds;
  const Token first = reader.Peek();
  for (const Word& word : Words()) {
    if (first.kind != TokenKind::kWord || word.first != first.text) continue;
    if (word.second.empty()) {
      reader.Take();
      return &word;
    }
    seconds.emplace_back(word.second);
  }
  if (seconds.empty()) {
    const bool is_word = first.kind == TokenKind::kWord;
    reader.FailHere("an operation",
                    WordRemedy(is_word ? first.text : "", FirstParts(roles), FirstParts(kAnyRole)));
    return nullptr;
  }
  reader.Take();
  for (const Word& word : Words()) {
    if (word.first == first.text && reader.NextIsWord() && word.second == reader.Peek().text) {
      reader.Take();
      return &word;
    }
  }
  reader.FailOnLine(absl::StrCat("what to do after '", first.text, "'"),
                    NearestOrAll(reader.NextIsWord() ? reader.Peek().text : "", seconds));
  return nullptr;
}

void ReadRepeat(TokenReader& reader, RoleSet roles, int depth, Operation& operation) {
  const Token head = reader.Peek();
  operation.number = reader.ReadNumber("how many times to repeat");
  if (depth >= kMaxRepeatDepth) {
    reader.Fail({operation.line, operation.column},
                absl::StrCat("found 'repeat' inside ", depth, " others, expected at most ",
                             kMaxRepeatDepth, " in each other; multiply some of their counts"));
  }
  if (reader.failed()) return;
  if (reader.Peek().kind != TokenKind::kOpenBrace) {
    reader.FailHere("'{'", "write the body in braces, as in 'repeat 3 { read 0 }'");
    return;
  }
  reader.ReadBlock(head,
                   [&] { operation.body.push_back(ReadOperationAt(reader, roles, depth + 1)); });
}

void ReadOperands(TokenReader& reader, const Word& word, RoleSet roles, int depth,
                  Operation& operation) {
  switch (word.operands) {
    case Operands::kNone:
      break;
    case Operands::kFrame:
      operation.range = reader.ReadFrame();
      break;
    case Operands::kFrames:
      operation.range = reader.ReadFrames();
      break;
    case Operands::kFramesAccess:
      operation.range = reader.ReadFrames();
      operation.access = reader.ReadSpelling(kAccessSpellings, "an access");
      break;
    case Operands::kOptionalRole:
      if (reader.NextIsWord()) operation.number = reader.ReadNumber("a role number");
      break;
    case Operands::kOptionalSlot:
      if (reader.NextIsWord()) operation.number = reader.ReadNumber("a slot number");
      break;
    case Operands::kSlot:
      operation.number = reader.ReadNumber("a slot number");
      break;
    case Operands::kSlotFrames:
      operation.number = reader.ReadNumber("a slot number");
      operation.range = reader.ReadFrames();
      break;
    case Operands::kSlotTarget:
      operation.number = reader.ReadNumber("a slot number");
      operation.target = reader.ReadFrames();
      break;
    case Operands::kRepeat:
      ReadRepeat(reader, roles, depth, operation);
      break;
  }
}

Operation ReadOperationAt(TokenReader& reader, RoleSet roles, int depth) {
  Operation operation;
  operation.line = reader.Peek().at.line;
  operation.column = reader.Peek().at.column;
  const Word* word = ReadWord(reader, roles);
  if (word == nullptr) return operation;
  operation.verb = word->verb;
  ReadOperands(reader, *word, roles, depth, operation);
  return operation;
}

}  // namespace

Operation ReadOperation(TokenReader& reader, RoleSet roles) {
  return ReadOperationAt(reader, roles, 0);
}

CheckLine ReadCheck(TokenReader& reader) {
  std::vector<std::string> texts;
  const Token token = reader.Peek();
  for (const CheckWord& word : CheckWords()) {
    texts.emplace_back(word.text);
    if (token.kind != TokenKind::kWord || word.text != token.text) continue;
    reader.Take();
    const bool one = word.operands == Operands::kFrame;
    return {word.verb, one ? reader.ReadFrame() : reader.ReadFrames()};
  }
  const bool is_word = token.kind == TokenKind::kWord;
  reader.FailHere("a check", NearestOrAll(is_word ? token.text : "", texts));
  return {};
}

}  // namespace racewalk
