#include "core/platform/native/fail.h"

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace racewalk {
namespace {

constinit std::atomic<NativeFailHandler> installed{nullptr};
constinit thread_local const char* thread_name = "this thread";

void Replace(std::string& text, std::string_view place, const std::string& value) {
  for (std::size_t at = text.find(place); at != std::string::npos;
       at = text.find(place, at + value.size())) {
    text.replace(at, place.size(), value);
  }
}

[[noreturn]] void PrintAndAbort(const Violation& violation, std::source_location where) {
  // The texts are shared with the explored world, which knows who is who.
  std::string text = violation.what;
  Replace(text, "{thread}", thread_name);
  Replace(text, "{other}", "another thread");
  Replace(text, "{gfn}", std::to_string(violation.gfn));
  Replace(text, "{pfn}", std::to_string(violation.pfn));
  Replace(text, "{value}", std::to_string(violation.value));
  std::fprintf(stderr, "%s:%u: %s%s%s: %s\n", where.file_name(),
               static_cast<unsigned>(where.line()), Name(violation.kind),
               *violation.invariant == '\0' ? "" : " ", violation.invariant, text.c_str());
  std::abort();
}

}  // namespace

void SetNativeFailHandler(NativeFailHandler handler) {
  // release: acquired by NativeFail.
  installed.store(handler, std::memory_order_release);
}

void SetNativeThreadName(const char* name) { thread_name = name; }
const char* NativeThreadName() { return thread_name; }

void NativeFail(const Violation& violation, std::source_location where) {
  if (violation.where.line() != 0) where = violation.where;
  // acquire: pairs with SetNativeFailHandler.
  if (const NativeFailHandler handler = installed.load(std::memory_order_acquire)) {
    handler(violation, where, thread_name);
    std::abort();  // it returned, and there is nowhere to go on
  }
  PrintAndAbort(violation, where);
}

void NativeFail(ViolationKind kind, const char* invariant, const char* what,
                std::source_location where) {
  NativeFail({.kind = kind, .invariant = invariant, .what = what, .where = where}, where);
}

}  // namespace racewalk
