#include "scenarios/explore/token.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "scenarios/diagnostics.h"
#include "scenarios/explore/subject_words.h"
#include "scenarios/nearest.h"
#include "scenarios/subject.h"

namespace racewalk {
namespace {

constexpr absl::string_view kForm =
    "; a token is SCENARIO#HASH@MMU[+VARIANT...][+weaken=POINT,...][+bug=NAME]/STRATEGY/seed=HEX64";

// Knows where in the text a part stands, since parts are views into it.
class Reader {
 public:
  explicit Reader(absl::string_view text) : text_(text) {}

  absl::StatusOr<ReplayToken> Read();

 private:
  absl::Status Error(absl::string_view part, absl::string_view problem) const {
    return absl::InvalidArgumentError(
        absl::StrCat("token, column ", part.data() - text_.data() + 1, ": ", problem));
  }
  absl::Status Check(absl::string_view part, const std::string& problem) const {
    return problem.empty() ? absl::OkStatus() : Error(part, problem);
  }
  // Cuts what follows the last `mark` off `rest`.
  absl::Status CutLast(char mark, absl::string_view what, absl::string_view& rest,
                       absl::string_view& part) const;
  absl::Status ReadSeed(absl::string_view part);
  // What follows '@': the MMU, then words joined by '+'.
  absl::Status ReadSubject(absl::string_view part);
  absl::Status ReadWord(absl::string_view word);
  absl::Status ReadWeaken(absl::string_view points);
  absl::Status ReadBug(absl::string_view name);
  absl::Status ReadVariant(absl::string_view word);

  absl::string_view text_;
  ReplayToken token_{};
};

absl::Status Reader::CutLast(char mark, absl::string_view what, absl::string_view& rest,
                             absl::string_view& part) const {
  const std::size_t at = rest.rfind(mark);
  if (at == absl::string_view::npos) {
    return Error(rest.substr(rest.size()),
                 absl::StrCat("expected '", std::string(1, mark), "' and ", what, kForm));
  }
  part = rest.substr(at + 1);
  rest = rest.substr(0, at);
  return absl::OkStatus();
}

absl::Status Reader::ReadSeed(absl::string_view part) {
  absl::string_view digits = part;
  if (absl::ConsumePrefix(&digits, "seed=") && ParseHex64(digits, token_.key)) {
    return absl::OkStatus();
  }
  return Error(part, absl::StrCat("expected 'seed=' and 16 hexadecimal digits, not ", Quoted(part),
                                  "; copy the whole token, to its last digit"));
}

absl::Status Reader::ReadWeaken(absl::string_view points) {
  if (!token_.weaken.empty()) return Error(points, "'weaken=' stands twice; join points with ','");
  for (absl::string_view word : absl::StrSplit(points, ',')) {
    absl::Status status = Check(word, PointProblem(word));
    if (!status.ok()) return status;
    if (std::find(token_.weaken.begin(), token_.weaken.end(), word) != token_.weaken.end()) {
      return Error(word, absl::StrCat("point ", Quoted(word), " stands twice; remove one"));
    }
    token_.weaken.emplace_back(word);
  }
  return absl::OkStatus();
}

absl::Status Reader::ReadBug(absl::string_view name) {
  if (!token_.bug.empty()) return Error(name, "'bug=' stands twice; a token has at most one bug");
  token_.bug = std::string(name);
  return Check(name, BugProblem(name));
}

absl::Status Reader::ReadVariant(absl::string_view word) {
  const std::size_t equals = word.find('=');
  if (equals != absl::string_view::npos) {
    const absl::string_view name = word.substr(0, equals);
    return Error(word, absl::StrCat("unknown word ", Quoted(name), "; ",
                                    NearestOrAll(name, {"weaken", "bug"})));
  }
  absl::StrAppend(&token_.variant, token_.variant.empty() ? "" : "+", word);
  return Check(word, VariantProblem(word));
}

absl::Status Reader::ReadWord(absl::string_view word) {
  absl::string_view value = word;
  if (absl::ConsumePrefix(&value, "weaken=")) return ReadWeaken(value);
  if (absl::ConsumePrefix(&value, "bug=")) return ReadBug(value);
  return ReadVariant(word);
}

absl::Status Reader::ReadSubject(absl::string_view part) {
  bool first = true;
  for (absl::string_view word : absl::StrSplit(part, '+')) {
    absl::Status status = first ? Check(word, MmuProblem(word)) : ReadWord(word);
    if (!status.ok()) return status;
    if (first) token_.mmu = std::string(word);
    first = false;
  }
  return absl::OkStatus();
}

absl::StatusOr<ReplayToken> Reader::Read() {
  absl::string_view rest = absl::StripAsciiWhitespace(text_);
  if (rest.size() > kMaxTokenBytes) {
    return Error(text_, absl::StrCat("longer than ", kMaxTokenBytes, " bytes", kForm));
  }
  absl::string_view seed;
  absl::string_view strategy;
  absl::string_view subject;
  absl::string_view hash;
  absl::Status status = CutLast('/', "the seed", rest, seed);
  if (status.ok()) status = ReadSeed(seed);
  if (status.ok()) status = CutLast('/', "the strategy", rest, strategy);
  if (status.ok()) status = Check(strategy, StrategyProblem(strategy));
  if (status.ok()) status = CutLast('@', "the MMU", rest, subject);
  if (status.ok()) status = ReadSubject(subject);
  if (status.ok()) status = CutLast('#', "the scenario's hash", rest, hash);
  if (status.ok()) status = Check(hash, HashProblem(hash));
  if (!status.ok()) return status;
  std::size_t bad = 0;
  const std::string problem = ScenarioProblem(rest, bad);
  if (!problem.empty()) return Error(rest.substr(bad), problem);
  token_.strategy = std::string(strategy);
  token_.hash = std::string(hash);
  token_.scenario = std::string(rest);
  return token_;
}

}  // namespace

std::string FormatToken(const ReplayToken& token) {
  std::string text = absl::StrCat(token.scenario, "#", token.hash, "@", token.mmu);
  if (!token.variant.empty()) absl::StrAppend(&text, "+", token.variant);
  if (!token.weaken.empty()) {
    absl::StrAppend(&text, "+weaken=", absl::StrJoin(token.weaken, ","));
  }
  if (!token.bug.empty()) absl::StrAppend(&text, "+bug=", token.bug);
  absl::StrAppend(&text, "/", token.strategy, "/seed=", FormatHex64(token.key));
  return text;
}

absl::StatusOr<ReplayToken> ParseToken(absl::string_view text) { return Reader(text).Read(); }

}  // namespace racewalk
