// What benchmarks have measured, as a table of rates and ratios.
#ifndef RACEWALK_CORE_VM_RATIO_TABLE_H_
#define RACEWALK_CORE_VM_RATIO_TABLE_H_

#include <benchmark/benchmark.h>

#include <algorithm>
#include <map>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace racewalk {

// The counter with the rate that goes into the tables: items a second.
inline constexpr char kFastest[] = "fastest";

// Collects the rates of benchmarks named OPERATION/SUBJECT/THREADS, shows each as
// usual and ends with tables in Markdown: of each rate the median of its
// repetitions, and its ratio to subject "bare" of the same operation and threads.
class RatioReporter : public benchmark::ConsoleReporter {
 public:
  // Rows are in the order of `subjects`.
  RatioReporter(std::ostream& out, std::vector<std::string> subjects)
      : ConsoleReporter(OO_Tabular), out_(out), order_(std::move(subjects)) {}

  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      const auto rate = run.counters.find(kFastest);
      if (run.run_type != Run::RT_Iteration || rate == run.counters.end()) continue;
      const std::vector<std::string> name = absl::StrSplit(run.run_name.function_name, '/');
      if (name.size() != 3) continue;
      rates_[name[0]][name[1]][std::stoi(name[2])].push_back(rate->second.value / kMillion);
    }
  }

  void Finalize() override {
    ConsoleReporter::Finalize();
    for (const auto& [operation, subjects] : rates_) WriteTable(operation, subjects);
  }

 private:
  using Rates = std::map<int, std::vector<double>>;  // by number of threads; millions a second
  using Subjects = std::map<std::string, Rates>;
  static constexpr double kMillion = 1e6;
  // Where the limit itself does not scale, nothing can be said of what is beside it.
  static constexpr double kScales = 1.5;

  static double Median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const std::size_t half = values.size() / 2;
    return values.size() % 2 != 0 ? values[half] : (values[half - 1] + values[half]) / 2;
  }
  static double Of(const Subjects& subjects, const std::string& subject, int threads) {
    const auto rates = subjects.find(subject);
    if (rates == subjects.end() || !rates->second.contains(threads)) return 0;
    return Median(rates->second.at(threads));
  }

  static std::string Cell(const Subjects& subjects, const std::string& subject, int threads) {
    const double rate = Of(subjects, subject, threads);
    if (rate == 0) return "";
    const double bare = Of(subjects, "bare", threads);
    return bare == 0 ? absl::StrFormat("%.3g", rate)
                     : absl::StrFormat("%.3g (%.2f)", rate, rate / bare);
  }
  // From one thread to two, as a share of how the bare walk does.
  static std::string Scaling(const Subjects& subjects, const std::string& subject) {
    const double one = Of(subjects, subject, 1);
    const double two = Of(subjects, subject, 2);
    if (one == 0 || two == 0) return "";
    const double bare_one = Of(subjects, "bare", 1);
    const double bare_two = Of(subjects, "bare", 2);
    if (bare_one == 0) return absl::StrFormat("%.2f", two / one);
    if (bare_two / bare_one < kScales) return absl::StrFormat("%.2f (not measurable)", two / one);
    return absl::StrFormat("%.2f (%.2f)", two / one, (two / one) / (bare_two / bare_one));
  }

  void WriteTable(const std::string& operation, const Subjects& subjects) {
    std::vector<int> threads;
    for (const auto& [subject, rates] : subjects) {
      for (const auto& [count, values] : rates) threads.push_back(count);
    }
    std::sort(threads.begin(), threads.end());
    threads.erase(std::unique(threads.begin(), threads.end()), threads.end());
    out_ << "\n| " << operation << " |";
    for (const int count : threads) {
      out_ << " " << count << (count == 1 ? " thread |" : " threads |");
    }
    out_ << " 1 to 2 |\n|"
         << absl::StrJoin(std::vector<std::string>(threads.size() + 2, " --- |"), "") << "\n";
    for (const std::string& subject : order_) {
      if (!subjects.contains(subject)) continue;
      out_ << "| " << subject << " |";
      for (const int count : threads) out_ << " " << Cell(subjects, subject, count) << " |";
      out_ << " " << Scaling(subjects, subject) << " |\n";
    }
    out_.flush();
  }

  std::ostream& out_;
  const std::vector<std::string> order_;   // of subjects
  std::map<std::string, Subjects> rates_;  // by operation
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_VM_RATIO_TABLE_H_
