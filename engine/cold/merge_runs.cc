// A tree of losers, compared by the first eight bytes.
#include "engine/cold/merge_runs.h"

#include <algorithm>
#include <string_view>
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

inline bool MergedEntries::IsBefore(const Head& left, const Head& right) const {
  if (left.prefix == right.prefix) return IsBeforeByEntry(left, right);
  return left.prefix < right.prefix;
}

bool MergedEntries::IsBeforeByEntry(const Head& left, const Head& right) const {
  if (!left.is_live || !right.is_live) return left.is_live;
  const auto order = buffer_[runs_[left.run].at] <=> buffer_[runs_[right.run].at];
  return order < 0 || (order == 0 && left.run < right.run);
}

absl::StatusOr<MergedEntries::Head> MergedEntries::HeadOf(std::uint32_t number, std::size_t skip) {
  Run& run = runs_[number];
  run.at += skip;
  if (run.at == run.end) {
    run.at = number * entries_per_run_;
    VFS_ASSIGN_OR_RETURN(const std::size_t count,
                         run.source->Next(std::span(buffer_).subspan(run.at, entries_per_run_)));
    run.end = run.at + count;
    if (count == 0) return Head{.prefix = ~std::uint64_t{0}, .run = number, .is_live = false};
  }
  return Head{.prefix = KeyOf(buffer_[run.at].hash).high, .run = number, .is_live = true};
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
    VFS_ASSIGN_OR_RETURN(winners[count + i], HeadOf(static_cast<std::uint32_t>(i), 0));
  }
  for (std::size_t node = count - 1; node > 0; --node) {
    const Head& left = winners[2 * node];
    const Head& right = winners[2 * node + 1];
    const bool is_left = IsBefore(left, right);
    winners[node] = is_left ? left : right;
    losers_[node] = is_left ? right : left;
  }
  winner_ = winners[1];
  return absl::OkStatus();
}

absl::StatusOr<std::size_t> MergedEntries::Next(std::span<IndexEntry> out) {
  if (!is_started_) VFS_RETURN_IF_ERROR(Start());
  std::size_t count = 0;
  while (count < out.size() && winner_.is_live) {
    const std::uint32_t run = winner_.run;
    out[count++] = buffer_[runs_[run].at];
    VFS_ASSIGN_OR_RETURN(Head head, HeadOf(run, 1));
    for (std::size_t node = (runs_.size() + run) / 2; node > 0; node /= 2) {
      Head& loser = losers_[node];
      const bool is_loser_first = IsBefore(loser, head);
      // Without a branch: which of two random hashes is the smaller cannot be foretold.
      const Head first = is_loser_first ? loser : head;
      loser = is_loser_first ? head : loser;
      head = first;
    }
    winner_ = head;
  }
  return count;
}

}  // namespace permafrost::engine
