// Opening: the directory, the lock, the logs, then RocksDB with everything that the hardening pins.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/table.h>

#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"
#include "vfs/rocksdb/rocks_db.h"
#include "vfs/rocksdb/rocks_db_impl.h"
#include "vfs/rocksdb/rocks_env.h"
#include "vfs/rocksdb/rocks_file_system.h"
#include "vfs/rocksdb/status_map.h"

namespace permafrost::vfs {
namespace {

constexpr int kNever = 1 << 30;  // a trigger of RocksDB that is never reached

// Built once: a default Options allocates a block cache.
const rocksdb::Options& BaseOptions() {
  static const rocksdb::Options* const base = [] {
    auto* options = new rocksdb::Options();
    rocksdb::BlockBasedTableOptions table;
    table.no_block_cache = true;
    options->table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    options->compression = rocksdb::kNoCompression;
    options->max_file_opening_threads = 1;
    options->stats_dump_period_sec = 0;
    options->stats_persist_period_sec = 0;
    options->skip_stats_update_on_db_open = true;
    options->db_host_id = "";
    // Pinned (hardening 6): one path, one place for logs, no recycling, no writes that wait in a
    // buffer.
    options->wal_dir = "";
    options->db_paths.clear();
    options->recycle_log_file_num = 0;
    options->manual_wal_flush = false;
    options->wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    options->allow_mmap_reads = false;
    options->allow_mmap_writes = false;
    options->use_direct_reads = false;
    options->use_direct_io_for_flush_and_compaction = false;
    // Space reserved behind a table would never be given back.
    options->allow_fallocate = false;
    return options;
  }();
  return *base;
}

void ApplyQueuedMode(rocksdb::Options& options) {
  options.disable_auto_compactions = true;
  options.max_write_buffer_number = 1 << 16;
  options.level0_slowdown_writes_trigger = kNever;
  options.level0_stop_writes_trigger = kNever;
  options.soft_pending_compaction_bytes_limit = 0;
  options.hard_pending_compaction_bytes_limit = 0;
  options.enable_write_thread_adaptive_yield = false;
  options.arena_block_size = 16 << 10;
  options.table_cache_numshardbits = 0;
}

// After a failed directory sync no later sync settles the names that it covered (D4), and the next
// open could not tell: what was made goes, so that the next open makes it anew. Deepest first.
void UndoDirectories(FileSystem& fs, const std::vector<std::string_view>& made) {
  VFS_PROBE("rocksdb/directories_undone");
  for (auto path = made.rbegin(); path != made.rend(); ++path) {
    const Step step(kRocksLabelDirRemove);
    if (!fs.RemoveDir(*path).ok()) return;
  }
}

// Makes the missing directories above and including `path`, and settles the whole chain (hardening
// 2).
absl::Status PrepareDirectory(FileSystem& fs,
                              std::string_view path,
                              const RocksDbOptions& options) {
  if (options.dir_owner == DirOwner::kCaller) {
    const Step step(kRocksLabelStat);
    const auto info = fs.Stat(path);
    if (!info.ok()) return info.status();
    if (info->kind == FileKind::kDirectory) return absl::OkStatus();
    return FailedPrecondition("open database {}: it is a file", path);
  }
  std::vector<std::string_view> made_here;
  for (std::size_t end = path.find('/');; end = path.find('/', end + 1)) {
    const Step step(kRocksLabelDirCreate);
    const absl::Status made = fs.MakeDir(path.substr(0, end));
    if (!made.ok() && made.code() != absl::StatusCode::kAlreadyExists) return made;
    if (made.ok()) made_here.push_back(path.substr(0, end));
    if (end == std::string_view::npos) break;
  }
  if (!options.rocks.Has(Hardening::kSettleDbDir)) return absl::OkStatus();
  // A name found is not a name settled (D8): the chain is synced even if nothing was made just now.
  for (std::string_view at = path; !at.empty();) {
    at = ParentOf(at);
    absl::Status synced;
    {
      const Step step(kRocksLabelSettleChain);
      synced = fs.SyncDir(at);
    }
    if (synced.ok()) continue;
    UndoDirectories(fs, made_here);
    return synced;
  }
  return absl::OkStatus();
}

absl::Status CheckRule(FileSystem& fs, std::string_view path, OpenRule rule) {
  if (rule == OpenRule::kCreateIfMissing) return absl::OkStatus();
  const Step step(kRocksLabelStat);
  VFS_ASSIGN_OR_RETURN(const bool exists, fs.Exists(JoinPath(path, "CURRENT")));
  if (rule == OpenRule::kMustExist && !exists) {
    return NotFound("open database {}: there is none (no CURRENT file)", path);
  }
  if (rule == OpenRule::kMustNotExist && exists) {
    return AlreadyExists("create database {}: there is one already", path);
  }
  return absl::OkStatus();
}

absl::Status CheckOptions(std::string_view path, const RocksDbOptions& options) {
  VFS_RETURN_IF_ERROR(CheckPath("open database", path));
  if (path.empty()) return InvalidArgument("open database: the root itself cannot be a database");
  if (options.families.empty() || options.families.front() != "default") {
    return InvalidArgument("open database {}: the first column family must be \"default\"", path);
  }
  return absl::OkStatus();
}

std::vector<rocksdb::ColumnFamilyDescriptor> Descriptors(const RocksDbOptions& options,
                                                         const rocksdb::Options& rocks) {
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : options.families) families.emplace_back(name, rocks);
  return families;
}

// Of a disk that fails it a call, the library answers that an option is not supported or that a
// file is damaged; what happened is the disk's error. Of damage it does not always name the file:
// ours is named beside its.
absl::Status OpenError(const rocksdb::Status& opened,
                       const HardenedDisk& disk,
                       std::string_view path) {
  absl::Status status = FromRocksStatus(opened, "open database", path);
  if (!opened.IsInvalidArgument() && !opened.IsCorruption()) return status;
  const absl::Status failed = disk.LastFailedLook();
  if (!failed.ok()) {
    status = MakeStatus(failed.code(), fmt::format("open database {}: {}", path, Message(failed)));
    SetErrno(status, ErrnoOf(failed));
    return IsInjected(failed) ? MarkInjected(std::move(status)) : status;
  }
  const std::string last = disk.LastOpened();
  const bool is_named = last.empty() || Message(status).find(last) != std::string::npos;
  if (is_named || !opened.IsCorruption()) return status;
  return DataLoss("{}; the file that was opened last is {}", Message(status), last);
}

// A directory without a CURRENT is that of a database to be made, or of one whose CURRENT is lost.
// Whoever was given a database has a CURRENT that is settled; so an open that never returned leaves
// empty logs at most. More than that is refused before the library makes a CURRENT beside it.
absl::Status CheckMayBeMade(FileSystem& fs, std::string_view path) {
  VFS_ASSIGN_OR_RETURN(const std::string written, FindWrittenFile(fs, path));
  if (written.empty()) return absl::OkStatus();
  return DataLoss(
      "open database {}: CURRENT is missing, and {} holds data; restore CURRENT, or move the "
      "directory away",
      path, written);
}

}  // namespace

rocksdb::Options MakeRocksOptions(const RocksDbOptions& options) {
  rocksdb::Options rocks = BaseOptions();
  rocks.create_if_missing = options.rule != OpenRule::kMustExist;
  rocks.create_missing_column_families = rocks.create_if_missing;
  rocks.error_if_exists = options.rule == OpenRule::kMustNotExist;
  rocks.write_buffer_size = options.write_buffer_bytes;
  rocks.max_open_files = options.open_files_max;
  rocks.max_background_jobs = options.background_jobs_max;
  rocks.max_subcompactions = static_cast<std::uint32_t>(options.subcompactions_max);
  rocks.enable_write_thread_adaptive_yield = options.rocks.spins_before_waiting;
  // Off, recovered records stay in their old logs as unsynced as they were found (the library's
  // documented way to open faster): a later synced write does not make them durable.
  rocks.avoid_flush_during_recovery = !options.rocks.Has(Hardening::kSettleRecovered);
  if (options.rocks.Has(Hardening::kPoisonOnError)) rocks.max_bgerror_resume_count = 0;
  if (options.block_cache_bytes > 0) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes);
    rocks.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  }
  if (options.rocks.queued_jobs) ApplyQueuedMode(rocks);
  return rocks;
}

RocksDb::Impl::Impl(const Env& world, std::string_view directory, const RocksDbOptions& how)
    : env(world),
      path(directory),
      options(how),
      disk(std::make_shared<HardenedDisk>(*world.fs, how.rocks)),
      errors(std::make_shared<BackgroundErrors>()),
      rocks_env(MakeRocksEnv(world, std::make_shared<RocksFileSystem>(disk, how.rocks))) {}

rocksdb::Options RocksDb::Impl::MakeOptions() const {
  rocksdb::Options rocks = MakeRocksOptions(options);
  rocks.env = rocks_env.get();
  rocks.info_log = MakeRocksLogger(env.log);
  return rocks;
}

absl::StatusOr<std::unique_ptr<RocksDb>> RocksDb::Open(const Env& env,
                                                       std::string_view path,
                                                       const RocksDbOptions& options) {
  VFS_RETURN_IF_ERROR(CheckOptions(path, options));
  VFS_RETURN_IF_ERROR(CheckRule(*env.fs, path, options.rule));
  VFS_RETURN_IF_ERROR(PrepareDirectory(*env.fs, path, options));

  auto impl = std::make_unique<Impl>(env, path, options);
  // Nobody may be writing the logs while they are looked at.
  VFS_RETURN_IF_ERROR(impl->disk->LockEarly(JoinPath(path, "LOCK")));
  if (options.rocks.Has(Hardening::kScanLogs)) {
    VFS_ASSIGN_OR_RETURN(
        impl->scan,
        ScanLogs(*env.fs, path,
                 options.rocks.unsynced_writes ? LogRule::kCutAtFirstHole : LogRule::kCutTornTail));
    for (const LogCut& cut : impl->scan.cuts) env.log->Warning("{}", ToString(cut));
  }

  rocksdb::Options rocks = impl->MakeOptions();
  rocks.listeners = {impl->errors};
  rocksdb::DB* db = nullptr;
  const auto open = [&] {
    return rocksdb::DB::Open(rocks, ToRocksPath(path), Descriptors(options, rocks), &impl->families,
                             &db);
  };
  const bool is_new = options.rocks.Has(Hardening::kScanLogs) && impl->scan.manifest.empty();
  if (is_new) VFS_RETURN_IF_ERROR(CheckMayBeMade(*env.fs, path));
  rocksdb::Status opened = open();
  if (opened.IsCorruption() && is_new) {
    // The library makes no database beside a log, be it empty; but the try has made a CURRENT, so
    // that the empty logs of a creation that a cut ended are read and dropped now.
    VFS_PROBE("rocksdb/unfinished_creation_resumed");
    opened = open();
  }
  VFS_RETURN_IF_ERROR(OpenError(opened, *impl->disk, path));
  impl->db.reset(db);
  return std::unique_ptr<RocksDb>(new RocksDb(std::move(impl)));
}

absl::StatusOr<std::unique_ptr<RocksDb>> RocksDb::OpenReadOnly(const Env& env,
                                                               std::string_view path,
                                                               const RocksDbOptions& options) {
  VFS_RETURN_IF_ERROR(CheckOptions(path, options));
  VFS_RETURN_IF_ERROR(CheckRule(*env.fs, path, OpenRule::kMustExist));
  auto impl = std::make_unique<Impl>(env, path, options);
  const rocksdb::Options rocks = impl->MakeOptions();
  rocksdb::DB* db = nullptr;
  const rocksdb::Status opened = rocksdb::DB::OpenForReadOnly(
      rocks, ToRocksPath(path), Descriptors(options, rocks), &impl->families, &db);
  VFS_RETURN_IF_ERROR(OpenError(opened, *impl->disk, path));
  impl->db.reset(db);
  return std::unique_ptr<RocksDb>(new RocksDb(std::move(impl)));
}

}  // namespace permafrost::vfs
