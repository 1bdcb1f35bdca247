// Blocks of 113 entries, each a little less than 4 KiB.
#include "engine/cold/hash_run.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>

#include "vfs/base/bytes.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr std::size_t kEntries = 0;  // place in ColdNumbers
constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kEntryBytes = kHashBytes + sizeof(std::uint32_t);
constexpr std::size_t kBlockEntries = 113;
constexpr std::size_t kBlockBytes = kBlockEntries * kEntryBytes + kColdCrcBytes;
constexpr std::size_t kReadBlocks = 16;
static_assert(kBlockBytes <= 4096);

std::uint64_t RunBytes(std::uint64_t entries) {
  const std::uint64_t blocks = (entries + kBlockEntries - 1) / kBlockEntries;
  return entries * kEntryBytes + blocks * kColdCrcBytes;
}

HashEntry EntryAt(std::string_view bytes, std::size_t at) {
  HashEntry entry;
  std::memcpy(entry.hash.data(), bytes.data() + at, kHashBytes);
  entry.ledger = LedgerSeq{vfs::LoadLittleEndian<std::uint32_t>(bytes, at + kHashBytes)};
  return entry;
}

}  // namespace

void AppendHashEntries(std::vector<HashEntry>& out, const LedgerView& ledger) {
  for (const TransactionView& transaction : ledger.transactions) {
    out.push_back({.hash = transaction.hash, .ledger = ledger.sequence});
    if (transaction.inner_hash.has_value())
      out.push_back({.hash = *transaction.inner_hash, .ledger = ledger.sequence});
  }
}

HashRunWriter::HashRunWriter(vfs::File* file, const ColdFileId& id)
    : out_(file, id, ColdFileKind::kHashRun) {}

absl::Status HashRunWriter::Add(const HashEntry& entry) {
  if (failure_.ok()) failure_ = AddChecked(entry);
  return failure_;
}

absl::Status HashRunWriter::AddChecked(const HashEntry& entry) {
  if (last_.has_value() && entry <= *last_) {
    if (entry == *last_) return absl::OkStatus();
    return vfs::InvalidArgument("add entry {} to hash run: it is below the one before",
                                entry_count_);
  }
  if (entry_count_ == std::numeric_limits<std::uint32_t>::max())
    return vfs::InvalidArgument("add entry {} to hash run: it is full", entry_count_);
  last_ = entry;
  ++entry_count_;
  block_.append(reinterpret_cast<const char*>(entry.hash.data()), entry.hash.size());
  vfs::AppendLittleEndian(block_, entry.ledger.value());
  return block_.size() < kBlockEntries * kEntryBytes ? absl::OkStatus() : FinishBlock();
}

absl::Status HashRunWriter::FinishBlock() {
  VFS_RETURN_IF_ERROR(out_.Append(block_count_, block_));
  block_.clear();
  ++block_count_;
  return absl::OkStatus();
}

absl::Status HashRunWriter::Finish() {
  if (failure_.ok() && !block_.empty()) failure_ = FinishBlock();
  VFS_RETURN_IF_ERROR(failure_);
  ColdNumbers numbers = {};
  numbers[kEntries] = entry_count_;
  return out_.Finish(numbers);
}

absl::Status WriteHashRun(vfs::File& file, const ColdFileId& id, std::vector<HashEntry> entries) {
  std::sort(entries.begin(), entries.end());
  HashRunWriter writer(&file, id);
  for (const HashEntry& entry : entries) VFS_RETURN_IF_ERROR(writer.Add(entry));
  return writer.Finish();
}

absl::StatusOr<HashRunCursor> HashRunCursor::Open(vfs::FileSystem& fs,
                                                  std::string_view path,
                                                  const ColdFileId& id) {
  VFS_ASSIGN_OR_RETURN(ColdFileReader file,
                       ColdFileReader::Open(fs, path, id, ColdFileKind::kHashRun));
  return Checked(std::move(file));
}

absl::StatusOr<HashRunCursor> HashRunCursor::OverBytes(std::string bytes,
                                                       std::string_view path,
                                                       const ColdFileId& id) {
  const auto shared = std::make_shared<const std::string>(std::move(bytes));
  const auto read = [shared](std::uint64_t offset,
                             std::span<char> buffer) -> absl::StatusOr<std::size_t> {
    return offset < shared->size() ? shared->copy(buffer.data(), buffer.size(), offset) : 0;
  };
  VFS_ASSIGN_OR_RETURN(ColdFileReader file, ColdFileReader::Open(read, shared->size(), path, id,
                                                                 ColdFileKind::kHashRun));
  return Checked(std::move(file));
}

absl::StatusOr<HashRunCursor> HashRunCursor::Checked(ColdFileReader file) {
  file.DropTail();
  const std::uint32_t entries = file.numbers()[kEntries];
  if (RunBytes(entries) != file.trailer_at()) {
    return file.DamagedTrailer(fmt::format("{} entries take {} bytes, expected {}", entries,
                                           RunBytes(entries), file.trailer_at()));
  }
  return HashRunCursor(std::move(file));
}

std::uint32_t HashRunCursor::entry_count() const { return file_.numbers()[kEntries]; }

absl::Status HashRunCursor::Fill() {
  const std::uint64_t left = file_.trailer_at() - buffer_end_;
  buffer_.resize(std::min<std::uint64_t>(left, kReadBlocks * kBlockBytes));
  taken_ = 0;
  if (left == 0) return absl::OkStatus();
  VFS_RETURN_IF_ERROR(file_.Bytes(buffer_end_, std::span<char>(buffer_)));
  buffer_end_ += buffer_.size();
  return absl::OkStatus();
}

absl::StatusOr<std::span<const HashEntry>> HashRunCursor::NextBlock() {
  entries_.clear();
  if (taken_ == buffer_.size()) VFS_RETURN_IF_ERROR(Fill());
  if (buffer_.empty()) return std::span<const HashEntry>();
  const std::uint64_t at = buffer_end_ - (buffer_.size() - taken_);
  const std::string_view block = std::string_view(buffer_).substr(taken_, kBlockBytes);
  VFS_ASSIGN_OR_RETURN(const std::string_view bytes, file_.Verified(block_, at, block));
  for (std::size_t i = 0; i < bytes.size(); i += kEntryBytes) {
    const HashEntry entry = EntryAt(bytes, i);
    if (last_.has_value() && entry <= *last_) {
      return file_.Damaged(block_, at,
                           fmt::format("entry {} is not above the one before", i / kEntryBytes));
    }
    entries_.push_back(entry);
    last_ = entry;
  }
  taken_ += block.size();
  ++block_;
  return std::span<const HashEntry>(entries_);
}

}  // namespace permafrost::engine
