// Pages as the entries come, a directory behind each 510 of them, roots and footer at the end.
#include "engine/cold/window_index_builder.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cold/pilot_search.h"
#include "engine/geometry/geometry.h"
#include "vfs/base/bytes.h"
#include "vfs/base/check.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

// More than a page and an overflow unit can take.
constexpr std::size_t kBufferedEntries = 2048;
static_assert(kBufferedEntries > kPageKeysMax + kOverflowEntriesMax + 1);
constexpr std::size_t kWriteBytes = std::size_t{64} << 10;
static_assert(kWriteBytes % kIndexUnitBytes == 0);

class IndexBuild {
 public:
  IndexBuild(const WindowIndexInput& input, SortedEntries& entries, vfs::File& file)
      : input_(input), entries_(entries), file_(file), crc_seed_(SeedOf(input.identity)) {
    buffer_.resize(kBufferedEntries);
    buffer_keys_.resize(kBufferedEntries);
    unit_.reserve(kIndexUnitBytes);
    writing_.reserve(kWriteBytes);
  }

  absl::StatusOr<WindowIndexSummary> Run() {
    while (true) {
      VFS_RETURN_IF_ERROR(ReadOn());
      if (begin_ == end_) break;
      VFS_RETURN_IF_ERROR(AddPage());
    }
    if (delivered_ != input_.entries) {
      return vfs::DataLoss("build window index: {} entries, {} declared", delivered_,
                           input_.entries);
    }
    VFS_RETURN_IF_ERROR(CloseGroup());
    VFS_RETURN_IF_ERROR(AddRoots());
    VFS_RETURN_IF_ERROR(AddFooter());
    VFS_RETURN_IF_ERROR(file_.Append(writing_));
    summary_.file_bytes = units_ * kIndexUnitBytes;
    return summary_;
  }

 private:
  struct RootRow {
    std::uint64_t prefix = 0;
    std::uint64_t directory = 0;  // unit
  };

  // Fills the buffer up, unless the stream has ended.
  absl::Status ReadOn();
  // Takes a new entry at buffer_[at] to its end, or drops it as the one before delivered again.
  absl::Status Accept(std::size_t at);

  // The largest page that the buffer's first entries make.
  absl::Status AddPage();
  // Takes entries for a page, up to so many keys; returns how many entries.
  std::size_t TakeKeys(std::size_t keys_max);
  void EncodePage(std::uint16_t seed);
  // Ends the group if there is one.
  absl::Status CloseGroup();
  absl::Status AddRoots();
  absl::Status AddFooter();
  // Writes unit_, padded, and empties it.
  absl::Status AddUnit(std::uint32_t crc_seed);
  std::uint32_t Offset(LedgerSeq ledger) const {
    return ledger.value() - input_.identity.first.value();
  }

  const WindowIndexInput& input_;
  SortedEntries& entries_;
  vfs::File& file_;
  const std::uint32_t crc_seed_;

  std::vector<IndexEntry> buffer_;
  std::vector<IndexKey> buffer_keys_;
  std::size_t begin_ = 0;  // of what is in no page yet
  std::size_t end_ = 0;
  bool has_ended_ = false;
  std::uint64_t delivered_ = 0;

  PilotSearch search_;
  std::vector<IndexKey> page_keys_;
  std::vector<LedgerSeq> page_ledgers_;
  std::vector<IndexEntry> page_overflow_;

  std::vector<std::uint64_t> group_prefixes_;  // the first of each page
  std::vector<IndexEntry> group_overflow_;
  std::vector<RootRow> roots_;
  std::uint64_t pages_ = 0;

  std::string unit_;
  std::string writing_;
  std::uint64_t units_ = 0;
  WindowIndexSummary summary_;
};

absl::Status IndexBuild::Accept(std::size_t at) {
  const IndexEntry& entry = buffer_[at];
  const IndexIdentity& identity = input_.identity;
  if (entry.ledger < identity.first || entry.ledger > identity.last) {
    return vfs::InvalidArgument("build window index: entry {} is of ledger {}, outside {} to {}",
                                delivered_, entry.ledger.value(), identity.first.value(),
                                identity.last.value());
  }
  const IndexKey key = KeyOf(entry.hash);
  if (end_ > 0 && key.high <= buffer_keys_[end_ - 1].high) {
    const auto order = entry <=> buffer_[end_ - 1];
    if (order < 0) {
      return vfs::InvalidArgument("build window index: entry {} sorts before the one before it",
                                  delivered_);
    }
    if (order == 0) {
      ++summary_.repeated;
      return absl::OkStatus();
    }
  }
  buffer_[end_] = entry;
  buffer_keys_[end_] = key;
  ++end_;
  return absl::OkStatus();
}

absl::Status IndexBuild::ReadOn() {
  if (has_ended_ || end_ - begin_ > kPageKeysMax + kOverflowEntriesMax) return absl::OkStatus();
  // The last entry given out stays in front: what follows is compared with it.
  const std::size_t kept = begin_ > 0 ? begin_ - 1 : 0;
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(kept),
            buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
  std::copy(buffer_keys_.begin() + static_cast<std::ptrdiff_t>(kept),
            buffer_keys_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_keys_.begin());
  begin_ -= kept;
  end_ -= kept;
  while (end_ < kBufferedEntries) {
    const std::size_t at = end_;
    VFS_ASSIGN_OR_RETURN(const std::size_t count, entries_.Next(std::span(buffer_).subspan(at)));
    has_ended_ = count == 0;
    if (has_ended_) return absl::OkStatus();
    for (std::size_t i = at; i < at + count; ++i) {
      VFS_RETURN_IF_ERROR(Accept(i));
      ++delivered_;
    }
  }
  return absl::OkStatus();
}

std::size_t IndexBuild::TakeKeys(std::size_t keys_max) {
  page_keys_.clear();
  page_ledgers_.clear();
  page_overflow_.clear();
  std::size_t at = begin_;
  for (; at < end_; ++at) {
    if (!page_keys_.empty() && buffer_keys_[at] == page_keys_.back()) {
      if (group_overflow_.size() + page_overflow_.size() == kOverflowEntriesMax) break;
      page_overflow_.push_back(buffer_[at]);
    } else {
      if (page_keys_.size() == keys_max) break;
      page_keys_.push_back(buffer_keys_[at]);
      page_ledgers_.push_back(buffer_[at].ledger);
    }
  }
  return at - begin_;
}

absl::Status IndexBuild::AddPage() {
  std::size_t taken = TakeKeys(kPageKeysMax);
  std::optional<std::uint16_t> seed = search_.Find(page_keys_);
  while (!seed.has_value()) {
    // Keys that were made to meet are parted: one alone has always a slot.
    VFS_PROBE("engine/cold/index_page_halved");
    VFS_CHECK(page_keys_.size() > 1, "no slot for a single key");
    taken = TakeKeys(page_keys_.size() / 2);
    seed = search_.Find(page_keys_);
  }
  EncodePage(*seed);
  VFS_RETURN_IF_ERROR(AddUnit(crc_seed_));

  begin_ += taken;
  ++pages_;
  summary_.keys += page_keys_.size();
  summary_.overflow += page_overflow_.size();
  group_prefixes_.push_back(page_keys_.front().high);
  group_overflow_.insert(group_overflow_.end(), page_overflow_.begin(), page_overflow_.end());
  const bool is_full =
      group_prefixes_.size() == kGroupPagesMax || group_overflow_.size() == kOverflowEntriesMax;
  return is_full ? CloseGroup() : absl::OkStatus();
}

void IndexBuild::EncodePage(std::uint16_t seed) {
  vfs::AppendLittleEndian(unit_, static_cast<std::uint16_t>(page_keys_.size()));
  vfs::AppendLittleEndian(unit_, seed);
  unit_.append(reinterpret_cast<const char*>(search_.pilots().data()), kPageBuckets);
  std::array<std::uint32_t, kPageSlots> slots;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  slots.fill(kEmptySlot);
  for (std::size_t i = 0; i < page_keys_.size(); ++i) {
    slots[search_.SlotOfKey(i)] =
        Offset(page_ledgers_[i]) << kSlotLedgerShift | FingerprintOf(page_keys_[i]);
  }
  unit_.append(reinterpret_cast<const char*>(slots.data()), sizeof(slots));
}

absl::Status IndexBuild::CloseGroup() {
  if (group_prefixes_.empty()) return absl::OkStatus();
  if (roots_.size() == kGroupsMax) {
    return vfs::InvalidArgument("build window index: more than {} groups after {} entries",
                                kGroupsMax, delivered_);
  }
  if (!group_overflow_.empty()) {
    VFS_PROBE("engine/cold/index_overflow");
    for (const IndexEntry& entry : group_overflow_) {
      unit_.append(reinterpret_cast<const char*>(entry.hash.data()), entry.hash.size());
      vfs::AppendLittleEndian(unit_, entry.ledger.value());
    }
    VFS_RETURN_IF_ERROR(AddUnit(crc_seed_));
  }
  roots_.push_back({.prefix = group_prefixes_.front(), .directory = units_});
  vfs::AppendLittleEndian(unit_, static_cast<std::uint16_t>(group_prefixes_.size()));
  vfs::AppendLittleEndian(unit_, static_cast<std::uint16_t>(group_overflow_.size()));
  vfs::AppendLittleEndian(unit_, std::uint32_t{0});
  for (const std::uint64_t prefix : group_prefixes_) vfs::AppendLittleEndian(unit_, prefix);
  group_prefixes_.clear();
  group_overflow_.clear();
  return AddUnit(crc_seed_);
}

absl::Status IndexBuild::AddRoots() {
  for (std::size_t i = 0; i < roots_.size(); ++i) {
    vfs::AppendLittleEndian(unit_, roots_[i].prefix);
    vfs::AppendLittleEndian(unit_, roots_[i].directory);
    const bool is_last = (i + 1) % kRootRowsMax == 0 || i + 1 == roots_.size();
    if (is_last) VFS_RETURN_IF_ERROR(AddUnit(crc_seed_));
  }
  return absl::OkStatus();
}

absl::Status IndexBuild::AddFooter() {
  const IndexIdentity& identity = input_.identity;
  unit_.append(kIndexMagic);
  vfs::AppendLittleEndian(unit_, kIndexVersion);
  vfs::AppendLittleEndian(unit_, std::uint32_t{0});
  unit_.append(reinterpret_cast<const char*>(identity.store_id.data()), identity.store_id.size());
  vfs::AppendLittleEndian(unit_, identity.first.value());
  vfs::AppendLittleEndian(unit_, identity.last.value());
  vfs::AppendLittleEndian(unit_, std::uint64_t{units_ + 1});
  vfs::AppendLittleEndian(unit_, delivered_);
  vfs::AppendLittleEndian(unit_, summary_.keys);
  vfs::AppendLittleEndian(unit_, summary_.overflow);
  vfs::AppendLittleEndian(unit_, pages_);
  vfs::AppendLittleEndian(unit_, static_cast<std::uint32_t>(roots_.size()));
  return AddUnit(0);
}

absl::Status IndexBuild::AddUnit(std::uint32_t crc_seed) {
  unit_.resize(kIndexUnitCrcAt, '\0');
  vfs::AppendLittleEndian(unit_, UnitCrc(crc_seed, units_, unit_));
  ++units_;
  writing_.append(unit_);
  unit_.clear();
  if (writing_.size() < kWriteBytes) return absl::OkStatus();
  VFS_RETURN_IF_ERROR(file_.Append(writing_));
  writing_.clear();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<WindowIndexSummary> BuildWindowIndex(const WindowIndexInput& input,
                                                    SortedEntries& entries,
                                                    vfs::File& file) {
  const IndexIdentity& identity = input.identity;
  if (identity.last < identity.first ||
      identity.last.value() - identity.first.value() >= kWindowLedgersMax) {
    return vfs::InvalidArgument(
        "build window index: a coverage from ledger {} to {}, expected 1 to {} ledgers",
        identity.first.value(), identity.last.value(), kWindowLedgersMax);
  }
  return IndexBuild(input, entries, file).Run();
}

}  // namespace permafrost::engine
