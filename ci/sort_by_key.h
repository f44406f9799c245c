// std::stable_sort by a key. (clang 19 with libstdc++ 12 warns of the real one:
// it uses a function that C++17 deprecated.)
#ifndef RACEWALK_CI_SORT_BY_KEY_H_
#define RACEWALK_CI_SORT_BY_KEY_H_

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace racewalk {

// Smallest key first; items of one key keep their order.
template <typename Item, typename KeyOf>
void SortByKey(std::vector<Item>& items, const KeyOf& key_of) {
  using Key = decltype(key_of(items.front()));
  std::vector<std::pair<Key, std::size_t>> order;
  order.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) order.emplace_back(key_of(items[i]), i);
  std::sort(order.begin(), order.end());
  std::vector<Item> sorted;
  sorted.reserve(items.size());
  for (const auto& [key, index] : order) sorted.push_back(std::move(items[index]));
  items = std::move(sorted);
}

}  // namespace racewalk

#endif  // RACEWALK_CI_SORT_BY_KEY_H_
