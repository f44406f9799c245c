#include "ci/report/chart.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "ci/escape.h"

namespace racewalk {
namespace {

constexpr double kWidth = 320;
constexpr double kHeight = 110;
constexpr double kLeft = 8;
constexpr double kRight = 312;
constexpr double kTop = 20;
constexpr double kBottom = 90;

double Across(std::size_t index, std::size_t count) {
  if (count < 2) return (kLeft + kRight) / 2;
  return kLeft + (kRight - kLeft) * static_cast<double>(index) / static_cast<double>(count - 1);
}

std::string Label(double x, double y, absl::string_view anchor, absl::string_view text) {
  return absl::StrFormat("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>", x, y, anchor,
                         HtmlEscaped(text));
}

// The line, broken at gaps, and a dot for each night.
std::string Drawn(const Chart& chart, double most) {
  std::string path;
  std::string dots;
  bool pen_down = false;
  for (std::size_t i = 0; i < chart.points.size(); ++i) {
    const ChartPoint& point = chart.points[i];
    if (!point.value) {
      pen_down = false;
      continue;
    }
    const double x = Across(i, chart.points.size());
    const double y = kBottom - (kBottom - kTop) * (most > 0 ? *point.value / most : 0);
    absl::StrAppendFormat(&path, "%s%.1f %.1f", pen_down ? "L" : "M", x, y);
    pen_down = true;
    absl::StrAppendFormat(
        &dots, "<circle%s cx=\"%.1f\" cy=\"%.1f\" r=\"%s\"><title>%s: %s</title></circle>",
        i + 1 == chart.points.size() ? " class=\"told\"" : "", x, y,
        i + 1 == chart.points.size() ? "4" : "2.5", HtmlEscaped(point.when),
        HtmlEscaped(point.text));
  }
  return absl::StrCat("<path d=\"", path, "\"/>", dots);
}

}  // namespace

std::string ChartHtml(const Chart& chart) {
  double most = 0;
  const ChartPoint* highest = nullptr;
  const ChartPoint* first = nullptr;
  const ChartPoint* last = nullptr;
  for (const ChartPoint& point : chart.points) {
    if (!point.value) continue;
    if (first == nullptr) first = &point;
    last = &point;
    if (highest == nullptr || *point.value > most) {
      highest = &point;
      most = *point.value;
    }
  }
  const std::string title = HtmlEscaped(chart.title);
  if (first == nullptr) {
    return absl::StrCat("<figure><figcaption>", title,
                        "</figcaption><p class=\"faint\">no night has it</p></figure>\n");
  }
  std::string html = absl::StrCat("<figure><figcaption>", title, ": <b>", HtmlEscaped(last->text),
                                  "</b></figcaption>\n");
  absl::StrAppendFormat(&html,
                        "<svg id=\"%s\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
                        "aria-label=\"%s: %s on %s, %s on %s\">",
                        chart.id, kWidth, kHeight, title, HtmlEscaped(first->text),
                        HtmlEscaped(first->when), HtmlEscaped(last->text), HtmlEscaped(last->when));
  absl::StrAppendFormat(&html, "<line x1=\"%.0f\" y1=\"%.0f\" x2=\"%.0f\" y2=\"%.0f\"/>", kLeft,
                        kBottom, kRight, kBottom);
  absl::StrAppendFormat(&html,
                        "<line class=\"grid\" x1=\"%.0f\" y1=\"%.0f\" x2=\"%.0f\" y2=\"%.0f\"/>",
                        kLeft, kTop, kRight, kTop);
  absl::StrAppend(&html, Drawn(chart, most),
                  Label(kLeft, kTop - 5, "start", absl::StrCat("most: ", highest->text)),
                  Label(kLeft, kHeight - 5, "start", chart.points.front().when));
  if (chart.points.size() > 1) {
    html += Label(kRight, kHeight - 5, "end", chart.points.back().when);
  }
  return html + "</svg></figure>\n";
}

}  // namespace racewalk
