// A tree of losers, compared by the first eight bytes.
#include "engine/cold/merge_runs.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "engine/cold/window_index_format.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr std::size_t kEntriesPerRunMin = 16;

std::size_t EntriesPerRun(std::size_t runs, std::size_t buffer_bytes) {
  if (runs == 0) return 0;
  return std::max(kEntriesPerRunMin, buffer_bytes / runs / sizeof(IndexEntry));
}

}  // namespace

MergedEntries::MergedEntries(std::vector<std::unique_ptr<SortedEntries>> runs,
                             const MergeOptions& options)
    : entries_per_run_(EntriesPerRun(runs.size(), options.buffer_bytes)) {
  for (std::unique_ptr<SortedEntries>& run : runs) {
    const std::size_t at = runs_.size() * entries_per_run_;
    runs_.push_back({.source = std::move(run), .at = at, .end = at});
  }
  buffer_.resize(runs_.size() * entries_per_run_);
}

bool MergedEntries::IsBeforeByEntry(const Head& left, const Head& right) const {
  if (left.is_live == 0 || right.is_live == 0) return left.is_live != 0;
  const auto order = buffer_[runs_[left.run].at] <=> buffer_[runs_[right.run].at];
  return order < 0 || (order == 0 && left.run < right.run);
}

absl::StatusOr<MergedEntries::Head> MergedEntries::ReadHead(std::uint32_t number) {
  Run& run = runs_[number];
  run.at = number * entries_per_run_;
  VFS_ASSIGN_OR_RETURN(const std::size_t count,
                       run.source->Next(std::span(buffer_).subspan(run.at, entries_per_run_)));
  run.end = run.at + count;
  if (count == 0) return Head{.prefix = ~std::uint64_t{0}, .run = number, .is_live = 0};
  return Head{.prefix = KeyOf(buffer_[run.at].hash).high, .run = number, .is_live = 1};
}

// Plays all matches, from the leaves up: run i is the leaf runs + i of a tree whose node n has the
// children 2n and 2n + 1.
absl::Status MergedEntries::Start() {
  is_started_ = true;
  const std::size_t count = runs_.size();
  if (count == 0) return absl::OkStatus();
  std::vector<Head> winners(2 * count);
  losers_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    VFS_ASSIGN_OR_RETURN(winners[count + i], ReadHead(static_cast<std::uint32_t>(i)));
  }
  for (std::size_t node = count - 1; node > 0; --node) {
    losers_[node] = winners[2 * node];
    winners[node] = winners[2 * node + 1];
    Play(losers_[node], winners[node]);
  }
  winner_ = winners[1];
  return absl::OkStatus();
}

absl::StatusOr<std::size_t> MergedEntries::Next(std::span<IndexEntry> out) {
  if (!is_started_) VFS_RETURN_IF_ERROR(Start());
  std::size_t count = 0;
  while (count < out.size() && winner_.is_live != 0) {
    Run& run = runs_[winner_.run];
    out[count++] = buffer_[run.at];
    Head head = winner_;
    if (++run.at < run.end) {
      head.prefix = KeyOf(buffer_[run.at].hash).high;
    } else {
      VFS_ASSIGN_OR_RETURN(head, ReadHead(head.run));
    }
    for (std::size_t node = (runs_.size() + head.run) / 2; node > 0; node /= 2)
      Play(losers_[node], head);
    winner_ = head;
  }
  return count;
}

// Leaves the loser where it is and takes the winner on. Without a branch: which of two random
// hashes is the smaller cannot be foretold.
inline void MergedEntries::Play(Head& loser, Head& winner) const {
  const bool is_changed =
      loser.prefix == winner.prefix ? IsBeforeByEntry(loser, winner) : loser.prefix < winner.prefix;
  const std::uint64_t change = std::uint64_t{0} - static_cast<std::uint64_t>(is_changed);
  const auto exchange = [change](auto& left, auto& right) {
    using Number = std::remove_reference_t<decltype(left)>;
    const auto difference = static_cast<Number>((left ^ right) & change);
    left ^= difference;
    right ^= difference;
  };
  exchange(loser.prefix, winner.prefix);
  exchange(loser.run, winner.run);
  exchange(loser.is_live, winner.is_live);
}

}  // namespace permafrost::engine
