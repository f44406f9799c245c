#include "ci/interrupt.h"

#include <signal.h>

namespace racewalk {
namespace {

volatile sig_atomic_t g_interrupted = 0;

void Note(int /*signal*/) { g_interrupted = 1; }

}  // namespace

void CatchInterrupts() {
  struct sigaction action{};
  action.sa_handler = Note;
  sigemptyset(&action.sa_mask);
  // Reset: whoever presses twice wants out now. No restart: waits return.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool Interrupted() { return g_interrupted != 0; }

}  // namespace racewalk
