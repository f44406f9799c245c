// Goal: words and plain data of the explored world follow the C++20 memory
// model, within the limits that MODEL names.
// Method: the classic shapes; each with the outcomes that must be seen and the
// ones that must not.
#include <gtest/gtest.h>

#include <vector>

#include "core/platform/relacy/litmus.h"

namespace racewalk::litmus {
namespace {

// Two words and a datum.
struct Words {
  P::Atomic<int> x{0};
  P::Atomic<int> y{0};
  P::Plain<int> data{0};
  Outcome r{};
};

// Thread 0 writes data and raises y; thread 1 looks at y, then at data.
Result PublishData(Order store, Order load) {
  return Litmus<Words>({[=](Words& s) {
                          s.data.store(7);
                          s.y.store(1, store);
                        },
                        [=](Words& s) {
                          s.r[0] = s.y.load(load);
                          if (s.r[0] == 1) s.r[1] = s.data.load();
                        }})
      .Run();
}

TEST(LitmusMessagePassing, ReleaseAcquireOrdersData) {
  for (const auto& [store, load] : {std::pair{kRelease, kAcquire}, std::pair{kSeqCst, kAcquire},
                                    std::pair{kRelease, kSeqCst}}) {
    const Result result = PublishData(store, load);
    EXPECT_EQ(result.verdict(), "clean");
    EXPECT_EQ(result.seen, (std::set<Outcome>{{0, 0}, {1, 7}}));
  }
}

TEST(LitmusMessagePassing, RelaxedOnEitherSideIsARace) {
  EXPECT_EQ(PublishData(kRelaxed, kAcquire).verdict(), "data-race");
  EXPECT_EQ(PublishData(kRelease, kRelaxed).verdict(), "data-race");
  EXPECT_EQ(PublishData(kSeqCst, kRelaxed).verdict(), "data-race");
}

// The same with a word in place of data: no race, but an old value.
Result PublishWord(Order store, Order load) {
  return Litmus<Words>({[=](Words& s) {
                          s.x.store(1, kRelaxed);
                          s.y.store(1, store);
                        },
                        [=](Words& s) {
                          s.r[0] = s.y.load(load);
                          s.r[1] = s.x.load(kRelaxed);
                        }})
      .Run();
}

TEST(LitmusMessagePassing, StaleWordsAreReadWithoutOrderOnly) {
  EXPECT_EQ(PublishWord(kRelease, kAcquire).seen, (std::set<Outcome>{{0, 0}, {0, 1}, {1, 1}}));
  EXPECT_TRUE(PublishWord(kRelaxed, kAcquire).Saw({1, 0}));
  EXPECT_TRUE(PublishWord(kRelease, kRelaxed).Saw({1, 0}));
}

// A third thread hands the news on.
Result PublishThroughAnother(Order load, Order store) {
  return Litmus<Words>({[](Words& s) {
                          s.data.store(7);
                          s.x.store(1, kRelease);
                        },
                        [=](Words& s) {
                          if (s.x.load(load) == 1) s.y.store(1, store);
                        },
                        [](Words& s) {
                          s.r[0] = s.y.load(kAcquire);
                          if (s.r[0] == 1) s.r[1] = s.data.load();
                        }})
      .Run();
}

TEST(LitmusMessagePassing, IsTransitive) {
  const Result result = PublishThroughAnother(kAcquire, kRelease);
  EXPECT_EQ(result.verdict(), "clean");
  EXPECT_EQ(result.seen, (std::set<Outcome>{{0, 0}, {1, 7}}));
  EXPECT_EQ(PublishThroughAnother(kRelaxed, kRelease).verdict(), "data-race");
  EXPECT_EQ(PublishThroughAnother(kAcquire, kRelaxed).verdict(), "data-race");
}

Result StoreBuffering(Order store_x, Order load_y, Order store_y, Order load_x) {
  return Litmus<Words>({[=](Words& s) {
                          s.x.store(1, store_x);
                          s.r[0] = s.y.load(load_y);
                        },
                        [=](Words& s) {
                          s.y.store(1, store_y);
                          s.r[1] = s.x.load(load_x);
                        }})
      .Run();
}

TEST(LitmusStoreBuffering, NeedsAllFourSequentiallyConsistent) {
  EXPECT_EQ(StoreBuffering(kSeqCst, kSeqCst, kSeqCst, kSeqCst).seen,
            (std::set<Outcome>{{0, 1}, {1, 0}, {1, 1}}));
  EXPECT_TRUE(StoreBuffering(kRelease, kSeqCst, kSeqCst, kSeqCst).Saw({0, 0}));
  EXPECT_TRUE(StoreBuffering(kSeqCst, kAcquire, kSeqCst, kSeqCst).Saw({0, 0}));
  EXPECT_TRUE(StoreBuffering(kSeqCst, kSeqCst, kRelease, kSeqCst).Saw({0, 0}));
  EXPECT_TRUE(StoreBuffering(kSeqCst, kSeqCst, kSeqCst, kAcquire).Saw({0, 0}));
}

// Requests are raised by read-modify-writes: what follows one may be as stale.
Result StoreBufferingByExchange(Order exchange, Order load) {
  return Litmus<Words>({[=](Words& s) {
                          s.x.exchange(1, exchange);
                          s.r[0] = s.y.load(load);
                        },
                        [=](Words& s) {
                          s.y.exchange(1, exchange);
                          s.r[1] = s.x.load(load);
                        }})
      .Run();
}

TEST(LitmusStoreBuffering, ReadModifyWritesAreNoFences) {
  EXPECT_FALSE(StoreBufferingByExchange(kSeqCst, kSeqCst).Saw({0, 0}));
  EXPECT_TRUE(StoreBufferingByExchange(kAcqRel, kSeqCst).Saw({0, 0}));
  EXPECT_TRUE(StoreBufferingByExchange(kSeqCst, kAcquire).Saw({0, 0}));
}

TEST(LitmusCoherence, ReadsDoNotGoBack) {
  const Result result = Litmus<Words>({[](Words& s) {
                                         s.x.store(1, kRelaxed);
                                         s.x.store(2, kRelaxed);
                                       },
                                       [](Words& s) {
                                         s.r[0] = s.x.load(kRelaxed);
                                         s.r[1] = s.x.load(kRelaxed);
                                       }})
                            .Run();
  EXPECT_EQ(result.seen, (std::set<Outcome>{{0, 0}, {0, 1}, {0, 2}, {1, 1}, {1, 2}, {2, 2}}));
}

TEST(LitmusCoherence, ReadsDoNotGoBackAcrossAnEdge) {
  const Result result = Litmus<Words>({[](Words& s) { s.x.store(1, kRelaxed); },
                                       [](Words& s) {
                                         s.r[0] = s.x.load(kRelaxed);
                                         s.y.store(1, kRelease);
                                       },
                                       [](Words& s) {
                                         s.r[1] = s.y.load(kAcquire);
                                         s.r[2] = s.x.load(kRelaxed);
                                       }})
                            .Run();
  EXPECT_FALSE(result.Saw({1, 1, 0}));
  EXPECT_TRUE(result.Saw({1, 0, 0}));
  EXPECT_TRUE(result.Saw({0, 1, 0}));
  EXPECT_TRUE(result.Saw({1, 1, 1}));
}

TEST(LitmusCoherence, OwnStoresAreNotUndone) {
  const Result result = Litmus<Words>({[](Words& s) {
                                         s.x.store(1, kRelaxed);
                                         s.r[0] = s.x.load(kRelaxed);
                                       },
                                       [](Words& s) {
                                         s.r[1] = s.x.load(kRelaxed);
                                         s.x.store(2, kRelaxed);
                                       }})
                            .AtRest([](Words& s) { s.r[2] = s.x.peek(); })
                            .Run();
  for (const Outcome& r : result.seen) {
    EXPECT_NE(r[0], 0);                    // read after own write
    EXPECT_FALSE(r[1] == 1 && r[2] == 1);  // write after what was read
    EXPECT_FALSE(r[0] == 2 && r[2] == 1);
  }
  EXPECT_TRUE(result.Saw({1, 0, 1}));
  EXPECT_TRUE(result.Saw({2, 0, 2}));
  EXPECT_TRUE(result.Saw({1, 1, 2}));
  EXPECT_TRUE(result.Saw({1, 0, 2}));
}

TEST(LitmusCoherence, ReadModifyWritesLoseNothing) {
  const auto body = [](Words& s) { s.x.fetch_add(1, kRelaxed); };
  const Result result =
      Litmus<Words>({body, body, body}).AtRest([](Words& s) { s.r[0] = s.x.load(kRelaxed); }).Run();
  EXPECT_EQ(result.seen, (std::set<Outcome>{{3}}));
}

// Thread 0 writes data and releases x = 1; `next` of it follows.
Result AfterARelease(std::vector<Litmus<Words>::Body> others, const Litmus<Words>::Body& next) {
  others.insert(others.begin(), [next](Words& s) {
    s.data.store(7);
    s.x.store(1, kRelease);
    if (next) next(s);
  });
  others.emplace_back([](Words& s) {
    s.r[0] = s.x.load(kAcquire);
    if (s.r[0] == 2) s.r[1] = s.data.load();
  });
  return Litmus<Words>(std::move(others)).Run();
}

TEST(LitmusReleaseSequence, EndsWithAPlainStoreOfTheSameThread) {
  // By C++11 this one would still publish.
  EXPECT_EQ(AfterARelease({}, [](Words& s) { s.x.store(2, kRelaxed); }).verdict(), "data-race");
  EXPECT_EQ(AfterARelease({}, [](Words& s) { s.x.store(2, kRelease); }).verdict(), "clean");
}

TEST(LitmusReleaseSequence, EndsWithAPlainStoreOfAnother) {
  const auto overwrite = [](Words& s) {
    if (s.x.load(kRelaxed) == 1) s.x.store(2, kRelaxed);
  };
  EXPECT_EQ(AfterARelease({overwrite}, nullptr).verdict(), "data-race");
}

TEST(LitmusReleaseSequence, IsContinuedByReadModifyWrites) {
  const Result own = AfterARelease({}, [](Words& s) { s.x.fetch_add(1, kRelaxed); });
  EXPECT_EQ(own.verdict(), "clean");
  EXPECT_TRUE(own.Saw({2, 7}));
  const auto add = [](Words& s) {
    int one = 1;
    s.x.compare_exchange(one, 2, kRelaxed);
  };
  const Result foreign = AfterARelease({add}, nullptr);
  EXPECT_EQ(foreign.verdict(), "clean");
  EXPECT_TRUE(foreign.Saw({2, 7}));
  // But not past a plain store: 1 (release), 5 (plain), then 2.
  EXPECT_EQ(AfterARelease({},
                          [](Words& s) {
                            s.x.store(5, kRelaxed);
                            s.x.exchange(2, kRelaxed);
                          })
                .verdict(),
            "data-race");
}

Result IndependentReads(Order order) {
  return Litmus<Words>({[](Words& s) { s.x.store(1, kSeqCst); },
                        [](Words& s) { s.y.store(1, kSeqCst); },
                        [=](Words& s) {
                          s.r[0] = s.x.load(order);
                          s.r[1] = s.y.load(order);
                        },
                        [=](Words& s) {
                          s.r[2] = s.y.load(order);
                          s.r[3] = s.x.load(order);
                        }})
      .Run({.executions = 20'000});
}

TEST(LitmusIndependentReads, DisagreeUnlessSequentiallyConsistent) {
  EXPECT_FALSE(IndependentReads(kSeqCst).Saw({1, 0, 1, 0}));
  EXPECT_TRUE(IndependentReads(kSeqCst).Saw({1, 1, 1, 1}));
  EXPECT_TRUE(IndependentReads(kAcquire).Saw({1, 0, 1, 0}));
}

// Limits that are documented: if one of these fails, the world has become
// stronger and the points that MODEL calls "beyond the model" can be judged.
TEST(LitmusLimits, LoadsAreNotBuffered) {
  const Result result = Litmus<Words>({[](Words& s) {
                                         s.r[0] = s.x.load(kRelaxed);
                                         s.y.store(1, kRelaxed);
                                       },
                                       [](Words& s) {
                                         s.r[1] = s.y.load(kRelaxed);
                                         s.x.store(1, kRelaxed);
                                       }})
                            .Run();
  EXPECT_EQ(result.seen, (std::set<Outcome>{{0, 0}, {0, 1}, {1, 0}}));
}

TEST(LitmusLimits, StoresAreNotReordered) {
  const Result result = Litmus<Words>({[](Words& s) {
                                         s.x.store(1, kRelaxed);
                                         s.y.store(2, kRelaxed);
                                       },
                                       [](Words& s) {
                                         s.y.store(1, kRelaxed);
                                         s.x.store(2, kRelaxed);
                                       }})
                            .AtRest([](Words& s) {
                              s.r[0] = s.x.peek();
                              s.r[1] = s.y.peek();
                            })
                            .Run();
  EXPECT_EQ(result.seen, (std::set<Outcome>{{1, 2}, {2, 1}, {2, 2}}));
}

TEST(LitmusLimits, LoadsLookBackTwoStores) {
  const Result result = Litmus<Words>({[](Words& s) {
                                         for (int i = 1; i <= 4; ++i) s.x.store(i, kRelaxed);
                                         s.r[2] = 1;  // no edge: not a modelled word
                                       },
                                       [](Words& s) {
                                         s.r[1] = s.r[2];
                                         s.r[0] = s.x.load(kRelaxed);
                                       }})
                            .Run();
  for (int value = 2; value <= 4; ++value) EXPECT_TRUE(result.Saw({value, 1, 1})) << value;
  for (int value = 0; value <= 1; ++value) EXPECT_FALSE(result.Saw({value, 1, 1})) << value;
}

}  // namespace
}  // namespace racewalk::litmus
