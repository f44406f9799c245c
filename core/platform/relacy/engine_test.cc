// Goal: an engine that was kept is given again, and engines of several numbers of threads run by
// turns. Method: programs that only count how often they ran.
#include "core/platform/relacy/engine.h"

#include <bit>
#include <cstdint>
#include <memory>
#include <utility>

#include "core/platform/decisions.h"
#include "core/platform/relacy/world.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

class FirstEnabled final : public Decisions {
 public:
  int Pick(const PickView& view) override { return std::countr_zero(view.enabled); }
  uint32_t Choose(uint32_t /*n*/, Choice /*kind*/) override { return 0; }
};

class Counting final : public Program, public Engine::Loop {
 public:
  explicit Counting(Engine& engine) : engine_(engine) {}
  int Run() {
    EXPECT_TRUE(engine_.Run(*this, *this));
    return bodies_;
  }

 private:
  void Setup() override {}
  void Thread(int /*index*/) override { ++bodies_; }
  void AtRest() override {}
  void Before() override { World::Get().Begin(engine_.threads(), &engine_, &decisions_); }
  bool After() override { return ++executions_ < 5; }

  Engine& engine_;
  FirstEnabled decisions_{};
  int executions_ = 0;
  int bodies_ = 0;
};

TEST(Engine, IsGivenAgainOnceKept) {
  std::unique_ptr<Engine> engine = MakeEngine(3);
  const Engine* const made = engine.get();
  EXPECT_EQ(engine->threads(), 3);
  KeepEngine(std::move(engine));
  KeepEngine(nullptr);
  EXPECT_NE(MakeEngine(4).get(), made);
  engine = MakeEngine(3);
  EXPECT_EQ(engine.get(), made);
  EXPECT_NE(MakeEngine(3).get(), made);  // while that one is in use
}

TEST(Engine, RunsByTurnsWithOthers) {
  const std::unique_ptr<Engine> two = MakeEngine(2);
  std::unique_ptr<Engine> four = MakeEngine(4);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Counting(*two).Run(), 5);
    EXPECT_EQ(Counting(*four).Run(), 15);
    if (i == 1) four = MakeEngine(4);
  }
}

}  // namespace
}  // namespace racewalk
