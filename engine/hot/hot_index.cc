// Maps under one lock.
#include "engine/hot/hot_index.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "vfs/base/status.h"

namespace permafrost::engine {

std::uint64_t HotIndex::PrefixOf(const Hash& hash) {
  std::uint64_t prefix = 0;
  std::memcpy(&prefix, hash.data(), sizeof(prefix));
  return prefix;
}

absl::Status HotIndex::Add(const IndexRow& row) {
  const vfs::MutexLock lock(&mu_);
  const std::uint64_t next = first_.value() + ends_.size();
  if (row.sequence.value() != next) {
    return vfs::FailedPrecondition("index ledger {}: the next one is {}", row.sequence.value(),
                                   next);
  }
  const std::uint32_t begin = ends_.empty() ? 0 : ends_.back();
  if (row.event_count > std::numeric_limits<std::uint32_t>::max() - begin) {
    return vfs::OutOfRange("index ledger {}: {} events beside {} are more than a chunk can number",
                           row.sequence.value(), row.event_count, begin);
  }
  for (const Hash& hash : row.hashes) ledgers_.emplace(PrefixOf(hash), row.sequence);
  for (const Posting& posting : row.postings) {
    std::vector<std::uint32_t>& events = events_[posting.term];
    for (const std::uint32_t event : posting.events) events.push_back(begin + event);
  }
  ends_.push_back(begin + row.event_count);
  last_hash_ = row.hash;
  return absl::OkStatus();
}

std::optional<LedgerSeq> HotIndex::last() const {
  const vfs::MutexLock lock(&mu_);
  if (ends_.empty()) return std::nullopt;
  return LedgerSeq{first_.value() + static_cast<std::uint32_t>(ends_.size()) - 1};
}

std::optional<Hash> HotIndex::last_hash() const {
  const vfs::MutexLock lock(&mu_);
  return last_hash_;
}

std::vector<LedgerSeq> HotIndex::Candidates(const Hash& transaction) const {
  const vfs::MutexLock lock(&mu_);
  std::vector<LedgerSeq> found;
  const auto [begin, end] = ledgers_.equal_range(PrefixOf(transaction));
  for (auto at = begin; at != end; ++at) found.push_back(at->second);
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::vector<std::uint32_t> HotIndex::EventsOf(const EventTerm& term,
                                              const EventRange& range) const {
  const vfs::MutexLock lock(&mu_);
  const auto found = events_.find(term);
  if (found == events_.end()) return {};
  const std::vector<std::uint32_t>& events = found->second;
  return {std::lower_bound(events.begin(), events.end(), range.first),
          std::lower_bound(events.begin(), events.end(), range.end)};
}

EventRange HotIndex::EventsOf(LedgerSeq ledger) const {
  const vfs::MutexLock lock(&mu_);
  const std::size_t i = ledger.value() - first_.value();
  return {.first = i == 0 ? 0 : ends_[i - 1], .end = ends_[i]};
}

LedgerSeq HotIndex::LedgerOf(std::uint32_t event) const {
  const vfs::MutexLock lock(&mu_);
  const auto at = std::upper_bound(ends_.begin(), ends_.end(), event);
  return LedgerSeq{first_.value() + static_cast<std::uint32_t>(at - ends_.begin())};
}

}  // namespace permafrost::engine
