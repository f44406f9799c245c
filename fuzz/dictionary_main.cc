// racewalk_dictionary > fuzz/racewalk.dict
#include <cstdio>

#include "fuzz/dictionary.h"

int main() { return std::fputs(racewalk::Dictionary().c_str(), stdout) < 0 ? 4 : 0; }
