#include "ci/report/report_command.h"

#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/console.h"
#include "ci/exit_status.h"
#include "ci/options.h"
#include "ci/output_path.h"
#include "ci/report/comparison.h"
#include "ci/report/html.h"
#include "ci/report/json.h"
#include "ci/report/junit.h"
#include "ci/report/load.h"
#include "ci/report/night_report.h"
#include "ci/report/nights.h"
#include "ci/report/sarif.h"
#include "ci/report/text.h"
#include "ci/store/store.h"
#include "scenarios/files.h"

namespace racewalk {
namespace {

absl::Status CheckFiles(const ReportOptions& options) {
  absl::Status status = CheckNewFile("--html", options.html);
  status.Update(CheckNewFile("--junit", options.junit));
  status.Update(CheckNewFile("--sarif", options.sarif));
  status.Update(CheckDifferentFiles("--html", options.html, "--junit", options.junit));
  status.Update(CheckDifferentFiles("--html", options.html, "--sarif", options.sarif));
  status.Update(CheckDifferentFiles("--junit", options.junit, "--sarif", options.sarif));
  return status;
}

absl::StatusOr<Comparison> Compare(const ReportOptions& options, Store& store,
                                   const StoreNights& nights) {
  const absl::StatusOr<std::map<UnitName, ChunkRates>> rates = LoadChunkRates(store, nights.told());
  if (!rates.ok()) return rates.status();
  absl::StatusOr<Store> other = Store::OpenToRead("--against", options.against);
  if (!other.ok()) return other.status();
  const absl::StatusOr<Baseline> baseline = LoadBaseline(*other, nights.told());
  if (!baseline.ok()) return baseline.status();
  return CompareNights(nights, *rates, *baseline, options.rate_drop);
}

absl::StatusOr<NightReport> Load(const ReportOptions& options, const std::string& command) {
  if (absl::Status status = CheckFiles(options); !status.ok()) return status;
  absl::StatusOr<Store> store = Store::OpenToRead("", options.store);
  if (!store.ok()) return store.status();
  absl::StatusOr<StoreNights> nights = LoadNights(*store, options.campaign);
  if (!nights.ok()) return nights.status();
  NightReport report{.command = command};
  if (!options.against.empty()) {
    absl::StatusOr<Comparison> comparison = Compare(options, *store, *nights);
    if (!comparison.ok()) return comparison.status();
    report.comparison = *std::move(comparison);
  }
  report.store = *std::move(nights);
  return report;
}

// Writes one file; its flag stands before what went wrong.
absl::Status Write(absl::string_view flag, const std::string& path,
                   std::string (*form)(const NightReport&), const NightReport& report) {
  if (path.empty()) return absl::OkStatus();
  const absl::Status status = WriteFileAtomically(path, form(report));
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(flag, ": ", status.message()));
}

}  // namespace

ExitStatus RunReport(const ReportOptions& options, const std::string& command,
                     const Console& console) {
  const auto tell = [&](const absl::Status& status) {
    console.err(absl::StrCat("racewalk report: ", status.message(), "\n"));
  };
  const absl::StatusOr<NightReport> report = Load(options, command);
  if (!report.ok()) {
    tell(report.status());
    return absl::IsInternal(report.status()) ? kExitInternalError : kExitBadInput;
  }
  absl::Status status = Write("--html", options.html, ReportHtml, *report);
  status.Update(Write("--junit", options.junit, JunitXml, *report));
  status.Update(Write("--sarif", options.sarif, SarifJson, *report));
  console.out(options.json ? ReportJson(*report) : ReportText(*report));
  if (status.ok()) return ExitStatusOf(*report);
  tell(status);
  return kExitBadInput;
}

}  // namespace racewalk
