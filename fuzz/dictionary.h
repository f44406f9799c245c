// The words of every text that racewalk reads, as libFuzzer's dictionaries have them.
#ifndef RACEWALK_FUZZ_DICTIONARY_H_
#define RACEWALK_FUZZ_DICTIONARY_H_

#include <string>

namespace racewalk {

// The whole file fuzz/racewalk.dict: each word once, in an order that does not change.
std::string Dictionary();

}  // namespace racewalk

#endif  // RACEWALK_FUZZ_DICTIONARY_H_
