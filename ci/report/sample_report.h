// Reports for tests of their forms.
#ifndef RACEWALK_CI_REPORT_SAMPLE_REPORT_H_
#define RACEWALK_CI_REPORT_SAMPLE_REPORT_H_

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "ci/report/night_report.h"
#include "ci/report/nights.h"
#include "ci/report/synthetic_store.h"

namespace racewalk {

// Two nights, both done, and nothing wrong.
inline NightReport CleanReport() {
  NightReport report{.command = "racewalk report nights.store"};
  report.store.path = "nights.store";
  for (const char* name : {"first", "second"}) {
    Night night{.name = name, .version = "0.1.0 abc", .seed = "1", .settings = "a=1"};
    night.started = SyntheticStore::kFirstNight +
                    static_cast<int64_t>(report.store.nights.size()) * SyntheticStore::kDay;
    night.shards_seen = night.shards_done = 1;
    night.jobs = 2;
    night.seconds = 7200;
    night.engines["explore"] = {.chunks = 2,
                                .executions = 4000,
                                .distinct = 100,
                                .most_distinct = 60,
                                .nanoseconds = 8'000};
    night.mutants = 2;
    night.mutants_killed = 1;
    report.store.nights.push_back(night);
  }
  for (const char* mmu : {"stage2", "tdp"}) {
    report.store.units.push_back(
        {Explored("fault_vs_fault", mmu), {.chunks = 1, .executions = 2000, .nanoseconds = 4'000}});
  }
  report.store.mutants = {{.name = {"kick_waits", "tdp", "owned"}, .executions = 900, .seconds = 4},
                          {.name = {"table_publish", "tdp", "owned"},
                           .killed = true,
                           .searches = 1,
                           .searches_killed = 1,
                           .executions = 12,
                           .seconds = 0.5,
                           .scenario = "fault_vs_fault",
                           .kind = "use-after-free",
                           .token = "token"}};
  return report;
}

// All that a text must not do to a page, XML, JSON or a terminal.
inline const std::string& Hostile() {
  static const std::string text =
      "</script><b onload='x()'>&amp;]]>\"\\ {0} [a](http://b) \x01\x1b[31m\xff\xfe "
      "\xEF\xBF\xBF\n\xc3";
  return text;
}

// A violation of which each text is hostile, beside a plain one that is known, an incident, and a
// comparison in which it all got worse.
inline NightReport HostileReport() {
  NightReport report = CleanReport();
  Night& night = report.store.nights.back();
  night.name = night.version = night.seed = night.settings = Hostile();
  night.violations = 2;
  night.new_violations = 1;
  night.incidents = 1;
  report.command = Hostile();
  const UnitName unit{.engine = "explore",
                      .scenario = Hostile(),
                      .mmu = Hostile(),
                      .variant = Hostile(),
                      .strategy = Hostile()};
  report.store.units.push_back({unit, {.chunks = 3, .executions = 10, .lost = 1}});
  const std::string& h = Hostile();
  report.store.violations.push_back({.name = h,
                                     .unit = unit,
                                     .kind = h,
                                     .invariant = h,
                                     .place = h,
                                     .other_place = absl::StrCat(h, ":12"),
                                     .points = h,
                                     .sentence = h,
                                     .explanation = h,
                                     .token = h,
                                     .timeline = absl::StrCat("7 load ", h, " roots.h:71\n", h),
                                     .count = 3,
                                     .units = {unit}});
  report.store.violations.push_back({.name = "known",
                                     .unit = Explored("fault_vs_fault"),
                                     .kind = "use-after-free",
                                     .invariant = "L1",
                                     .place = "roots.h:233",
                                     .other_place = "fault.h:90",
                                     .sentence = "a used page 3, which b had freed.",
                                     .token = "a 'token'",
                                     .timeline = "  1  a  store roots.h:233 @root_publish\n  2  b"
                                                 "  load tdp roots.h:240\n  3  b  thinks\n",
                                     .count = 40,
                                     .nights = 1,
                                     .units = {Explored("fault_vs_fault")}});
  report.store.incidents = {{unit, 4, h}};
  report.store.mutants.push_back({.name = {h, h, h}});
  report.store.mutants.push_back(
      {.name = {h, h, "killed"}, .killed = true, .searches_killed = 1, .scenario = h, .kind = h});
  report.comparison = Comparison{
      .path = h,
      .baseline = report.store.nights[0],
      .other_version = true,
      .rate_drop = 0.3,
      .regressions = {{"new-violation", h, h}, {"mutant-not-killed", h, h}, {"rate-fell", h, h}}};
  return report;
}

}  // namespace racewalk

#endif  // RACEWALK_CI_REPORT_SAMPLE_REPORT_H_
