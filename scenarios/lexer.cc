#include "scenarios/lexer.h"

#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace racewalk {
namespace {

constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool IsWordByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
}

// The kind and length of the token at the start of `rest`, which is no word.
TokenKind PunctuationKind(absl::string_view rest, std::size_t* length) {
  *length = 1;
  switch (rest[0]) {
    case '{':
      return TokenKind::kOpenBrace;
    case '}':
      return TokenKind::kCloseBrace;
    case ';':
      return TokenKind::kSemicolon;
    case ':':
      return TokenKind::kColon;
    case '=':
      return TokenKind::kEquals;
    case ',':
      return TokenKind::kComma;
    case '+':
      return TokenKind::kPlus;
    default:
      break;
  }
  if (absl::StartsWith(rest, "..")) {
    *length = 2;
    return TokenKind::kDotDot;
  }
  return TokenKind::kBad;
}

}  // namespace

std::vector<Token> Tokenize(absl::string_view text) {
  std::vector<Token> tokens;
  std::size_t i = absl::StartsWith(text, kByteOrderMark) ? kByteOrderMark.size() : 0;
  std::size_t line_start = i;
  uint32_t line = 1;
  uint32_t indent = 0;  // 0: no token on this line yet
  const auto position = [&] { return Position{line, static_cast<uint32_t>(i - line_start + 1)}; };

  while (i < text.size()) {
    const char c = text[i];
    if (c == '\n') {
      ++i;
      ++line;
      line_start = i;
      indent = 0;
      continue;
    }
    if (c == ' ' || c == '\t' || c == '\r') {
      ++i;
      continue;
    }
    if (c == '#') {
      while (i < text.size() && text[i] != '\n') ++i;
      continue;
    }
    Token token;
    token.at = position();
    token.first_on_line = indent == 0;
    if (token.first_on_line) indent = token.at.column;
    token.indent = indent;
    std::size_t length = 0;
    while (i + length < text.size() && IsWordByte(text[i + length])) ++length;
    token.kind = length > 0 ? TokenKind::kWord : PunctuationKind(text.substr(i), &length);
    token.text = text.substr(i, length);
    tokens.push_back(token);
    i += length;
    if (token.kind == TokenKind::kBad) break;
  }
  tokens.push_back(Token{TokenKind::kEnd, "", position(), true, 0});
  return tokens;
}

}  // namespace racewalk
