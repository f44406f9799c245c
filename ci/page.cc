#include "ci/page.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <source_location>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "ci/decode.h"
#include "ci/escape.h"
#include "ci/event_text.h"
#include "ci/page_data.h"
#include "ci/page_files.h"
#include "ci/page_rows.h"
#include "ci/sentences.h"
#include "ci/synchronization.h"
#include "ci/version.h"
#include "ci/word_history.h"
#include "scenarios/printer.h"
#include "scenarios/violation_text.h"

namespace racewalk {
namespace {

class Page {
 public:
  explicit Page(const PageSubject& subject)
      : subject_(subject),
        violation_(subject.recording.violation),
        rows_(PageRows(subject.rows)),
        threads_(std::max<std::size_t>(subject.threads.size(), 1)),
        inside_(threads_, false) {
    for (const SyncEdge& edge : SyncEdges(subject.recording)) {
      if (edge.missing) missing_[edge.load] = edge;
    }
  }

  std::string Html() {
    Head();
    Verdict();
    html_ += "<main>\n<div id=\"timeline\">\n<table>\n<thead><tr><th scope=\"col\">step</th>";
    for (std::size_t i = 0; i < subject_.threads.size(); ++i) {
      absl::StrAppend(&html_, "<th scope=\"col\" class=\"t", i % 6, "\"><span>",
                      HtmlEscaped(subject_.threads[i]), "</span></th>");
    }
    html_ += "</tr></thead>\n<tbody>\n";
    for (std::size_t i = 0; i < rows_.size(); ++i) Row(i);
    html_ += "</tbody>\n</table>\n</div>\n<aside id=\"panel\" aria-live=\"polite\">\n";
    State();
    html_ += "</aside>\n</main>\n";
    Foot();
    return std::move(html_);
  }

 private:
  void Head() {
    const std::string scenario = ScenarioLabel(subject_.target.subject.scenario);
    html_ += PageBegin(absl::StrCat(VerdictText(), " in ", scenario.substr(0, 80)), PageCss());
  }

  std::string VerdictText() const {
    if (violation_.kind != ViolationKind::kNone) return Name(violation_.kind);
    return subject_.stopped_at ? absl::StrCat("stopped at step ", *subject_.stopped_at) : "clean";
  }

  // A term and what is said of it, already HTML.
  void Fact(absl::string_view term, absl::string_view text) {
    absl::StrAppend(&html_, "<dt>", term, "</dt><dd>", text, "</dd>\n");
  }

  void Verdict() {
    const bool wrong = violation_.kind != ViolationKind::kNone;
    const Subject& subject = subject_.target.subject;
    absl::StrAppend(&html_, "<header>\n<h1 class=\"", wrong ? "wrong" : "right", "\">",
                    HtmlEscaped(VerdictText()));
    if (*violation_.invariant != '\0') {
      absl::StrAppend(&html_, " <small>invariant ", HtmlEscaped(violation_.invariant), "</small>");
    }
    absl::StrAppend(&html_, "</h1>\n<p class=\"sentence\">",
                    HtmlEscaped(wrong ? ViolationSentence(violation_, subject_.threads)
                                      : "Nothing was found in what is shown."),
                    "</p>\n");
    if (!subject_.explanation.empty()) {
      absl::StrAppend(&html_, "<p class=\"because\"><b>Why:</b> ",
                      HtmlEscaped(subject_.explanation), "</p>\n");
    }
    NoteLeftOut();
    html_ += "<dl>\n";
    const std::string label = ScenarioLabel(subject.scenario);
    Fact("scenario", absl::StrCat(HtmlEscaped(label), ", ", HtmlEscaped(subject.mmu), " ",
                                  HtmlEscaped(subject.variant), ", ",
                                  HtmlEscaped(subject_.strategy.substr(0, 60))));
    if (!subject_.target.bug.empty()) Fact("bug", HtmlEscaped(subject_.target.bug));
    std::vector<std::string> weakened;
    for (std::size_t i = 1; i < kPointCount; ++i) {
      if (!subject.weakened.test(i)) continue;
      weakened.push_back(absl::StrCat("<code>", std::string(kPoints[i].name), "</code>"));
      // The explanation gives the reason of the one that it names.
      if (!absl::StrContains(subject_.explanation, std::string(kPoints[i].name))) {
        absl::StrAppend(&weakened.back(), " - ", HtmlEscaped(std::string(kPoints[i].why)));
      }
    }
    if (!weakened.empty()) Fact("weakened", absl::StrJoin(weakened, "<br>"));
    if (wrong) {
      const MarkedEvents marked = FindMarkedEvents(subject_.recording);
      Fact("seen", Place(marked.victim, violation_.step, violation_.thread, violation_.where));
      if (marked.cause != kNoEvent) {
        Fact("made wrong",
             Place(marked.cause, violation_.other_step, violation_.other, violation_.other_where));
      }
    }
    Fact("replay", absl::StrCat("<code>", HtmlEscaped(ReplayCommand(subject_.token)), "</code>"));
    absl::StrAppend(&html_, "</dl>\n<details><summary>scenario</summary><pre>",
                    HtmlEscaped(PrintScenario(subject.scenario)), "</pre></details>\n</header>\n");
  }

  // A link to the row of an event.
  std::string Place(std::size_t event, uint64_t step, int thread,
                    const std::source_location& where) const {
    const std::string place = PlaceText(where);
    const std::string rest =
        absl::StrCat(thread < 0 ? "" : " by ", thread < 0 ? "" : HtmlEscaped(ThreadName(thread)),
                     place.empty() ? "" : ", ", HtmlEscaped(place));
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const TimelineRow& row = rows_[i];
      if (event < row.first || event >= row.end) continue;
      return absl::StrCat("<a href=\"#r", i, "\">step ", step, "</a>", rest);
    }
    return absl::StrCat("step ", step, rest);
  }

  std::string ThreadName(int thread) const {
    const auto index = static_cast<std::size_t>(thread);
    return thread >= 0 && index < subject_.threads.size() ? subject_.threads[index] : "?";
  }

  void Row(std::size_t index) {
    const TimelineRow& row = rows_[index];
    if (row.kind == TimelineRow::Kind::kLeftOut) {
      LeftOut(index);
      return;
    }
    const std::size_t thread =
        std::min(static_cast<std::size_t>(std::max(row.thread, 0)), threads_ - 1);
    Follow(row.kind, thread);
    absl::StrAppend(&html_, "<tr id=\"r", index, "\" data-step=\"", row.step, "\"", Classes(row),
                    "><th scope=\"row\">", row.step, "</th>");
    for (std::size_t i = 0; i < thread; ++i) {
      absl::StrAppend(&html_, "<td class=\"t", i % 6, inside_[i] ? " in" : "", "\"></td>");
    }
    absl::StrAppend(&html_, "<td class=\"act t", thread % 6, inside_[thread] ? " in" : "",
                    "\" colspan=\"", threads_ - thread, "\"><i></i>");
    absl::StrAppend(&html_, "<code>", HtmlEscaped(row.text), "</code>");
    if (row.preempted >= 0) Note("x", absl::StrCat("x ", ThreadName(row.preempted)));
    if (!row.place.empty() || !row.point.empty()) Where(row);
    if (!row.stale.empty()) Note("stale", row.stale);
    const auto missing = missing_.find(row.first);
    if (row.end == row.first + 1 && missing != missing_.end()) {
      const SyncEdge& edge = missing->second;
      const PointInfo& info = Info(edge.weakened);
      Note("bad missing",
           absl::StrCat("MISSING ORDER with step ", subject_.recording.events[edge.store].step,
                        ": ", std::string(info.name), " is ", OrderName(info.weak), ", not ",
                        OrderName(info.strong)));
    }
    if (row.mark == TimelineRow::Mark::kCause) Note("bad", "this step made it wrong");
    if (row.mark == TimelineRow::Mark::kVictim) Note("bad", "here it was seen");
    html_ += "</td></tr>\n";
  }

  void Follow(TimelineRow::Kind kind, std::size_t thread) {
    if (kind == TimelineRow::Kind::kBegin) inside_[thread] = true;
    if (kind == TimelineRow::Kind::kEnd) inside_[thread] = false;
  }

  // Across all lanes.
  void LeftOut(std::size_t index) {
    const TimelineRow& left_out = rows_[index];
    uint64_t last = left_out.step;
    for (const TimelineRow& row : subject_.rows) {
      if (row.first < left_out.first || row.end > left_out.end) continue;
      Follow(row.kind, std::min(static_cast<std::size_t>(std::max(row.thread, 0)), threads_ - 1));
      last = row.step;
    }
    absl::StrAppend(&html_, "<tr id=\"r", index, "\" data-step=\"", left_out.step,
                    "\" data-last=\"", last, "\" class=\"leftout\"><th scope=\"row\">",
                    left_out.step, "</th><td class=\"act\" colspan=\"", threads_,
                    "\"><i></i><code>", HtmlEscaped(left_out.text), "</code></td></tr>\n");
  }

  // What the reader does not get, and how to get it.
  void NoteLeftOut() {
    std::vector<std::string> links;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (rows_[i].kind != TimelineRow::Kind::kLeftOut) continue;
      links.push_back(absl::StrCat("<a href=\"#r", i, "\">", HtmlEscaped(rows_[i].text), "</a>"));
    }
    if (links.empty()) return;
    absl::StrAppend(&html_,
                    "<p class=\"leftout\">This page is shortened: ", absl::StrJoin(links, "; "),
                    ". <code>racewalk replay</code> prints them all; with <code>--stop-at=STEP "
                    "--html=FILE</code> a page ends at any of them.</p>\n");
  }

  static std::string Classes(const TimelineRow& row) {
    std::vector<absl::string_view> classes;
    if (row.kind == TimelineRow::Kind::kBegin) classes.emplace_back("begin");
    if (row.kind == TimelineRow::Kind::kEnd) classes.emplace_back("end");
    if (row.kind == TimelineRow::Kind::kCollapsed) classes.emplace_back("many");
    if (row.mark == TimelineRow::Mark::kCause) classes.emplace_back("cause");
    if (row.mark == TimelineRow::Mark::kVictim) classes.emplace_back("victim");
    if (row.weakened) classes.emplace_back("weak");
    return classes.empty() ? "" : absl::StrCat(" class=\"", absl::StrJoin(classes, " "), "\"");
  }

  void Where(const TimelineRow& row) {
    absl::StrAppend(&html_, "<span class=\"where\">", HtmlEscaped(row.place));
    if (!row.point.empty()) {
      const PointInfo& info = Info(FindPoint(row.point));
      absl::StrAppend(&html_, " <abbr title=\"", HtmlEscaped(std::string(info.why)), "\">@",
                      HtmlEscaped(row.point), row.weakened ? " weakened" : "", "</abbr>");
    }
    html_ += "</span>";
  }

  void Note(absl::string_view kind, absl::string_view text) {
    absl::StrAppend(&html_, "<small class=\"", kind, "\">", HtmlEscaped(text), "</small>");
  }

  // The tables at the end, for readers without scripts; the script replaces it.
  void State() {
    html_ += "<h2>Page tables at the end</h2>\n<table class=\"state\">\n";
    const WordHistory history(subject_.recording.events);
    const WordNames names(subject_.recording.events);
    const std::vector<uint64_t> values = history.At(subject_.recording.events.size());
    for (std::size_t i = 0; i < history.words.size(); ++i) {
      const WordName& word = history.words[i].name;
      if (!IsTableEntry(word)) continue;
      absl::StrAppend(&html_, "<tr><th scope=\"row\">", HtmlEscaped(names.Text(word)), "</th><td>",
                      HtmlEscaped(DecodeValue(word.type, values[i])), "</td></tr>\n");
    }
    html_ += "</table>\n";
  }

  void Foot() {
    const absl::string_view revision = kRevision;
    absl::StrAppend(
        &html_,
        "<footer><p>Threads are lanes, time runs down, one step a row. <span class=\"stale\">"
        "STALE</span>: a load that did not see the newest store. x: the thread that ran before "
        "could have gone on. @: protocol point. Arrows: an acquire read a release of another "
        "thread; dashed: it would have, had its order not been weakened.</p>"
        "<p class=\"js\">Keys: <kbd>&uarr;</kbd> <kbd>&darr;</kbd> step, <kbd>&larr;</kbd> "
        "<kbd>&rarr;</kbd> step of the same thread, <kbd>Home</kbd> <kbd>End</kbd>, "
        "<kbd>c</kbd> what made it wrong, <kbd>v</kbd> where it was seen.</p><p>racewalk ",
        kVersion, revision.empty() ? "" : " ", revision, ", ",
        Count(subject_.recording.steps, "step"),
        "</p></footer>\n<script type=\"application/json\" id=\"data\">\n",
        PageData(subject_, rows_), "\n</script>\n<script>\n", PageJs(),
        "</script>\n</body>\n</html>\n");
  }

  const PageSubject& subject_;
  const Violation& violation_;
  std::vector<TimelineRow> rows_;
  std::size_t threads_;
  std::vector<bool> inside_;
  std::map<std::size_t, SyncEdge> missing_{};  // by the event of the load
  std::string html_{};
};

}  // namespace

std::string FormatPage(const PageSubject& subject) { return Page(subject).Html(); }

}  // namespace racewalk
