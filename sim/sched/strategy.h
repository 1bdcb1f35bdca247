// Who runs next: the strategies that explore schedules.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "sim/sched/schedule.h"

namespace permafrost::sim {

// One moment with at least two candidates.
struct Decision {
  std::uint64_t number = 0;       // counts decisions of the run from 0
  std::uint64_t step = 0;         // scheduling points so far
  std::vector<int> candidates;    // ids of threads
  std::size_t default_index = 0;  // what run-to-block takes
  bool is_preemption = false;     // the current thread could go on: the others interrupt it
  bool is_yield = false;          // the current thread asked to be left
  int current = 0;                // id of the thread that reached this moment
};

// Threads: the one that holds the token.
class Strategy {
 public:
  virtual ~Strategy() = default;
  // An index into decision.candidates.
  virtual std::size_t Choose(const Decision& decision) = 0;
};

// A strategy as text, all of it a function of these words and the seed:
//   run-to-block            a thread runs until it waits; the cheapest
//   random-walk N/M         another thread with chance N/M at each point, all alike
//   uniform                 every candidate alike at every point
//   pct DEPTH LENGTH        random priorities, lowered at DEPTH - 1 of the first LENGTH decisions:
//                           finds a bug of depth d in n threads and k decisions with a chance of at
//                           least 1 / (n k^(d-1)). (Where only one thread can run there is nothing
//                           to decide: such points are not counted.)
//   replay SCHEDULE         a recorded schedule; what it does not list takes the default
// Source: Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees", ASPLOS 2010.
struct StrategySpec {
  enum class Kind { kRunToBlock, kRandomWalk, kUniform, kPct, kReplay };
  Kind kind = Kind::kRunToBlock;
  std::uint32_t numerator = 3;  // of random-walk's chance
  std::uint32_t denominator = 10;
  int depth = 3;                  // of pct
  std::uint64_t length = 20'000;  // of pct: decisions among which the changes fall
  Schedule schedule;              // of replay

  friend bool operator==(const StrategySpec&, const StrategySpec&) = default;
};

// Parses what it prints.
// Errors: kInvalidArgument  the word that is not understood, and what is
std::string ToString(const StrategySpec& spec);
absl::StatusOr<StrategySpec> ParseStrategy(std::string_view text);

std::unique_ptr<Strategy> MakeStrategy(const StrategySpec& spec, std::uint64_t seed);

// Every schedule with at most `preemptions_max` preemptions, one run after the other:
//
//   ExhaustiveSearch search(2);
//   while (search.HasNext()) { RunThreads({.strategy_override = &search}, body); search.EndRun(); }
//
// The code under test must be deterministic but for its schedule.
class ExhaustiveSearch final : public Strategy {
 public:
  explicit ExhaustiveSearch(int preemptions_max) : preemptions_max_(preemptions_max) {}

  bool HasNext() const { return has_next_; }
  std::size_t Choose(const Decision& decision) override;
  // Moves on to the next schedule.
  void EndRun();
  std::uint64_t runs() const { return runs_; }

 private:
  struct Branch {
    std::size_t tried = 0;  // how many alternatives were taken, the default first
    std::size_t default_index = 0;
    std::size_t count = 0;
    bool is_preemption = false;
    int preemptions_before = 0;
  };
  // The alternative that stands at place `tried` of a branch: the default first, then by index.
  static std::size_t IndexOf(const Branch& branch);

  const int preemptions_max_;
  std::vector<Branch> branches_;  // the path of the current run
  std::size_t depth_ = 0;         // decisions taken in this run
  int preemptions_ = 0;
  std::uint64_t runs_ = 0;
  bool has_next_ = true;
};

}  // namespace permafrost::sim
