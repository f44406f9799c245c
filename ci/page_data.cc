#include "ci/page_data.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "ci/decode.h"
#include "ci/escape.h"
#include "ci/event_text.h"
#include "ci/synchronization.h"
#include "ci/word_history.h"

namespace racewalk {
namespace {

constexpr std::size_t kNone = ~std::size_t{0};

std::string Array(const std::vector<std::string>& items) {
  return absl::StrCat("[", absl::StrJoin(items, ","), "]");
}

std::string Quoted(std::string_view text) {
  return JsonQuoted(absl::string_view(text.data(), text.size()));
}

class Data {
 public:
  Data(const PageSubject& subject, const std::vector<TimelineRow>& rows)
      : subject_(subject),
        rows_(rows),
        events_(subject.recording.events),
        names_(events_),
        history_(events_),
        row_of_(events_.size(), kNone) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      // No arrow leads to what is not there.
      if (rows[i].kind == TimelineRow::Kind::kLeftOut) continue;
      for (std::size_t j = rows[i].first; j < rows[i].end; ++j) row_of_[j] = i;
    }
  }

  std::string Json() {
    std::vector<std::string> threads;
    for (const std::string& name : subject_.threads) threads.push_back(JsonQuoted(name));
    const std::string words = Words();
    const std::string rows = Rows();
    const std::string values = Array(values_);
    return absl::StrCat("{\"threads\":", Array(threads), ",\n\"words\":", words,
                        ",\n\"values\":", values, ",\n\"rows\":", rows, ",\n\"edges\":", Edges(),
                        ",\n\"points\":", Points(), "}");
  }

 private:
  // The index of a value; each is described once.
  std::size_t Value(ValueType type, uint64_t value) {
    const auto [at, fresh] = value_index_.emplace(std::make_pair(type, value), values_.size());
    if (fresh) {
      std::vector<std::string> fields;
      for (const DecodedField& field : DecodeFields(type, value)) {
        fields.push_back(
            absl::StrCat("[", JsonQuoted(field.name), ",", JsonQuoted(field.value), "]"));
      }
      values_.push_back(absl::StrCat("[", JsonQuoted(DecodeValue(type, value)), ",\"0x",
                                     absl::Hex(value), "\",", Array(fields), "]"));
    }
    return at->second;
  }

  // [name, table or -1, slot, initial value, whether it changes]
  std::string Words() {
    std::vector<std::string> words;
    for (const HistoryWord& word : history_.words) {
      const bool entry = IsTableEntry(word.name);
      words.push_back(absl::StrCat("[", JsonQuoted(names_.Text(word.name)), ",",
                                   entry ? absl::StrCat(word.name.owner) : "-1", ",",
                                   word.name.index, ",", Value(word.name.type, word.initial), ",",
                                   word.changes ? 1 : 0, "]"));
    }
    return Array(words);
  }

  // [thread or -1, word or -1, value, value before or -1, changes: word, value, ...]
  std::string Rows() {
    std::vector<std::string> rows;
    std::size_t change = 0;
    for (const TimelineRow& row : rows_) {
      // Of many changes of a word within a row the last one counts.
      std::map<std::size_t, uint64_t> made;
      for (; change < history_.changes.size() && history_.changes[change].event < row.end;
           ++change) {
        made[history_.changes[change].word] = history_.changes[change].to;
      }
      std::vector<std::string> changes;
      for (const auto& [word, to] : made) {
        changes.push_back(absl::StrCat(word, ",", Value(history_.words[word].name.type, to)));
      }
      std::string touched = "-1,-1,-1";
      const bool single = row.end == row.first + 1;
      const std::size_t word = single ? history_.word_of[row.first] : WordHistory::kNoWord;
      if (word != WordHistory::kNoWord) {
        const Event& event = events_[row.first];
        touched = absl::StrCat(
            word, ",", Value(event.word.type, event.value), ",",
            MakesStore(event.kind) ? absl::StrCat(Value(event.word.type, event.previous)) : "-1");
      }
      rows.push_back(absl::StrCat("[", row.thread, ",", touched, ",", Array(changes), "]"));
    }
    return absl::StrCat("[", absl::StrJoin(rows, ",\n"), "]");
  }

  // [row of the store, row of the load, kind, label]
  std::string Edges() {
    std::vector<std::string> edges;
    for (const SyncEdge& edge : SyncEdges(subject_.recording)) {
      const std::size_t from = row_of_[edge.store];
      const std::size_t to = row_of_[edge.load];
      if (from == kNone || to == kNone) continue;
      const bool ordered = edge.kind == SyncEdge::Kind::kOrdered;
      const PointInfo& info = Info(edge.weakened);
      edges.push_back(absl::StrCat("[", from, ",", to, ",\"",
                                   ordered        ? "ordered"
                                   : edge.missing ? "missing"
                                                  : "weakened",
                                   "\",", ordered ? "\"\"" : Quoted(info.name), "]"));
    }
    return Array(edges);
  }

  // "name": [kind, why, pairs with]
  std::string Points() {
    std::map<std::string, std::string> points;
    for (const Event& event : events_) {
      if (event.at == point::none) continue;
      const PointInfo& info = Info(event.at);
      std::string kind = "step";
      if (info.kind == PointKind::kOrder) kind = std::string(OrderName(info.strong));
      points[std::string(info.name)] = absl::StrCat(Quoted(info.name), ":[", JsonQuoted(kind), ",",
                                                    Quoted(info.why), ",", Quoted(info.pairs), "]");
    }
    std::vector<std::string> items;
    for (const auto& [name, item] : points) items.push_back(item);
    return absl::StrCat("{", absl::StrJoin(items, ",\n"), "}");
  }

  const PageSubject& subject_;
  const std::vector<TimelineRow>& rows_;
  const std::vector<Event>& events_;
  WordNames names_;
  WordHistory history_;
  std::vector<std::size_t> row_of_;
  std::vector<std::string> values_{};
  std::map<std::pair<ValueType, uint64_t>, std::size_t> value_index_{};
};

}  // namespace

std::string PageData(const PageSubject& subject, const std::vector<TimelineRow>& rows) {
  return Data(subject, rows).Json();
}

}  // namespace racewalk
