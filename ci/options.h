// What a person asked for: plain values, whatever read them.
#ifndef RACEWALK_CI_OPTIONS_H_
#define RACEWALK_CI_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sanitizers/noise.h"

namespace racewalk {

// A text that was asked for instead of work: --help, --version.
struct TextOptions {
  std::string text{};
};

struct ListOptions {
  std::string what{};  // "scenarios", "points", "bugs", "strategies"; "" for all
  bool json = false;
};

struct CheckOptions {
  std::vector<std::string> scenarios{};   // names, files or one-line text; empty: the library
  std::string mmu{};                      // "tdp", "stage2"; "" for any
  std::vector<std::string> strategies{};  // specs; empty: the default mix
  std::optional<uint64_t> executions{};   // per unit
  std::optional<double> seconds{};        // in total
  std::optional<uint64_t> seed{};
  int jobs = 0;                       // 0: one per core
  std::vector<std::string> weaken{};  // names of points
  std::string bug{};
  std::vector<std::string> variants{};  // combinations; empty: the scenario's own
  std::optional<double> time_limit{};   // seconds, for everything
  std::string out{};                    // folder for traces; "" for none
  double shrink_seconds = 10;           // for all violations together; 0: they are not shrunk
  bool json = false;
};

struct ReplayOptions {
  std::string target{};               // a token or the name of a trace file
  std::string html{};                 // file for a page; "" for none
  std::string perfetto{};             // file for a trace viewer; "" for none
  std::optional<uint64_t> stop_at{};  // a step
  bool break_there = false;           // SIGTRAP at that step
  bool json = false;
};

struct ShrinkCommandOptions {
  std::string target{};  // a token or the name of a trace file
  double seconds = 30;
  uint64_t executions = 20'000;  // at most, for each scenario that is tried
  uint64_t seed = 1;
  int jobs = 0;       // 0: one per core
  std::string out{};  // folder for the scenario and the trace; "" for none
  bool json = false;
};

struct MutantsOptions {
  std::vector<std::string> points{};  // names; empty: all
  std::string mmu{};                  // "tdp", "stage2"; "" for both
  std::vector<std::string> variants{};
  double seconds = 60;                   // of a unit's search with one seed, see --help
  std::optional<uint64_t> executions{};  // of each row of the library
  std::vector<uint64_t> seeds{};         // empty: the default ones
  std::vector<std::string> strategies{};
  std::optional<double> time_limit{};
  int jobs = 0;                      // 0: one per core
  std::optional<uint64_t> sample{};  // of the units
  bool fresh = false;
  bool update = false;
  bool presubmit = false;
  bool json = false;
  std::vector<std::string> compare{};  // strategies; then nothing else is done
  std::string tree = ".";
  std::string store{};  // "" for none
  std::string html{};
};

struct StressOptions {
  std::vector<std::string> scenarios{};  // names, files or one-line text; empty: the library
  std::string mmu{};                     // "tdp", "stage2"; "" for any
  std::vector<std::string> variants{};   // combinations; empty: the scenario's own
  std::optional<double> seconds{};
  std::optional<uint64_t> rounds{};  // of each row
  std::optional<uint64_t> round{};   // only this one
  uint32_t threads = 0;              // at least, where there are vCPUs
  std::optional<uint64_t> seed{};
  std::optional<Noise> noise{};       // else each round draws its own
  std::vector<std::string> weaken{};  // names of points
  std::string bug{};
  std::string out{};       // folder for scenarios; "" for none
  std::string explorer{};  // a racewalk that can explore; "" for the default one, or "none"
  double stuck_seconds = 30;
  bool events = true;
  bool json = false;
};

struct FuzzOptions {
  std::string mmu{};                     // "tdp", "stage2"; "" for both
  std::vector<std::string> variants{};   // combinations; empty: any
  std::optional<double> seconds{};       // of fuzzing
  std::optional<uint64_t> executions{};  // of fuzzing
  std::optional<uint64_t> seed{};
  int jobs = 0;                       // 0: one per core
  std::vector<std::string> weaken{};  // names of points
  std::string bug{};
  std::string corpus{};             // folder of inputs, read and written; "" for none
  std::string start{};              // "library", "nothing"; "": the corpus' files, else the library
  std::string out{};                // folder for what was found; "" for none
  double shrink_seconds = 10;       // for all violations together; 0: they are not shrunk
  bool minimize = false;            // make the corpus smaller, and nothing else
  std::optional<uint64_t> files{};  // that a minimised corpus has, at most
  bool random = false;              // every input anew, whatever those before have shown
  bool against_library = false;
  bool json = false;
};

struct CampaignOptions {
  std::vector<std::string> scenarios{};  // names, files or one-line text; empty: the library
  std::string mmu{};                     // "tdp", "stage2"; "" for any
  std::vector<std::string> variants{};   // combinations; empty: the scenario's own
  std::vector<std::string> strategies{};
  std::vector<std::string> weaken{};   // names of points
  std::vector<std::string> engines{};  // empty: all that fit
  std::string weights{};               // "explore:4,mutants:3"; "": by what was found
  std::string store{};
  std::optional<double> hours{};     // of wall time, over all resumptions
  std::optional<uint64_t> chunks{};  // of all shards together
  std::optional<uint64_t> seed{};
  int jobs = 0;         // 0: one per core
  std::string shard{};  // "2/8"; "": as the environment says
  std::optional<uint64_t> shard_count{};
  bool resume = false;
  uint64_t memory_mib = 1024;  // of a worker
  std::string tree = ".";
  bool json = false;
};

struct MergeOptions {
  std::string out{};
  std::vector<std::string> ins{};
  bool json = false;
};

struct ReportOptions {
  std::string store{};
  std::string campaign{};  // its name or a beginning of it; "" for the newest
  std::string against{};   // another store; "" for none
  double rate_drop = 0.3;  // the largest share of a rate that may be lost
  std::string html{};
  std::string junit{};
  std::string sarif{};
  bool json = false;
};

struct Invocation {
  std::variant<TextOptions, ListOptions, CheckOptions, ReplayOptions, ShrinkCommandOptions,
               MutantsOptions, StressOptions, FuzzOptions, CampaignOptions, MergeOptions,
               ReportOptions>
      options{};
  std::string command{};  // as typed, on one line, quoted so that a shell reads it again
};

}  // namespace racewalk

#endif  // RACEWALK_CI_OPTIONS_H_
