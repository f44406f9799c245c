#include "scenarios/token_reader.h"

#include <algorithm>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "scenarios/nearest.h"

namespace racewalk {
namespace {

bool IsNumber(absl::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

std::string Describe(const Token& token) {
  if (token.kind != TokenKind::kBad) return Quoted(token.text);
  const auto byte = static_cast<unsigned char>(token.text[0]);
  if (absl::ascii_isprint(byte)) return Quoted(token.text);
  return absl::StrCat("the byte 0x", absl::Hex(byte, absl::kZeroPad2));
}

// People write ranges in many ways; "0-3" arrives as one word.
std::string FramesRemedy(absl::string_view word) {
  const std::size_t dash = word.find('-');
  if (dash != absl::string_view::npos && IsNumber(word.substr(0, dash)) &&
      IsNumber(word.substr(dash + 1))) {
    return absl::StrCat("did you mean '", absl::StrReplaceAll(word, {{"-", ".."}}), "'?");
  }
  return "write a number from 0, such as '2', or both ends of a range, such as '0..3'";
}

}  // namespace

TokenReader::TokenReader(absl::string_view name, absl::string_view text)
    : name_(name), tokens_(Tokenize(text)) {}

const Token& TokenReader::PeekSecond() const {
  return tokens_[std::min(next_ + 1, tokens_.size() - 1)];
}

Token TokenReader::Take() {
  const Token token = Peek();
  if (next_ + 1 < tokens_.size()) ++next_;
  return token;
}

bool TokenReader::TryTake(TokenKind kind) {
  if (Peek().kind != kind || kind == TokenKind::kEnd) return false;
  Take();
  return true;
}

void TokenReader::Fail(Position at, absl::string_view message) {
  if (status_.ok()) status_ = InputError(name_, at, message);
  next_ = tokens_.size() - 1;
}

void TokenReader::FailFound(Position at, absl::string_view found, absl::string_view expected,
                            absl::string_view remedy) {
  Fail(at, absl::StrCat("found ", found, ", expected ", expected, "; ", remedy));
}

void TokenReader::FailHere(absl::string_view expected, absl::string_view remedy) {
  const Token& token = Peek();
  if (token.kind == TokenKind::kBad) {
    remedy = token.text == "."
                 ? "a range is written with two dots, as in '0..3'"
                 : "remove it: outside comments ('#') there are only letters, digits and "
                   "_ { } ; : = , + ..";
  }
  FailFound(token.at, AtEnd() ? "the end of the scenario" : Describe(token), expected, remedy);
}

void TokenReader::FailOnLine(absl::string_view expected, absl::string_view remedy) {
  if (!LineEnded() || next_ == 0) return FailHere(expected, remedy);
  const Token& last = tokens_[next_ - 1];
  const auto length = static_cast<uint32_t>(last.text.size());
  FailFound({last.at.line, last.at.column + length},
            AtEnd() ? "the end of the scenario" : "the end of the line", expected, remedy);
}

uint32_t TokenReader::ReadNumber(absl::string_view what) {
  if (!NextIsWord() || !IsNumber(Peek().text)) {
    FailOnLine(what, "write a number, such as '1'");
    return 0;
  }
  uint32_t number = 0;
  if (!absl::SimpleAtoi(Peek().text, &number)) {
    FailOnLine(what, absl::StrCat("write a number that is smaller than ",
                                  uint64_t{1} << std::numeric_limits<uint32_t>::digits));
    return 0;
  }
  Take();
  return number;
}

GfnRange TokenReader::ReadFrame() {
  constexpr absl::string_view kWhat = "one frame number";
  if (!NextIsWord() || !IsNumber(Peek().text)) {
    FailOnLine(kWhat, "write a number from 0, such as '2'");
    return {};
  }
  const uint32_t frame = ReadNumber(kWhat);
  if (!LineEnded() && Peek().kind == TokenKind::kDotDot) {
    FailHere("';' or the end of the line", "this word takes one frame: leave the '..' out");
  }
  return {frame, frame};
}

GfnRange TokenReader::ReadFrames() {
  constexpr absl::string_view kWhat = "frames, A or A..B";
  if (!NextIsWord() || !IsNumber(Peek().text)) {
    FailOnLine(kWhat, FramesRemedy(NextIsWord() ? Peek().text : ""));
    return {};
  }
  GfnRange range;
  range.first = range.last = ReadNumber(kWhat);
  if (!LineEnded() && TryTake(TokenKind::kDotDot)) {
    range.last = ReadNumber("the last frame of the range");
  }
  return range;
}

std::string TokenReader::ReadName(absl::string_view what) {
  if (!NextIsWord()) {
    FailOnLine(what, "write one of letters, digits and '_', such as 'a'");
    return "";
  }
  return std::string(Take().text);
}

bool TokenReader::AtBlockEnd(bool braces, const Token& head) const {
  if (AtEnd()) return true;
  if (braces) return Peek().kind == TokenKind::kCloseBrace;
  return Peek().first_on_line && Peek().at.column <= head.indent;
}

void TokenReader::ReadBlock(const Token& head, absl::FunctionRef<void()> read_item) {
  const bool colon = !LineEnded() && TryTake(TokenKind::kColon);
  const Token open = Peek();
  const bool braces = (!colon || !LineEnded()) && TryTake(TokenKind::kOpenBrace);
  if (!colon && !braces) {
    FailOnLine("':' or '{'", "write the operations as 'vcpu a: read 0' or 'vcpu a{read 0}'");
  }
  while (!AtBlockEnd(braces, head)) {
    if (TryTake(TokenKind::kSemicolon)) continue;
    read_item();
    const bool closed = !failed() && tokens_[next_ - 1].kind == TokenKind::kCloseBrace;
    if (AtBlockEnd(braces, head) || LineEnded() || closed) continue;
    if (Peek().kind == TokenKind::kSemicolon) continue;
    FailHere(braces ? "';' or '}'" : "';' or the end of the line",
             "separate operations by ';', and end a block before the next one");
  }
  if (braces && !TryTake(TokenKind::kCloseBrace)) {
    FailHere("'}'", absl::StrCat("close the block that was opened in line ", open.at.line,
                                 ", column ", open.at.column));
  }
}

}  // namespace racewalk
