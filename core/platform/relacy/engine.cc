#include "core/platform/relacy/engine.h"

#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "core/platform/relacy/relacy.h"
#include "core/platform/relacy/world.h"

namespace racewalk {
namespace {

// Raised for good: with it, ordinary `new` in this binary is malloc, and a
// strategy whose vector grows is not taken for modelled memory.
struct OpenContext : rl::context {
  static int rl::context::* DisableAlloc() { return &OpenContext::disable_alloc_; }
};

Program* g_program = nullptr;
Engine::Loop* g_loop = nullptr;

template <int n>
struct Test : rl::test_suite<Test<n>, n> {
  void before() { g_program->Setup(); }
  void thread(unsigned index) {
    // The first fiber comes straight from setup, with no decision in between.
    World& world = World::Get();
    world.set_parallel(true);
    const int self = static_cast<int>(index);
    if (self == n - 1) {
      world.RunCallbackThread();
    } else {
      g_program->Thread(self);
    }
    world.Finish(self);
  }
  void after() {
    World::Get().set_parallel(false);
    g_program->AtRest();
  }
};

// Forwards every choice of Relacy's to the world. Blocking is the world's own,
// so Relacy only ever sees running and finished threads.
template <int n>
class Scheduler : public rl::scheduler<Scheduler<n>, rl::scheduler_thread_info, n> {
 public:
  using Base = rl::scheduler<Scheduler<n>, rl::scheduler_thread_info, n>;
  using shared_context_t = typename Base::shared_context_t;
  using thread_info_t = typename Base::thread_info_t;
  struct task_t {};

  Scheduler(rl::test_params& params, shared_context_t& context, rl::thread_id_t dynamic)
      : Base(params, context, dynamic) {}

  rl::thread_id_t iteration_begin_impl() {
    g_loop->Before();
    World::Get().set_current(0);
    return 0;
  }
  bool iteration_end_impl() { return !g_loop->After(); }
  rl::thread_id_t schedule_impl(rl::unpark_reason& reason, unsigned /*yield*/) {
    reason = rl::unpark_reason_normal;
    World& world = World::Get();
    if (next < 0) next = world.PickNext();  // a thread has finished
    const int picked = next;
    next = -1;
    world.set_current(picked);
    return picked;
  }
  unsigned rand_impl(unsigned limit, rl::sched_type type) {
    // Relacy reads `0` as "this one": the newest store first.
    if (type == rl::sched_type_atomic_load) return World::Get().Choose(limit, Choice::kStaleRead);
    return limit - 1;
  }
  rl::iteration_t iteration_count_impl() { return ~rl::iteration_t{0}; }
  void get_state_impl(std::ostream& /*out*/) {}
  void set_state_impl(std::istream& /*in*/) {}
  void on_thread_block(rl::thread_id_t /*thread*/, bool /*yield*/) {}

  // Set by World::Step, which decides before it switches.
  static inline int next = -1;
};

template <typename T>
class Slab {
 public:
  T* Take() {
    if (free_.empty()) {
      owned_.push_back(std::make_unique<Room>());
      return new (owned_.back()->bytes) T();
    }
    T* taken = free_.back();
    free_.pop_back();
    return new (taken) T();
  }
  void Give(T* given) { free_.push_back(given); }

 private:
  struct Room {
    alignas(T) std::byte bytes[sizeof(T)];
  };
  std::vector<std::unique_ptr<Room>> owned_;
  std::vector<T*> free_;
};

template <int n>
class RelacyEngine final : public Engine {
 public:
  RelacyEngine() {
    params_.iteration_count = ~rl::iteration_t{0};
    params_.search_type = rl::random_scheduler_type;
    params_.execution_depth_limit = ~0U;
    params_.output_stream = &sink_;
    params_.progress_stream = &sink_;
    Scheduler<n>::next = -1;
    // Relacy refuses to make a context while there is another.
    rl::context_holder<>::instance_ = nullptr;
    context_ = std::make_unique<Context>(params_, shared_);
    current_ = rl::context_holder<>::instance_;
    (rl::ctx().*OpenContext::DisableAlloc()) = 1;
  }
  // And to destroy one that is not the current one.
  ~RelacyEngine() override { rl::context_holder<>::instance_ = current_; }

  int threads() const override { return n; }

  rl::atomic_data* NewAtomic() override { return atomics_.Take(); }
  void FreeAtomic(rl::atomic_data* data) override {
    atomics_.Give(static_cast<rl::atomic_data_impl<n>*>(data));
  }
  rl::var_data* NewVar() override { return vars_.Take(); }
  void FreeVar(rl::var_data* data) override {
    vars_.Give(static_cast<rl::var_data_impl<n>*>(data));
  }

  unsigned Store(rl::atomic_data* data, std::memory_order order) override {
    auto& word = *static_cast<rl::atomic_data_impl<n>*>(data);
    auto& previous = word.history_[word.current_index_ % rl::atomic_history_size];
    rl::thread_info_base& self = *rl::ctx().threadx_;
    // Relacy continues the release sequence if the previous store's thread is
    // this one (C++11); hiding the owner for the moment of the store gives C++20.
    const rl::thread_id_t owner = previous.thread_id_;
    previous.thread_id_ = -1;
    unsigned slot = 0;
    switch (order) {
      case std::memory_order_relaxed:
        slot = self.atomic_store_relaxed(data);
        break;
      case std::memory_order_release:
        slot = self.atomic_store_release(data);
        break;
      default:
        slot = self.atomic_store_seq_cst(data);
        break;
    }
    previous.thread_id_ = owner;
    return slot;
  }

  int RacingThread(const rl::var_data* data) const override {
    const auto& word = *static_cast<const rl::var_data_impl<n>*>(data);
    const rl::timestamp_t* seen = rl::ctx().threadx_->acq_rel_order_;
    // An unordered write tells more than an unordered read.
    for (int i = 0; i < n; ++i) {
      if (seen[i] < word.store_acq_rel_timestamp_[i]) return i;
    }
    for (int i = 0; i < n; ++i) {
      if (seen[i] < word.load_acq_rel_timestamp_[i]) return i;
    }
    return -1;
  }

  bool Run(Program& program, Loop& loop) override {
    g_program = &program;
    g_loop = &loop;
    rl::context_holder<>::instance_ = current_;
    std::istringstream none;
    std::ostringstream ignored;
    const rl::test_result_e result = context_->simulate(ignored, none, false);
    g_program = nullptr;
    g_loop = nullptr;
    return result == rl::test_result_success;
  }

 private:
  using Context = rl::context_impl<Test<n>, Scheduler<n>>;

  rl::test_params params_;
  std::ostream sink_{nullptr};  // Relacy's own reports are not wanted
  typename Scheduler<n>::shared_context_t shared_;
  std::unique_ptr<Context> context_;
  rl::context* current_ = nullptr;  // the same; Context has it as a private base
  Slab<rl::atomic_data_impl<n>> atomics_;
  Slab<rl::var_data_impl<n>> vars_;
};

// By its number of threads. Never destroyed: an exit may come in the midst of an execution.
std::unique_ptr<Engine>& Kept(int threads) {
  static auto& kept = *new std::array<std::unique_ptr<Engine>, kMaxThreads + 1>;
  return kept.at(static_cast<std::size_t>(threads));
}

}  // namespace

namespace internal {

// Switches to the fiber that the world has picked.
void SwitchTo(int threads, int picked) {
  switch (threads) {
    case 2:
      Scheduler<2>::next = picked;
      break;
    case 3:
      Scheduler<3>::next = picked;
      break;
    case 4:
      Scheduler<4>::next = picked;
      break;
    case 5:
      Scheduler<5>::next = picked;
      break;
    default:
      Scheduler<6>::next = picked;
      break;
  }
  rl::ctx().sched();
}

}  // namespace internal

std::unique_ptr<Engine> MakeEngine(int threads) {
  if (std::unique_ptr<Engine>& kept = Kept(threads); kept != nullptr) return std::move(kept);
  switch (threads) {
    case 2:
      return std::make_unique<RelacyEngine<2>>();
    case 3:
      return std::make_unique<RelacyEngine<3>>();
    case 4:
      return std::make_unique<RelacyEngine<4>>();
    case 5:
      return std::make_unique<RelacyEngine<5>>();
    case 6:
      return std::make_unique<RelacyEngine<6>>();
    default:
      return nullptr;
  }
}

void KeepEngine(std::unique_ptr<Engine> engine) {
  if (engine == nullptr) return;
  const int threads = engine->threads();
  Kept(threads) = std::move(engine);
}

}  // namespace racewalk
