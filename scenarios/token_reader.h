// Reads tokens one after the other, and keeps the first error.
//
// After an error only the end is left to read, so that every loop over tokens
// ends and no caller has to test for errors between two steps.
#ifndef RACEWALK_SCENARIOS_TOKEN_READER_H_
#define RACEWALK_SCENARIOS_TOKEN_READER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "scenarios/diagnostics.h"
#include "scenarios/lexer.h"
#include "scenarios/scenario.h"
#include "scenarios/words.h"

namespace racewalk {

class TokenReader {
 public:
  // Both must outlive the reader.
  TokenReader(absl::string_view name, absl::string_view text);

  // The next token and the one after it.
  const Token& Peek() const { return tokens_[next_]; }
  const Token& PeekSecond() const;
  Token Take();
  bool TryTake(TokenKind kind);
  bool AtEnd() const { return Peek().kind == TokenKind::kEnd; }
  // No more on the line of the token that was taken last.
  bool LineEnded() const { return Peek().first_on_line; }
  bool NextIsWord() const { return !LineEnded() && Peek().kind == TokenKind::kWord; }

  bool failed() const { return !status_.ok(); }
  const absl::Status& status() const { return status_; }
  void Fail(Position at, absl::string_view message);
  // "found <next token>, expected <expected>; <remedy>".
  void FailHere(absl::string_view expected, absl::string_view remedy);
  // As FailHere for what must stand on the line of the token before it.
  void FailOnLine(absl::string_view expected, absl::string_view remedy);

  // Operands stand on the line of their word. `what` completes "expected ...".
  uint32_t ReadNumber(absl::string_view what);
  GfnRange ReadFrame();   // A
  GfnRange ReadFrames();  // A or A..B
  std::string ReadName(absl::string_view what);

  // One of the words of `table`; its first one after an error.
  template <typename E, std::size_t n>
  E ReadSpelling(const std::array<Spelling<E>, n>& table, absl::string_view what) {
    if (NextIsWord()) {
      if (const std::optional<E> value = ValueOf(table, Peek().text); value.has_value()) {
        Take();
        return *value;
      }
    }
    FailOnLine(what, NearestOrAll(NextIsWord() ? Peek().text : "", TextsOf(table)));
    return table[0].value;
  }

  // Reads what follows the head of a block, its first token `head`:
  //   { item; item }      over any number of lines, or
  //   : item; item        to the end of the line and of the indented lines after it.
  // Items are separated by ';' or the end of a line.
  void ReadBlock(const Token& head, absl::FunctionRef<void()> read_item);

 private:
  void FailFound(Position at, absl::string_view found, absl::string_view expected,
                 absl::string_view remedy);
  bool AtBlockEnd(bool braces, const Token& head) const;

  absl::string_view name_;
  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  absl::Status status_{};
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_TOKEN_READER_H_
