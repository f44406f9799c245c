#include "ci/campaign/sequence.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "scenarios/explore/checksum.h"
#include "scenarios/rng.h"

namespace racewalk {

Sequence::Sequence(std::vector<EngineShare> shares, uint64_t seed)
    : shares_(std::move(shares)), turns_(shares_.size()) {
  for (const EngineShare& share : shares_) {
    // By name, so that an engine that is added changes no other's order.
    Rng rng(seed ^ Fnv1a64(share.name));
    std::vector<uint64_t>& order = order_.emplace_back(share.units);
    std::iota(order.begin(), order.end(), 0);
    for (std::size_t left = order.size(); left > 1; --left) {
      std::swap(order[left - 1], order[rng.Below(static_cast<uint32_t>(left))]);
    }
  }
}

ChunkPosition Sequence::Next() {
  // Whose next turn comes first if turns are 1/weight apart.
  std::size_t engine = shares_.size();
  for (std::size_t i = 0; i < shares_.size(); ++i) {
    if (shares_[i].units == 0) continue;
    if (engine == shares_.size() ||
        (turns_[i] + 1) * shares_[engine].weight < (turns_[engine] + 1) * shares_[i].weight) {
      engine = i;
    }
  }
  const uint64_t turn = turns_[engine]++;
  const std::vector<uint64_t>& order = order_[engine];
  return {.index = index_++,
          .engine = engine,
          .unit = order[turn % order.size()],
          .number = turn / order.size()};
}

bool InShard(uint64_t position, uint64_t shard, uint64_t shards, uint64_t seed) {
  const uint64_t block = position / shards;
  const uint64_t turned = Mix64(seed ^ Mix64(block)) % shards;
  return (position % shards + turned) % shards == shard;
}

uint64_t ChunkSeed(uint64_t seed, absl::string_view unit, uint64_t number) {
  return Mix64(seed ^ Fnv1a64(absl::StrCat(unit, "#", number)));
}

}  // namespace racewalk
