// The order of a campaign's chunks: positions 0, 1, 2, ..., each of which is a
// chunk of a unit. It does not depend on who runs them, or when.
#ifndef RACEWALK_CI_CAMPAIGN_SEQUENCE_H_
#define RACEWALK_CI_CAMPAIGN_SEQUENCE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace racewalk {

// An engine's part in a sequence.
struct EngineShare {
  std::string name{};
  uint64_t units = 0;   // none: it has no turn
  uint64_t weight = 0;  // 1 to 1024: of its turns, against the others'
};

struct ChunkPosition {
  uint64_t index = 0;
  std::size_t engine = 0;  // index into the shares
  uint64_t unit = 0;       // within the engine
  uint64_t number = 0;     // within the unit, from 0
};

// Engines take turns by their weights, units of an engine in an order that the
// seed draws; all have had a chunk before one has its second. Thread-compatible.
class Sequence {
 public:
  // At least one of `shares` has units.
  Sequence(std::vector<EngineShare> shares, uint64_t seed);

  // The next position, beginning with 0.
  ChunkPosition Next();

 private:
  std::vector<EngineShare> shares_;
  std::vector<std::vector<uint64_t>> order_;  // by engine: its units
  std::vector<uint64_t> turns_;               // by engine: that it had
  uint64_t index_ = 0;
};

// Whether a position is the shard's. Every `shards` positions each have one of
// them, in an order of their own: by turns a shard could have all chunks of
// the one engine that takes long.
bool InShard(uint64_t position, uint64_t shard, uint64_t shards, uint64_t seed);

// Of the chunk: other chunks have unrelated ones.
uint64_t ChunkSeed(uint64_t seed, absl::string_view unit, uint64_t number);

}  // namespace racewalk

#endif  // RACEWALK_CI_CAMPAIGN_SEQUENCE_H_
