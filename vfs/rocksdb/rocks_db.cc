// The facade's calls on an open database.
#include "vfs/rocksdb/rocks_db.h"

#include <algorithm>
#include <utility>

#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"
#include "vfs/rocksdb/rocks_db_impl.h"
#include "vfs/rocksdb/rocks_file_system.h"
#include "vfs/rocksdb/rocks_labels.h"
#include "vfs/rocksdb/status_map.h"

namespace permafrost::vfs {
namespace {

rocksdb::Slice SliceOf(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

class HeldSnapshot final : public RocksSnapshot {
 public:
  explicit HeldSnapshot(rocksdb::DB* db) : db_(db), snapshot_(db->GetSnapshot()) {}
  ~HeldSnapshot() override { db_->ReleaseSnapshot(snapshot_); }
  const rocksdb::Snapshot* get() const { return snapshot_; }

 private:
  rocksdb::DB* const db_;
  const rocksdb::Snapshot* const snapshot_;
};

rocksdb::ReadOptions ReadAt(const RocksSnapshot* snapshot) {
  rocksdb::ReadOptions read;
  if (snapshot != nullptr) read.snapshot = static_cast<const HeldSnapshot*>(snapshot)->get();
  return read;
}

}  // namespace

void BackgroundErrors::OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* error) {
  MutexLock lock(&mu_);
  if (first_.ok()) first_ = *error;
}

rocksdb::Status BackgroundErrors::First() const {
  MutexLock lock(&mu_);
  return first_;
}

RocksBatch& RocksBatch::Put(Family family, std::string_view key, std::string_view value) {
  return Add(Kind::kPut, family, key, value);
}

RocksBatch& RocksBatch::Delete(Family family, std::string_view key) {
  return Add(Kind::kDelete, family, key, {});
}

RocksBatch& RocksBatch::DeleteRange(Family family, std::string_view first, std::string_view end) {
  return Add(Kind::kDeleteRange, family, first, end);
}

RocksBatch& RocksBatch::Add(Kind kind,
                            Family family,
                            std::string_view key,
                            std::string_view value) {
  if (bytes_.empty()) bytes_.reserve(key.size() + value.size());
  ops_.push_back({kind, family, bytes_.size(), key.size(), value.size()});
  bytes_.append(key).append(value);
  return *this;
}

RocksBatch::Op RocksBatch::op(std::size_t i) const {
  const Place& at = ops_[i];
  const std::string_view bytes = bytes_;
  return {at.kind, at.family, bytes.substr(at.begin, at.key_bytes),
          bytes.substr(at.begin + at.key_bytes, at.value_bytes)};
}

KeyRange PrefixRange(std::string_view prefix) {
  KeyRange range{std::string(prefix), std::string(prefix)};
  // The end is the prefix with its last byte that is not 0xff raised by one; all 0xff: no end.
  while (!range.end.empty() && static_cast<unsigned char>(range.end.back()) == 0xff)
    range.end.pop_back();
  if (!range.end.empty()) ++range.end.back();
  return range;
}

absl::Status RocksDb::Impl::CheckOpen(std::string_view op) const {
  if (db != nullptr) return absl::OkStatus();
  return FailedPrecondition("{} {}: the database is closed", op, path);
}

absl::Status RocksDb::Impl::CheckFamily(std::string_view op, Family family) const {
  VFS_RETURN_IF_ERROR(CheckOpen(op));
  if (family.index < families.size()) return absl::OkStatus();
  return InvalidArgument("{} {}: family {} of {}", op, path, family.index, families.size());
}

void RocksDb::Impl::Release() {
  for (rocksdb::ColumnFamilyHandle* family : families) {
    db->DestroyColumnFamilyHandle(family).PermitUncheckedError();
  }
  families.clear();
  db.reset();
}

RocksDb::RocksDb(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

RocksDb::~RocksDb() {
  if (impl_->db == nullptr) return;
  impl_->disk->Abandon();
  impl_->Release();
}

absl::Status RocksDb::Write(const RocksBatch& batch, SyncWrite sync) {
  VFS_RETURN_IF_ERROR(impl_->CheckOpen("write"));
  const RocksOptions& rocks = impl_->options.rocks;
  if (sync == SyncWrite::kNo && !rocks.unsynced_writes && !rocks.stock) {
    return FailedPrecondition(
        "write {}: unsynced write; open the database with unsynced_writes, or sync", impl_->path);
  }
  rocksdb::WriteBatch rocks_batch(batch.encoded_bytes_max());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const RocksBatch::Op op = batch.op(i);
    VFS_RETURN_IF_ERROR(impl_->CheckFamily("write", op.family));
    rocksdb::ColumnFamilyHandle* const family = impl_->families[op.family.index];
    rocksdb::Status added;
    switch (op.kind) {
      case RocksBatch::Kind::kPut:
        added = rocks_batch.Put(family, SliceOf(op.key), SliceOf(op.value));
        break;
      case RocksBatch::Kind::kDelete: added = rocks_batch.Delete(family, SliceOf(op.key)); break;
      case RocksBatch::Kind::kDeleteRange:
        // An empty range would use up a sequence number and leave no trace in any table.
        if (op.key >= op.value) continue;
        added = rocks_batch.DeleteRange(family, SliceOf(op.key), SliceOf(op.value));
        break;
    }
    VFS_RETURN_IF_ERROR(FromRocksStatus(added, "write", impl_->path));
  }
  rocksdb::WriteOptions write;
  write.sync = sync == SyncWrite::kYes;
  return FromRocksStatus(impl_->db->Write(write, &rocks_batch), "write", impl_->path);
}

absl::StatusOr<std::optional<std::string>> RocksDb::Get(Family family,
                                                        std::string_view key,
                                                        const RocksSnapshot* snapshot) const {
  VFS_RETURN_IF_ERROR(impl_->CheckFamily("get", family));
  std::string value;
  const rocksdb::Status got =
      impl_->db->Get(ReadAt(snapshot), impl_->families[family.index], SliceOf(key), &value);
  if (got.IsNotFound()) return std::optional<std::string>();
  VFS_RETURN_IF_ERROR(FromRocksStatus(got, "get", impl_->path));
  return std::optional<std::string>(std::move(value));
}

absl::StatusOr<std::vector<RocksDb::Row>> RocksDb::Scan(Family family,
                                                        const KeyRange& range,
                                                        const RocksSnapshot* snapshot) const {
  VFS_RETURN_IF_ERROR(impl_->CheckFamily("scan", family));
  rocksdb::ReadOptions read = ReadAt(snapshot);
  const rocksdb::Slice end = SliceOf(range.end);
  if (!range.end.empty()) read.iterate_upper_bound = &end;
  const std::unique_ptr<rocksdb::Iterator> rows(
      impl_->db->NewIterator(read, impl_->families[family.index]));
  std::vector<Row> found;
  for (rows->Seek(SliceOf(range.first)); rows->Valid(); rows->Next()) {
    found.emplace_back(rows->key().ToString(), rows->value().ToString());
  }
  VFS_RETURN_IF_ERROR(FromRocksStatus(rows->status(), "scan", impl_->path));
  return found;
}

std::unique_ptr<RocksSnapshot> RocksDb::Snapshot() const {
  VFS_CHECK(impl_->db != nullptr, "snapshot of the closed database {}", impl_->path);
  return std::make_unique<HeldSnapshot>(impl_->db.get());
}

absl::Status RocksDb::Flush(FlushWait wait) {
  VFS_RETURN_IF_ERROR(impl_->CheckOpen("flush"));
  if (wait == FlushWait::kYes && impl_->options.rocks.queued_jobs) {
    return FailedPrecondition(
        "flush {}: would wait for a background job; under the queued executor use wait=no and pump",
        impl_->path);
  }
  rocksdb::FlushOptions flush;
  flush.wait = wait == FlushWait::kYes;
  flush.allow_write_stall = true;
  return FromRocksStatus(impl_->db->Flush(flush, impl_->families), "flush", impl_->path);
}

absl::Status RocksDb::CompactTables(Family family) {
  VFS_RETURN_IF_ERROR(impl_->CheckFamily("compact", family));
  rocksdb::ColumnFamilyHandle* const handle = impl_->families[family.index];
  rocksdb::ColumnFamilyMetaData meta;
  impl_->db->GetColumnFamilyMetaData(handle, &meta);
  std::vector<std::string> names;
  int deepest = 1;
  for (const rocksdb::LevelMetaData& level : meta.levels) {
    for (const rocksdb::SstFileMetaData& file : level.files) {
      if (file.being_compacted) continue;
      names.push_back(file.name);
      deepest = std::max(deepest, level.level);
    }
  }
  if (names.empty()) return absl::OkStatus();
  rocksdb::CompactionOptions compaction;
  compaction.compression = rocksdb::kDisableCompressionOption;  // as the family has it, not Snappy
  return FromRocksStatus(impl_->db->CompactFiles(compaction, handle, names, deepest), "compact",
                         impl_->path);
}

absl::Status RocksDb::Checkpoint(std::string_view path) {
  VFS_RETURN_IF_ERROR(impl_->CheckOpen("checkpoint"));
  VFS_RETURN_IF_ERROR(CheckPath("checkpoint", path));
  {
    const Step step(kRocksLabelStat);
    VFS_ASSIGN_OR_RETURN(const bool exists, impl_->env.fs->Exists(path));
    if (exists) return AlreadyExists("checkpoint {}: there is something already", path);
  }
  rocksdb::Checkpoint* made = nullptr;
  const rocksdb::Status status = rocksdb::Checkpoint::Create(impl_->db.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  VFS_RETURN_IF_ERROR(FromRocksStatus(status, "checkpoint", impl_->path));
  // The library's default flushes first, and waits for it: under the queued executor for ever.
  constexpr std::uint64_t kNeverFlush = UINT64_MAX;
  VFS_RETURN_IF_ERROR(FromRocksStatus(checkpoint->CreateCheckpoint(ToRocksPath(path), kNeverFlush),
                                      "checkpoint", path));
  // The library settles the directory and not the name that it has in its parent.
  if (!impl_->options.rocks.Has(Hardening::kSettleNames)) return absl::OkStatus();
  const Step step(kRocksLabelSettleCheckpoint);
  return impl_->env.fs->SyncDir(ParentOf(path));
}

absl::StatusOr<std::vector<LiveTable>> RocksDb::LiveTables() const {
  VFS_RETURN_IF_ERROR(impl_->CheckOpen("list tables of"));
  std::vector<LiveTable> tables;
  for (std::size_t index = 0; index < impl_->families.size(); ++index) {
    rocksdb::ColumnFamilyMetaData meta;
    impl_->db->GetColumnFamilyMetaData(impl_->families[index], &meta);
    for (const rocksdb::LevelMetaData& level : meta.levels) {
      for (const rocksdb::SstFileMetaData& file : level.files) {
        tables.push_back(
            {ToVfsPath(file.db_path + "/" + file.name), Family{index}, level.level, file.size});
      }
    }
  }
  return tables;
}

absl::Status RocksDb::DropCaches() {
  VFS_RETURN_IF_ERROR(impl_->CheckOpen("drop caches of"));
  return impl_->env.fs->DropCaches();
}

absl::Status RocksDb::Health() const {
  VFS_RETURN_IF_ERROR(impl_->disk->Health());
  return FromRocksStatus(impl_->errors->First(), "background work of", impl_->path);
}

const LogScanReport& RocksDb::scan() const { return impl_->scan; }

const std::string& RocksDb::path() const { return impl_->path; }

absl::Status RocksDb::Close() {
  VFS_RETURN_IF_ERROR(impl_->CheckOpen("close"));
  for (rocksdb::ColumnFamilyHandle* family : impl_->families) {
    impl_->db->DestroyColumnFamilyHandle(family).PermitUncheckedError();
  }
  impl_->families.clear();
  const rocksdb::Status closed = impl_->db->Close();
  impl_->db.reset();
  return FromRocksStatus(closed, "close", impl_->path);
}

}  // namespace permafrost::vfs
