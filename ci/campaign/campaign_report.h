// The outcome of a campaign as its store has it: what the summary and the JSON say.
#ifndef RACEWALK_CI_CAMPAIGN_CAMPAIGN_REPORT_H_
#define RACEWALK_CI_CAMPAIGN_CAMPAIGN_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "ci/campaign/campaign_store.h"
#include "ci/campaign/engine.h"
#include "ci/exit_status.h"
#include "ci/kill_table.h"
#include "ci/store/database.h"

namespace racewalk {

struct EngineTotals {
  std::string engine{};
  uint64_t chunks = 0;
  uint64_t executions = 0;  // of stress: rounds
  double seconds = 0;       // of workers
  uint64_t incidents = 0;
};

struct ClassTotals {
  SeenViolation violation{};  // the kept one; its count is of all that were seen
  std::string name{};         // of the class
  CampaignUnit unit{};
  uint64_t chunks = 0;  // in which it was seen
};

struct CampaignIncident {
  CampaignUnit unit{};
  uint64_t number = 0;
  std::string text{};
};

struct CampaignReport {
  std::string command{};
  std::string parameters{};
  std::string store{};
  CampaignPlace place{};
  // Of the whole campaign, as far as it is in this store.
  std::vector<EngineTotals> engines{};
  std::vector<ClassTotals> violations{};  // at most kMostClasses, those seen most often first
  std::vector<CampaignIncident> incidents{};
  uint64_t mutants_searched = 0;
  uint64_t mutants_killed = 0;
  // A known token that is replayed says nothing of what searches are worth.
  uint64_t searched_afresh = 0;             // units with a search, not only a replay
  uint64_t found_afresh = 0;                // of those, killed by a search
  std::vector<MutantUnit> only_replayed{};  // of those, killed by the replay and by no search
  std::vector<MutantUnit> survivors{};      // searched and not killed, and unexplained
  double seconds = 0;                       // of wall time, of this process
  bool interrupted = false;
  bool failed = false;  // the store could not be written to, or workers not be started
  std::vector<std::string> errors{};  // as printed on standard error
};

inline constexpr int kMostClasses = 1000;

// Fills in what is read from the store. `explained`: units that nothing kills,
// for reasons that are known. Errors: as of Database::Run.
absl::Status ReadTotals(Database& database, const std::vector<Survivor>& explained,
                        CampaignReport& report);

// Whether nothing at all was done.
bool Idle(const CampaignReport& report);
ExitStatus ExitStatusOf(const CampaignReport& report);
std::string CampaignSummary(const CampaignReport& report);
// What is printed of a violation as soon as it is seen.
std::string SeenText(const CampaignUnit& unit, const SeenViolation& violation);

}  // namespace racewalk

#endif  // RACEWALK_CI_CAMPAIGN_CAMPAIGN_REPORT_H_
