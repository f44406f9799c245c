#include "ci/report/text.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/escape.h"
#include "ci/report/night_report.h"
#include "ci/report/night_words.h"
#include "ci/report/nights.h"
#include "ci/sentences.h"
#include "ci/table.h"
#include "scenarios/diagnostics.h"
#include "scenarios/nearest.h"

namespace racewalk {
namespace {

// Of each list; a page and JSON have more.
constexpr std::size_t kMostLines = 10;

std::string More(std::size_t all, absl::string_view nouns) {
  if (all <= kMostLines) return "";
  return absl::StrCat("  and ", Grouped(all - kMostLines), " more ", nouns,
                      "; --html or --json has them\n");
}

// What comes from a store is printed on one line, whatever it holds.
std::string NightLine(const NightReport& report) {
  const Night& night = report.store.told();
  std::string text =
      absl::StrCat("  ", Printable(NightText(night)), ", racewalk ", Printable(night.version), ", ",
                   Count(night.jobs, "job"), ", ", SpanText(night.seconds));
  const std::size_t earlier = report.store.nights.size() - 1 + report.store.nights_left_out;
  if (earlier > 0) absl::StrAppend(&text, "; ", Count(earlier, "earlier night"));
  return text + "\n";
}

std::string ViolationLines(const NightViolation& violation) {
  return absl::StrCat("  ", Printable(violation.kind),
                      violation.invariant.empty() ? "" : " (invariant ",
                      Printable(violation.invariant), violation.invariant.empty() ? "" : ")",
                      " in ", Printable(UnitText(violation.unit)), ", ",
                      Count(violation.count, "time"), "\n    ", Printable(violation.sentence), "\n",
                      violation.token.empty()
                          ? ""
                          : absl::StrCat("    ", Printable(ReplayCommand(violation.token)), "\n"));
}

std::string Violations(const NightReport& report, bool is_new) {
  std::string lines;
  std::size_t count = 0;
  for (const NightViolation& violation : report.store.violations) {
    if (violation.is_new() != is_new) continue;
    if (++count <= kMostLines) lines += ViolationLines(violation);
  }
  if (count == 0) return "";
  return absl::StrCat("\n", is_new ? "violations that no earlier night saw" : "known violations",
                      "\n", lines, More(count, "classes"));
}

std::string Worse(const NightReport& report) {
  if (!report.comparison || report.comparison->regressions.empty()) return "";
  std::string text =
      absl::StrCat("\nworse than in ", Printable(NightText(report.comparison->baseline)), " of ",
                   Quoted(report.comparison->path), "\n");
  const std::vector<Regression>& all = report.comparison->regressions;
  for (std::size_t i = 0; i < all.size() && i < 2 * kMostLines; ++i) {
    absl::StrAppend(&text, "  ", Printable(all[i].what), "\n    look: ", Printable(all[i].look),
                    "\n");
  }
  if (all.size() > 2 * kMostLines) {
    absl::StrAppend(&text, "  and ", all.size() - 2 * kMostLines, " more; --json has them\n");
  }
  return text;
}

std::string Engines(const NightReport& report) {
  std::vector<std::vector<std::string>> rows = {
      {"engine", "chunks", "run", "", "per second", "worker time", "lost"}};
  for (const auto& [engine, work] : report.store.told().engines) {
    rows.push_back({engine, Grouped(work.chunks), Grouped(work.executions),
                    std::string(CountedBy(engine)), RateText(work.rate()), SpanText(work.seconds()),
                    Grouped(work.lost)});
  }
  if (rows.size() == 1) return "";
  return absl::StrCat("\n", FormatTable(rows, {false, true, true, false, true, true, true}));
}

std::string SearchesText(uint64_t searches) {
  return searches == 1 ? "1 search" : absl::StrCat(Grouped(searches), " searches");
}

std::string Mutants(const NightReport& report) {
  if (report.store.mutants.empty()) return "";
  std::string text = absl::StrCat("\n", KillsText(report), "\n");
  const std::vector<const NightMutant*> survivors = Survivors(report);
  for (std::size_t i = 0; i < survivors.size() && i < kMostLines; ++i) {
    absl::StrAppend(&text, "  not killed: ", Printable(MutantText(survivors[i]->name)), ", in ",
                    Count(survivors[i]->executions, "execution"), "\n");
  }
  text += More(survivors.size(), "points");
  const std::vector<const NightMutant*> replayed = OnlyReplayed(report);
  for (std::size_t i = 0; i < replayed.size() && i < kMostLines; ++i) {
    absl::StrAppend(&text, "  not found by ", SearchesText(replayed[i]->searches), ": ",
                    Printable(MutantText(replayed[i]->name)), ", in ",
                    Count(replayed[i]->executions, "execution"), "; its known token shows it\n");
  }
  text += More(replayed.size(), "points");
  for (const NightMutant* slow : SlowestKills(report, 3)) {
    absl::StrAppend(&text, "  slow: ", Printable(MutantText(slow->name)), ", ",
                    SpanText(slow->seconds), ", ", Count(slow->executions, "execution"), ", by ",
                    Printable(slow->scenario), "\n");
  }
  return text;
}

std::string Incidents(const NightReport& report) {
  const std::vector<NightIncident>& all = report.store.incidents;
  if (all.empty()) return "";
  std::string text = "\nincidents\n";
  for (std::size_t i = 0; i < all.size() && i < kMostLines; ++i) {
    absl::StrAppend(&text, "  ", Printable(UnitText(all[i].unit)), ", chunk ", all[i].number, ": ",
                    Printable(all[i].text), "\n");
  }
  return text + More(report.store.told().incidents, "incidents");
}

}  // namespace

std::string ReportText(const NightReport& report) {
  std::string text = absl::StrCat(absl::AsciiStrToUpper(VerdictOf(report)), ": ", Headline(report),
                                  "\n", NightLine(report));
  for (const std::string& remark : Remarks(report)) {
    absl::StrAppend(&text, "  ", Printable(remark), "\n");
  }
  absl::StrAppend(&text, Worse(report), Violations(report, true), Violations(report, false),
                  Engines(report), Mutants(report), Incidents(report));
  return absl::StrCat(text, "\nverdict: ", VerdictOf(report), "; store ", Quoted(report.store.path),
                      "\n");
}

}  // namespace racewalk
