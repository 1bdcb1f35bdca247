// The fixture of tests that run simulated threads in every mode that this machine has.
#pragma once

#include <array>
#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>
#include <gtest/gtest.h>

#include "sim/sched/threads.h"
#include "tests/status_matchers.h"

namespace permafrost::sim {

inline std::vector<ThreadMode> Modes() {
  std::vector<ThreadMode> modes{ThreadMode::kFutex};
  if (CanUseFibers()) modes.push_back(ThreadMode::kFiber);
  return modes;
}

inline std::string NameOfMode(const ::testing::TestParamInfo<ThreadMode>& param) {
  return param.param == ThreadMode::kFutex ? "Futex" : "Fiber";
}

inline StrategySpec StrategyOf(std::string_view words) {
  const auto spec = ParseStrategy(words);
  EXPECT_OK(spec.status());
  return *spec;
}

// Notes of several threads in the order of their coming, without a lock: adding one is neither a
// scheduling point nor a race.
class Notes {
 public:
  void Add(char note) { notes_.at(count_++) = note; }
  std::string Text() const {
    std::string text;
    for (std::size_t i = 0; i < count_; ++i) text += notes_.at(i).load();
    return text;
  }

 private:
  std::atomic<std::size_t> count_{0};
  std::array<std::atomic<char>, 32> notes_{};
};

class Threads : public ::testing::TestWithParam<ThreadMode> {
 protected:
  ThreadOptions Options(std::uint64_t seed, std::string_view strategy) const {
    return {.seed = seed, .strategy = StrategyOf(strategy), .mode = GetParam()};
  }
  ThreadReport Run(std::uint64_t seed,
                   std::string_view strategy,
                   absl::FunctionRef<void()> body) const {
    return RunThreads(Options(seed, strategy), body);
  }
};

}  // namespace permafrost::sim
