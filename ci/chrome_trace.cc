#include "ci/chrome_trace.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "ci/escape.h"
#include "ci/synchronization.h"
#include "ci/version.h"
#include "scenarios/violation_text.h"

namespace racewalk {
namespace {

// Thousandths of a step: whole numbers keep the order exact.
constexpr uint64_t kStep = 1000;

std::string Time(uint64_t thousandths) {
  return absl::StrFormat("%d.%03d", thousandths / kStep, thousandths % kStep);
}

class Writer {
 public:
  explicit Writer(const PageSubject& subject) : subject_(subject) {}

  std::string Json() {
    PlaceRows();
    Names();
    std::vector<uint64_t> ends(subject_.threads.size(), 0);
    std::vector<bool> open(subject_.threads.size(), false);
    for (std::size_t i = 0; i < subject_.rows.size(); ++i) {
      const TimelineRow& row = subject_.rows[i];
      const auto thread = static_cast<std::size_t>(std::max(row.thread, 0));
      if (thread >= subject_.threads.size()) continue;
      ends[thread] = start_[i] + length_[i];
      if (row.mark == TimelineRow::Mark::kCause) Mark(row, i, "made wrong here");
      if (row.mark == TimelineRow::Mark::kVictim) {
        Mark(row, i, ViolationSentence(subject_.recording.violation, subject_.threads));
      }
      if (row.kind == TimelineRow::Kind::kBegin) {
        open[thread] = true;
        Add("B", row.thread, start_[i], row.text, R"("cat":"operation")");
      } else if (row.kind == TimelineRow::Kind::kEnd) {
        if (open[thread]) Add("E", row.thread, start_[i], "", "");
        open[thread] = false;
      } else {
        Step(row, i);
      }
    }
    // An operation that the violation cut off ends with what was seen of it.
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (open[i]) Add("E", static_cast<int>(i), ends[i], "", "");
    }
    Flows();
    return absl::StrCat("{\"displayTimeUnit\":\"ms\",\n\"otherData\":{", About(),
                        "},\n\"traceEvents\":[\n", absl::StrJoin(events_, ",\n"), "\n]}\n");
  }

 private:
  std::string About() const {
    const absl::string_view revision = kRevision;
    return absl::StrCat(
        "\"timestamps\":\"numbers of steps, one microsecond each: no time was measured\","
        "\"scenario\":",
        JsonQuoted(ScenarioLabel(subject_.target.subject.scenario)),
        ",\"mmu\":", JsonQuoted(subject_.target.subject.mmu),
        ",\"variant\":", JsonQuoted(subject_.target.subject.variant),
        ",\"verdict\":", JsonQuoted(Name(subject_.recording.violation.kind)),
        ",\"token\":", JsonQuoted(subject_.token),
        ",\"version\":", JsonQuoted(absl::StrCat(kVersion, revision.empty() ? "" : " ", revision)));
  }

  // Rows of one thread and step share the step evenly.
  void PlaceRows() {
    start_.resize(subject_.rows.size());
    length_.resize(subject_.rows.size());
    std::vector<std::vector<std::size_t>> groups(subject_.threads.size() + 1);
    const auto flush = [&](std::vector<std::size_t>& group) {
      for (std::size_t i = 0; i < group.size(); ++i) {
        const uint64_t begin = i * kStep / group.size();
        const uint64_t end = (i + 1) * kStep / group.size();
        start_[group[i]] = subject_.rows[group[i]].step * kStep + begin;
        length_[group[i]] = end - begin;
      }
      group.clear();
    };
    for (std::size_t i = 0; i < subject_.rows.size(); ++i) {
      const auto thread = static_cast<std::size_t>(std::max(subject_.rows[i].thread, 0));
      std::vector<std::size_t>& group = groups[std::min(thread, groups.size() - 1)];
      if (!group.empty() && subject_.rows[group.front()].step != subject_.rows[i].step) {
        flush(group);
      }
      group.push_back(i);
    }
    for (std::vector<std::size_t>& group : groups) flush(group);
  }

  void Add(absl::string_view phase, int thread, uint64_t at, absl::string_view name,
           absl::string_view more) {
    events_.push_back(absl::StrCat("{\"ph\":\"", phase, "\",\"pid\":1,\"tid\":", thread + 1,
                                   ",\"ts\":", Time(at),
                                   name.empty() ? "" : absl::StrCat(",\"name\":", JsonQuoted(name)),
                                   more.empty() ? "" : ",", more, "}"));
  }

  void Names() {
    Add("M", -1, 0, "process_name",
        absl::StrCat("\"args\":{\"name\":",
                     JsonQuoted(ScenarioLabel(subject_.target.subject.scenario)), "}"));
    for (std::size_t i = 0; i < subject_.threads.size(); ++i) {
      const int thread = static_cast<int>(i);
      Add("M", thread, 0, "thread_name",
          absl::StrCat("\"args\":{\"name\":", JsonQuoted(subject_.threads[i]), "}"));
      Add("M", thread, 0, "thread_sort_index", absl::StrCat("\"args\":{\"sort_index\":", i, "}"));
    }
  }

  void Step(const TimelineRow& row, std::size_t index) {
    std::string args = absl::StrCat("\"step\":", row.step);
    if (!row.place.empty()) absl::StrAppend(&args, ",\"place\":", JsonQuoted(row.place));
    if (!row.point.empty()) {
      const std::string_view why = Info(FindPoint(row.point)).why;
      absl::StrAppend(&args, ",\"point\":", JsonQuoted(row.point),
                      ",\"why\":", JsonQuoted(absl::string_view(why.data(), why.size())),
                      ",\"weakened\":", row.weakened ? "true" : "false");
    }
    if (!row.stale.empty()) absl::StrAppend(&args, ",\"stale\":", JsonQuoted(row.stale));
    Add("X", row.thread, start_[index], row.text,
        absl::StrCat("\"cat\":\"step\",\"dur\":", Time(length_[index]), ",\"args\":{", args, "}"));
  }

  void Mark(const TimelineRow& row, std::size_t index, absl::string_view name) {
    Add("i", row.thread, start_[index], name, R"("cat":"violation","s":"g")");
  }

  void Flows() {
    std::vector<std::size_t> row_of(subject_.recording.events.size(), subject_.rows.size());
    for (std::size_t i = 0; i < subject_.rows.size(); ++i) {
      for (std::size_t j = subject_.rows[i].first; j < subject_.rows[i].end; ++j) row_of[j] = i;
    }
    int id = 0;
    for (const SyncEdge& edge : SyncEdges(subject_.recording)) {
      const std::size_t from = row_of[edge.store];
      const std::size_t to = row_of[edge.load];
      if (from == subject_.rows.size() || to == subject_.rows.size()) continue;
      const std::string_view point = Info(edge.weakened).name;
      std::string name = "release to acquire";
      if (edge.kind != SyncEdge::Kind::kOrdered) {
        name = absl::StrCat(edge.missing ? "MISSING: " : "weakened: ", std::string(point));
      }
      const std::string more = absl::StrCat("\"cat\":\"order\",\"id\":", ++id);
      // In the middle of its slice, so that a viewer binds it to that one.
      Add("s", subject_.rows[from].thread, start_[from] + length_[from] / 2, name, more);
      Add("f", subject_.rows[to].thread, start_[to] + length_[to] / 2, name,
          absl::StrCat(more, R"(,"bp":"e")"));
    }
  }

  const PageSubject& subject_;
  std::vector<uint64_t> start_{};  // of each row, in thousandths of a step
  std::vector<uint64_t> length_{};
  std::vector<std::string> events_{};
};

}  // namespace

std::string ChromeTrace(const PageSubject& subject) { return Writer(subject).Json(); }

}  // namespace racewalk
