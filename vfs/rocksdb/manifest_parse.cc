// The tags of RocksDB 7.8.3's version edits. Every field is read or skipped by its own encoding; an
// unknown one is refused.
#include "vfs/rocksdb/manifest_parse.h"

#include <algorithm>

#include "vfs/base/bytes.h"
#include "vfs/base/status.h"
#include "vfs/rocksdb/varint_reader.h"

namespace permafrost::vfs {
namespace {

enum Tag : std::uint32_t {
  kComparator = 1,
  kLogNumber = 2,
  kNextFileNumber = 3,
  kLastSequence = 4,
  kCompactCursor = 5,
  kDeletedFile = 6,
  kNewFile = 7,
  kPrevLogNumber = 9,
  kMinLogNumberToKeep = 10,
  kNewFile2 = 100,
  kNewFile3 = 102,
  kNewFile4 = 103,
  kColumnFamily = 200,
  kColumnFamilyAdd = 201,
  kColumnFamilyDrop = 202,
  kMaxColumnFamily = 203,
  kInAtomicGroup = 300,
  kSafeToIgnore = 1 << 13,  // with this bit the field is one length-prefixed string
};

enum NewFileTag : std::uint32_t {
  kTerminate = 1,
  kMinLogNumberToKeepField = 3,
};

// level, number, [path], size, smallest, largest, [smallest and largest sequence], [custom fields].
void SkipNewFile(VarintReader& in, std::uint32_t tag, VersionEdit& edit) {
  in.Varint32();
  in.Varint();
  if (tag == kNewFile3) in.Varint32();
  in.Varint();
  in.String();
  in.String();
  if (tag == kNewFile) return;
  in.Varint();
  in.Varint();
  if (tag != kNewFile4) return;
  while (in.ok()) {
    const std::uint32_t field = in.Varint32();
    if (!in.ok() || field == kTerminate) return;
    const std::string_view value = in.String();
    if (in.ok() && field == kMinLogNumberToKeepField && value.size() == sizeof(std::uint64_t)) {
      edit.min_log_to_keep = LoadLittleEndian<std::uint64_t>(value, 0);
    }
  }
}

// False if the tag is unknown.
bool ReadField(VarintReader& in, std::uint32_t tag, VersionEdit& edit) {
  switch (tag) {
    case kComparator: in.String(); return true;
    case kLogNumber: edit.log_number = in.Varint(); return true;
    case kPrevLogNumber: in.Varint(); return true;
    case kNextFileNumber: edit.next_file = in.Varint(); return true;
    case kLastSequence: edit.last_sequence = in.Varint(); return true;
    case kMinLogNumberToKeep: edit.min_log_to_keep = in.Varint(); return true;
    case kMaxColumnFamily: in.Varint32(); return true;
    case kCompactCursor:
      in.Varint32();
      in.String();
      return true;
    case kDeletedFile:
      in.Varint32();
      in.Varint();
      return true;
    case kNewFile:
    case kNewFile2:
    case kNewFile3:
    case kNewFile4: SkipNewFile(in, tag, edit); return true;
    case kColumnFamily: edit.family = in.Varint32(); return true;
    case kColumnFamilyAdd:
      in.String();
      edit.adds_family = true;
      return true;
    case kColumnFamilyDrop: edit.drops_family = true; return true;
    case kInAtomicGroup: edit.group_remaining = in.Varint32(); return true;
    default: break;
  }
  if ((tag & kSafeToIgnore) == 0) return false;
  in.String();
  return true;
}

}  // namespace

absl::StatusOr<VersionEdit> DecodeVersionEdit(std::string_view bytes) {
  VersionEdit edit;
  VarintReader in(bytes);
  while (!in.empty()) {
    const std::uint32_t tag = in.Varint32();
    if (in.ok() && !ReadField(in, tag, edit))
      return DataLoss("field {} of the edit is unknown", tag);
    if (!in.ok()) return DataLoss("field {} of the edit is malformed", tag);
  }
  return edit;
}

void ManifestState::Apply(const VersionEdit& edit) {
  if (edit.drops_family) {
    log_numbers_.erase(edit.family);
  } else if (edit.adds_family || edit.log_number.has_value()) {
    std::uint64_t& log = log_numbers_[edit.family];
    log = std::max(log, edit.log_number.value_or(0));
  }
  min_log_to_keep_ = std::max(min_log_to_keep_, edit.min_log_to_keep.value_or(0));
  next_file_ = std::max(next_file_, edit.next_file.value_or(0));
  last_sequence_ = std::max(last_sequence_, edit.last_sequence.value_or(0));
  in_group_ = edit.group_remaining.value_or(0) > 0;
}

std::uint64_t ManifestState::MinLog() const {
  std::uint64_t unflushed = UINT64_MAX;
  for (const auto& [family, log] : log_numbers_) unflushed = std::min(unflushed, log);
  return std::max(min_log_to_keep_, log_numbers_.empty() ? 0 : unflushed);
}

bool ManifestState::LogsContinueTables() const {
  const std::uint64_t min_log = MinLog();
  return std::all_of(log_numbers_.begin(), log_numbers_.end(),
                     [min_log](const auto& family) { return family.second <= min_log; });
}

}  // namespace permafrost::vfs
