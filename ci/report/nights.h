// What a store says of its nights, as plain values: what every report is made of.
#ifndef RACEWALK_CI_REPORT_NIGHTS_H_
#define RACEWALK_CI_REPORT_NIGHTS_H_

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace racewalk {

// What chunks are of. "" where an engine has no such thing.
struct UnitName {
  std::string engine{};  // "explore", "mutants", "fuzz" or "stress"
  std::string scenario{};
  std::string mmu{};
  std::string variant{};
  std::string strategy{};
  std::string weaken{};
  auto operator<=>(const UnitName&) const = default;
};

struct NightWork {
  uint64_t chunks = 0;
  uint64_t executions = 0;     // of stress: rounds
  uint64_t distinct = 0;       // summed over chunks; of fuzz: features that were new
  uint64_t most_distinct = 0;  // in one chunk
  uint64_t nanoseconds = 0;    // of workers
  uint64_t lost = 0;           // chunks whose worker died, hung or took too much memory
  void Add(const NightWork& other);
  double seconds() const { return static_cast<double>(nanoseconds) / 1e9; }
  // Executions for each second of a worker; nothing without time.
  std::optional<double> rate() const;
};

// A campaign, all shards together.
struct Night {
  int64_t id = 0;  // in its store
  std::string name{};
  std::string version{};  // of racewalk
  std::string seed{};
  std::string settings{};
  int64_t started = 0;       // seconds since 1970, UTC
  uint64_t shards = 1;       // that the campaign was shared out to
  uint64_t shards_seen = 0;  // of those, in this store
  uint64_t shards_done = 0;
  uint64_t jobs = 0;                           // of all shards seen
  double seconds = 0;                          // wall time of the shard that took longest
  std::map<std::string, NightWork> engines{};  // by engine
  uint64_t violations = 0;                     // classes
  uint64_t new_violations = 0;                 // of those, in no earlier night
  uint64_t mutants = 0;  // weakened points, each in an MMU and variant, searched
  uint64_t mutants_killed = 0;
  uint64_t incidents = 0;

  NightWork total() const;
  bool complete() const { return shards_seen == shards && shards_done == shards; }
};

struct UnitWork {
  UnitName unit{};
  NightWork work{};
};

struct NightViolation {
  std::string name{};  // of the class
  UnitName unit{};     // where the one that is told was seen
  std::string kind{};
  std::string invariant{};
  std::string place{};
  std::string other_place{};
  std::string points{};
  std::string sentence{};
  std::string explanation{};
  std::string token{};
  std::string timeline{};  // only of those that are told in full
  uint64_t steps = 0;
  uint64_t count = 0;             // executions that showed it this night
  int64_t seconds_to_find = 0;    // from the night's start to the first of them
  uint64_t nights = 0;            // earlier ones in which it was seen
  int64_t first_seen = 0;         // start of the first night with it
  std::vector<UnitName> units{};  // all in which it was seen this night
  bool is_new() const { return nights == 0; }
};

// A weakened point, in an MMU and a variant.
struct MutantKey {
  std::string point{};
  std::string mmu{};
  std::string variant{};
  auto operator<=>(const MutantKey&) const = default;
};

struct NightMutant {
  MutantKey name{};
  bool killed = false;           // by the replay or a search
  bool replayed = false;         // the execution that is known to kill does
  bool replay_failed = false;    // where it should have been replayed, there was a search
  uint64_t searches = 0;         // chunks
  uint64_t searches_killed = 0;  // of those
  uint64_t executions = 0;       // of searches, until the first kill; of a replay if there is none
  double seconds = 0;            // of workers, likewise
  std::string scenario{};        // the killer: that of the first search that has one
  std::string kind{};
  std::string token{};
};

struct NightIncident {
  UnitName unit{};
  uint64_t number = 0;  // the chunk
  std::string text{};
};

struct StoreNights {
  std::string path{};
  std::vector<Night> nights{};   // oldest first; the last is the one that is told
  uint64_t nights_left_out = 0;  // older than those
  // Of the night that is told:
  std::vector<UnitWork> units{};             // by name
  std::vector<NightViolation> violations{};  // new ones first, then what was seen most
  std::vector<NightMutant> mutants{};        // by name
  std::vector<NightIncident> incidents{};    // the first kMostIncidents
  const Night& told() const { return nights.back(); }
};

// What reports are bounded by, so that a page opens at once.
inline constexpr uint64_t kMostNights = 60;
inline constexpr uint64_t kMostTimelines = 20;  // of new violations, and as many of known ones
inline constexpr uint64_t kMostIncidents = 100;

// Rates of a unit's chunks in one night, in executions for each second of a worker.
struct ChunkRates {
  uint64_t chunks = 0;
  double median = 0;
  double deviation = 0;  // from the median: the median of it
};

// What a night is compared with.
struct Baseline {
  std::string path{};
  Night night{};                                        // its newest, of those before the told one
  std::map<std::string, int64_t> classes{};             // of all its nights: when last seen
  std::map<MutantKey, NightMutant> mutants{};           // of the night
  std::map<UnitName, ChunkRates> rates{};               // of the night
  std::vector<std::map<UnitName, double>> all_rates{};  // of each of its last nights, means
};

}  // namespace racewalk

#endif  // RACEWALK_CI_REPORT_NIGHTS_H_
