// The fixture of tests that run simulated threads in every mode that this machine has.
#pragma once

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
