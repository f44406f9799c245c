#include "fuzz/generate.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/draw.h"
#include "fuzz/edit.h"
#include "fuzz/invent.h"
#include "fuzz/tree.h"
#include "scenarios/variants.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

// More than one in a few is refused only where the end of a VM leaves little to say.
constexpr int kPalettes = 8;

class Generator {
 public:
  Generator(const std::string& mmu, const std::string& variant, const Limits& limits, Rng& rng)
      : limits_(limits), rng_(rng), palette_(SwarmPalette(rng)) {
    subject_.mmu = mmu;
    subject_.variant = variant;
  }

  Subject Make() {
    DrawSettings();
    DrawEnding();
    DrawThreads();
    const uint32_t most = Between(rng_, limits_.threads, limits_.operations);
    const uint32_t wanted = Between(rng_, limits_.threads, most);
    for (uint32_t i = 0; i < 2 * wanted && RunsOf(subject_.scenario) < wanted; ++i) {
      TryEdit(subject_, limits_, 1,
              [&](Subject& subject) { return InsertOperation(subject, palette_, rng_); });
    }
    if (ending_ == Verb::kRepeat && OneIn(rng_, 8)) EndAfterwards();
    return std::move(subject_);
  }

 private:
  Scenario& scenario() { return subject_.scenario; }

  void Set(Header header, uint32_t once_in) {
    if (OneIn(rng_, once_in)) InventSetting(header, subject_, limits_, rng_);
  }

  void DrawSettings() {
    Set(Header::kGeometry, 2);
    Set(Header::kFrames, 1);
    Set(Header::kHost, 1);
    Set(Header::kLogging, 3);
    Set(Header::kAccess, 3);
    Set(Header::kSplit, 2);
    Set(Header::kFlush, 3);
    Set(Header::kSlots, 3);
    Set(Header::kRoles, 2);
    Set(Header::kDevice, 6);
    Fit(subject_);
  }

  // Which end the threads race with; kRepeat: none.
  void DrawEnding() {
    constexpr std::array<uint32_t, 4> kWeights{14, 1, 1, 2};
    constexpr std::array<Verb, 4> kEndings{Verb::kRepeat, Verb::kExitMm, Verb::kUnregister,
                                           Verb::kDestroy};
    ending_ = kEndings[DrawWeighted(rng_, kWeights)];
  }

  ThreadRole DrawRole() {
    // By ThreadRole. Beside the end of a VM only the host may do anything, beside
    // the others no guest may run.
    constexpr std::array<uint32_t, 3> kUsual{4, 3, 3};
    constexpr std::array<uint32_t, 3> kBesideDestroy{0, 1, 0};
    constexpr std::array<uint32_t, 3> kBesideEnds{1, 3, 2};
    return static_cast<ThreadRole>(DrawWeighted(rng_, ending_ == Verb::kRepeat    ? kUsual
                                                      : ending_ == Verb::kDestroy ? kBesideDestroy
                                                                                  : kBesideEnds));
  }

  void DrawThreads() {
    const uint32_t count = OneIn(rng_, 3) ? Between(rng_, 2, limits_.threads) : 2 + rng_.Below(2);
    const uint32_t threads = count > limits_.threads ? limits_.threads : count;
    for (uint32_t i = 0; i < threads; ++i) {
      ThreadRole role = DrawRole();
      if (i == 0 && ending_ == Verb::kRepeat && !OneIn(rng_, 8)) role = ThreadRole::kVcpu;
      if (i == 0 && ending_ != Verb::kRepeat) {
        role = ending_ == Verb::kExitMm ? ThreadRole::kHost : ThreadRole::kVmm;
      }
      scenario().threads.push_back({.role = role});
      scenario().threads.back().operations.push_back(FirstOperation(role, i));
    }
    Fit(subject_);
  }

  // Of thread `index`, which has none yet: the end, or what may go on beside it.
  Operation FirstOperation(ThreadRole role, uint32_t index) {
    if (index == 0 && ending_ != Verb::kRepeat) return {.verb = ending_};
    Palette palette = palette_;
    for (int i = 0; i < kPalettes; ++i) {
      // Alone, only a repeat can break a precondition: by what follows its own end.
      const std::optional<Operation> operation =
          InventOperation(subject_, RoleBit(role), palette, index == 0 ? 0 : 1, rng_);
      if (operation.has_value() && (index == 0 || Fits(*operation))) return *operation;
      if (i == kPalettes / 2) palette = UsualPalette();
    }
    return {.verb = Verb::kSynchronizeRcu};
  }

  bool Fits(const Operation& operation) const {
    Subject candidate = subject_;
    candidate.scenario.threads.back().operations = {operation};
    Fit(candidate);
    return Within(candidate.scenario, limits_) && CheckSubject(candidate).ok();
  }

  void EndAfterwards() {
    constexpr std::array<Verb, 3> kEndings{Verb::kExitMm, Verb::kUnregister, Verb::kDestroy};
    TryEdit(subject_, limits_, 1, [&](Subject& subject) {
      subject.scenario.after.push_back({.verb = kEndings[rng_.Below(kEndings.size())]});
      return true;
    });
  }

  Limits limits_;
  Rng& rng_;
  Palette palette_;
  Verb ending_ = Verb::kRepeat;
  Subject subject_{};
};

}  // namespace

Subject Generate(const std::string& mmu, const std::string& variant, const Limits& limits,
                 Rng& rng) {
  return Generator(mmu, variant, limits, rng).Make();
}

Subject Generate(const Limits& limits, Rng& rng) {
  const std::string mmu = DrawFrom(rng, ModelledMmus());
  const std::string variant =
      DrawFrom(rng, OneIn(rng, 2) ? DefaultVariants(MmuNamed(mmu)) : EveryVariant(mmu));
  return Generate(mmu, variant, limits, rng);
}

}  // namespace racewalk
