// Goal: faults promise no more than they keep when they have an entry loaded
// again: by `reload`, which may be no load at all, only if no load that orders
// what follows, and no store, has come between (platform.h).
// Method: one thread, and a platform that is the native one and watches that.
#include "core/stage2/map.h"

#include <gtest/gtest.h>

#include <source_location>

#include "core/platform/native.h"
#include "core/stage2/native_vm.h"
#include "core/stage2/view.h"
#include "core/vm/fake_environment.h"

namespace racewalk::map_test {
namespace {

using G = Geometry<4, 9>;

// What the thread did last to words that others may write, but relaxed loads.
thread_local const void* last_loaded = nullptr;  // null: something else than a load
thread_local int reloads = 0;
thread_local int late_reloads = 0;  // since when something else was done

template <typename T>
class WatchedAtomic : public NativeAtomic<T> {
  using Base = NativeAtomic<T>;

 public:
  using Location = std::source_location;
  using Base::Base;

  T load(Order order, Location loc = Location::current()) const {
    if (order.value != std::memory_order_relaxed) last_loaded = this;
    return Base::load(order, loc);
  }
  T reload(T seen, Order order, Location loc = Location::current()) const {
    ++reloads;
    if (last_loaded != this) ++late_reloads;
    return Base::reload(seen, order, loc);
  }
  void store(T value, Order order, Location loc = Location::current()) {
    last_loaded = nullptr;
    Base::store(value, order, loc);
  }
  T exchange(T value, Order order, Location loc = Location::current()) {
    last_loaded = nullptr;
    return Base::exchange(value, order, loc);
  }
  bool compare_exchange(T& expected, T desired, Order order, Location loc = Location::current()) {
    last_loaded = nullptr;
    return Base::compare_exchange(expected, desired, order, loc);
  }
};

struct Watched : NativePlatform {
  template <typename T>
  using Atomic = WatchedAtomic<T>;
};
static_assert(Platform<Watched>);

class Stage2MapTest : public testing::TestWithParam<Stage2Kind> {
 protected:
  using Arch = Stage2View<Watched, G>;

  void SetUp() override {
    ASSERT_TRUE(mmu_.AddSlot(0, 0, 2 * G::Span(3) - 1, 0));
    reloads = 0;
    late_reloads = 0;
  }
  void TearDown() override {
    EXPECT_GT(reloads, 0);  // or nothing was watched
    EXPECT_EQ(late_reloads, 0);
    mmu_.DropRoot(vcpu_);
    mmu_.Release();
    mmu_.Unregistered();
    mmu_.Destroy();
    rcu_.barrier();
  }
  void MapAt(int level) { environment_.MapAt(level, G::Span(level)); }
  FaultResult Write(Gfn gfn) {
    mmu_.PrepareEntry(vcpu_);
    return mmu_.Fault(vcpu_, {.gfn = gfn, .write = true});
  }

  FakeEnvironment environment_{1};
  Arch::Tables tables_{1, 64};
  Watched::Rcu rcu_{"tables"};
  Vcpu<Watched> vcpu_{0};
  Arch::Mmu mmu_{environment_, tables_, rcu_, {&vcpu_}, GetParam().variant, GetParam().options};
};

TEST_P(Stage2MapTest, FaultsOfPagesAndBlocks) {
  for (const Gfn gfn : {Gfn{0}, Gfn{1}, Gfn{1000}})
    EXPECT_EQ(Write(gfn), FaultResult::kFixed) << gfn;
  MapAt(2);
  EXPECT_EQ(Write(5 * G::Span(2)), FaultResult::kFixed);
  MapAt(3);
  EXPECT_EQ(Write(G::Span(3)), FaultResult::kFixed);
}

// The tables below are looked through for the donated frame before the way down goes on.
TEST_P(Stage2MapTest, AFaultBesideADonatedFrame) {
  mmu_.Donate(5, 5);
  MapAt(3);
  EXPECT_EQ(Write(7), FaultResult::kFixed);
  EXPECT_EQ(Write(G::Span(3) - 1), FaultResult::kFixed);
  EXPECT_EQ(Write(5), FaultResult::kNoMemorySlot);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Stage2MapTest, testing::ValuesIn(kStage2Kinds),
                         NameOfKind<testing::TestParamInfo<Stage2Kind>>);

}  // namespace
}  // namespace racewalk::map_test
