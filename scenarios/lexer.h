// Cuts a scenario into tokens. Comments and blanks vanish; where lines begin is
// kept, because the end of a line separates operations.
#ifndef RACEWALK_SCENARIOS_LEXER_H_
#define RACEWALK_SCENARIOS_LEXER_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "scenarios/diagnostics.h"

namespace racewalk {

enum class TokenKind : uint8_t {
  kWord,  // letters, digits, '_' and '-': words, names and numbers alike
  kDotDot,
  kOpenBrace,
  kCloseBrace,
  kSemicolon,
  kColon,
  kEquals,
  kComma,
  kPlus,
  kBad,  // a byte that has no meaning
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  absl::string_view text{};  // in the scenario's text; empty at the end
  Position at{};
  bool first_on_line = false;
  uint32_t indent = 0;  // column of the first token of its line
};

// The tokens of `text`, which they point into. The last one is kEnd, which
// counts as the first of a line; a byte without meaning becomes kBad and ends
// the work, since only the first error is told.
std::vector<Token> Tokenize(absl::string_view text);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_LEXER_H_
