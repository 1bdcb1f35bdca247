// The strategies.
#include "sim/sched/strategy.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "vfs/base/check.h"
#include "vfs/base/hash.h"
#include "vfs/base/parse_number.h"
#include "vfs/base/prng.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

// The schedule's own chance: all of it in this object, which no sanitizer instruments (vfs::Prng is
// another library's, and its state passes from thread to thread with the token).
// Source: splitmix64, Steele et al., OOPSLA 2014; the seed is mixed first, or seed n + 1 would be
// seed n one step later.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(vfs::Mix64(seed ^ 0x7363686564756c65ULL)) {}
  std::uint64_t Below(std::uint64_t bound) { return Next() % bound; }
  bool Hits(vfs::Ratio ratio) { return Below(ratio.denominator) < ratio.numerator; }

 private:
  std::uint64_t Next() { return vfs::Mix64(state_ += 0x9e3779b97f4a7c15ULL); }

  std::uint64_t state_;
};

class RunToBlock final : public Strategy {
 public:
  std::size_t Choose(const Decision& decision) override { return decision.default_index; }
};

class RandomWalk final : public Strategy {
 public:
  RandomWalk(vfs::Ratio ratio, std::uint64_t seed) : ratio_(ratio), chance_(seed) {}
  std::size_t Choose(const Decision& decision) override {
    if (decision.is_preemption && !chance_.Hits(ratio_)) return decision.default_index;
    return chance_.Below(decision.candidates.size());
  }

 private:
  const vfs::Ratio ratio_;
  Chance chance_;
};

// Highest priority runs. New threads draw theirs above `depth`; the i-th change point gives the
// current thread priority depth - 1 - i, and a yield one below all.
class Pct final : public Strategy {
 public:
  Pct(int depth, std::uint64_t length, std::uint64_t seed)
      : chance_(seed), lowest_(0), next_change_(depth - 1) {
    for (int i = 1; i < depth; ++i)
      changes_.insert(chance_.Below(std::max<std::uint64_t>(length, 1)));
  }

  std::size_t Choose(const Decision& decision) override {
    if (changes_.contains(decision.number)) PriorityOf(decision.current) = next_change_--;
    if (decision.is_yield) PriorityOf(decision.current) = --lowest_;
    std::size_t best = 0;
    for (std::size_t i = 1; i < decision.candidates.size(); ++i) {
      if (PriorityOf(decision.candidates[i]) > PriorityOf(decision.candidates[best])) best = i;
    }
    return best;
  }

 private:
  static constexpr std::int64_t kBase = 1'000'000;  // above every change point

  std::int64_t& PriorityOf(int thread) {
    const auto found = priorities_.find(thread);
    if (found != priorities_.end()) return found->second;
    const auto drawn = static_cast<std::int64_t>(chance_.Below(1ULL << 40));
    return priorities_[thread] = kBase + drawn;
  }

  Chance chance_;
  std::map<int, std::int64_t> priorities_;
  std::set<std::uint64_t> changes_;
  std::int64_t lowest_;
  std::int64_t next_change_;
};

class Replay final : public Strategy {
 public:
  explicit Replay(Schedule schedule) : schedule_(std::move(schedule)) {}
  std::size_t Choose(const Decision& decision) override {
    const auto& choices = schedule_.choices;
    while (next_ < choices.size() && choices[next_].first < decision.number) ++next_;
    if (next_ == choices.size() || choices[next_].first != decision.number) {
      return decision.default_index;
    }
    const auto at =
        std::find(decision.candidates.begin(), decision.candidates.end(), choices[next_].second);
    // A schedule that was made smaller may name a thread that cannot run here any more.
    if (at == decision.candidates.end()) return decision.default_index;
    return static_cast<std::size_t>(at - decision.candidates.begin());
  }

 private:
  const Schedule schedule_;
  std::size_t next_ = 0;  // the first choice not yet passed
};

// The first word of `text`, which loses it and the blanks behind it.
std::string_view TakeWord(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  const std::size_t rest = text.find_first_not_of(' ');
  text = rest == std::string_view::npos ? std::string_view() : text.substr(rest);
  return word;
}

absl::Status BadStrategy(std::string_view text, std::string_view finding) {
  return vfs::InvalidArgument(
      "strategy '{}': {}; known: run-to-block, random-walk N/M, uniform, pct DEPTH LENGTH, replay "
      "SCHEDULE",
      text.substr(0, 80), finding);
}

}  // namespace

std::string ToString(const StrategySpec& spec) {
  switch (spec.kind) {
    case StrategySpec::Kind::kRunToBlock: return "run-to-block";
    case StrategySpec::Kind::kRandomWalk:
      return fmt::format("random-walk {}/{}", spec.numerator, spec.denominator);
    case StrategySpec::Kind::kUniform: return "uniform";
    case StrategySpec::Kind::kPct: return fmt::format("pct {} {}", spec.depth, spec.length);
    case StrategySpec::Kind::kReplay: {
      const std::string schedule = ToString(spec.schedule);
      return schedule.empty() ? "replay" : "replay " + schedule;
    }
  }
  vfs::CheckFailed(__FILE__, __LINE__, "StrategySpec::Kind",
                   std::to_string(static_cast<int>(spec.kind)));
}

absl::StatusOr<StrategySpec> ParseStrategy(std::string_view text) {
  StrategySpec spec;
  std::string_view rest = text;
  const std::string_view word = TakeWord(rest);
  if (word == "replay") {
    spec.kind = StrategySpec::Kind::kReplay;
    VFS_ASSIGN_OR_RETURN(spec.schedule, ParseSchedule(rest));
    return spec;
  }
  if (word == "run-to-block") {
    spec.kind = StrategySpec::Kind::kRunToBlock;
  } else if (word == "uniform") {
    spec.kind = StrategySpec::Kind::kUniform;
  } else if (word == "random-walk") {
    spec.kind = StrategySpec::Kind::kRandomWalk;
    if (!rest.empty()) {
      const std::string_view ratio = TakeWord(rest);
      const std::size_t slash = ratio.find('/');
      const auto numerator = vfs::ParseNumber<std::uint64_t>(ratio.substr(0, slash));
      const auto denominator = slash == std::string_view::npos
                                   ? std::nullopt
                                   : vfs::ParseNumber<std::uint64_t>(ratio.substr(slash + 1));
      if (!numerator.has_value() || !denominator.has_value() || *denominator == 0 ||
          *denominator > UINT32_MAX || *numerator > *denominator) {
        return BadStrategy(text, fmt::format("'{}' is no chance N/M between 0 and 1", ratio));
      }
      spec.numerator = static_cast<std::uint32_t>(*numerator);
      spec.denominator = static_cast<std::uint32_t>(*denominator);
    }
  } else if (word == "pct") {
    spec.kind = StrategySpec::Kind::kPct;
    if (!rest.empty()) {
      const std::string_view depth = TakeWord(rest);
      const auto number = vfs::ParseNumber<std::uint64_t>(depth);
      if (!number.has_value() || *number < 1 || *number > 1000) {
        return BadStrategy(text, fmt::format("'{}' is no depth from 1 to 1000", depth));
      }
      spec.depth = static_cast<int>(*number);
    }
    if (!rest.empty()) {
      const std::string_view length = TakeWord(rest);
      const auto number = vfs::ParseNumber<std::uint64_t>(length);
      if (!number.has_value() || *number < 1) {
        return BadStrategy(text, fmt::format("'{}' is no number of steps", length));
      }
      spec.length = *number;
    }
  } else {
    return BadStrategy(text, fmt::format("'{}' is none", word));
  }
  if (!rest.empty()) return BadStrategy(text, fmt::format("'{}' is one word too many", rest));
  return spec;
}

std::unique_ptr<Strategy> MakeStrategy(const StrategySpec& spec, std::uint64_t seed) {
  switch (spec.kind) {
    case StrategySpec::Kind::kRunToBlock: return std::make_unique<RunToBlock>();
    case StrategySpec::Kind::kRandomWalk:
      return std::make_unique<RandomWalk>(vfs::Ratio{spec.numerator, spec.denominator}, seed);
    case StrategySpec::Kind::kUniform: return std::make_unique<RandomWalk>(vfs::Ratio{1, 1}, seed);
    case StrategySpec::Kind::kPct: return std::make_unique<Pct>(spec.depth, spec.length, seed);
    case StrategySpec::Kind::kReplay: return std::make_unique<Replay>(spec.schedule);
  }
  vfs::CheckFailed(__FILE__, __LINE__, "StrategySpec::Kind",
                   std::to_string(static_cast<int>(spec.kind)));
}

std::size_t ExhaustiveSearch::IndexOf(const Branch& branch) {
  if (branch.tried == 0) return branch.default_index;
  const std::size_t place = branch.tried - 1;
  return place < branch.default_index ? place : place + 1;
}

std::size_t ExhaustiveSearch::Choose(const Decision& decision) {
  if (depth_ == branches_.size()) {
    branches_.push_back({.default_index = decision.default_index,
                         .count = decision.candidates.size(),
                         .is_preemption = decision.is_preemption,
                         .preemptions_before = preemptions_});
  }
  const Branch& branch = branches_[depth_++];
  VFS_CHECK(branch.count == decision.candidates.size(),
            "decision {} had {} candidates and has {}: the code under test is not deterministic",
            decision.number, branch.count, decision.candidates.size());
  if (branch.is_preemption && branch.tried > 0) ++preemptions_;
  return IndexOf(branch);
}

void ExhaustiveSearch::EndRun() {
  ++runs_;
  // What the run did not reach was only ever planned by a longer sibling.
  branches_.resize(std::min(branches_.size(), depth_));
  while (!branches_.empty()) {
    Branch& last = branches_.back();
    const bool is_affordable = !last.is_preemption || last.preemptions_before < preemptions_max_;
    if (is_affordable && last.tried + 1 < last.count) {
      ++last.tried;
      break;
    }
    branches_.pop_back();
  }
  has_next_ = !branches_.empty();
  depth_ = 0;
  preemptions_ = 0;
}

}  // namespace permafrost::sim
