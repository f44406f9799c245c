// A number over the nights as a picture: SVG inside of a page, without scripts.
#ifndef RACEWALK_CI_REPORT_CHART_H_
#define RACEWALK_CI_REPORT_CHART_H_

#include <optional>
#include <string>
#include <vector>

namespace racewalk {

struct ChartPoint {
  std::string when{};             // "11-20"
  std::optional<double> value{};  // not negative; nothing: a gap
  std::string text{};             // the value as it is told
};

struct Chart {
  std::string id{};     // of the element: letters
  std::string title{};  // "executions a second of a worker"
  std::vector<ChartPoint> points{};
};

// A figure with its title, which screen readers read with the first and the last value; hovering a
// point tells its night and value. The axis begins at zero. Whatever texts hold is escaped.
std::string ChartHtml(const Chart& chart);

}  // namespace racewalk

#endif  // RACEWALK_CI_REPORT_CHART_H_
