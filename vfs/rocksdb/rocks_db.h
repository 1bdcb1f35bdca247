// A RocksDB database over a vfs::FileSystem, hardened (README.md), behind a small interface without
// RocksDB's headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/container/inlined_vector.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "vfs/env.h"
#include "vfs/rocksdb/log_scan.h"
#include "vfs/rocksdb/rocks_options.h"

namespace permafrost::vfs {

// A column family, as its place in RocksDbOptions::families.
struct Family {
  std::size_t index = 0;
  friend constexpr auto operator<=>(Family, Family) = default;
};
inline constexpr Family kDefaultFamily{0};

enum class OpenRule {
  kMustExist,        // no CURRENT file: kNotFound, and nothing is created
  kCreateIfMissing,  // a missing database or column family is created
  kMustNotExist,     // a database there: kAlreadyExists
};

// Who owns the names above the database.
enum class DirOwner {
  kCaller,   // the directory exists and the caller has settled it (the engine)
  kAdapter,  // missing ones are made, and every open settles the chain to the root (hardening 2)
};

struct RocksDbOptions {
  RocksOptions rocks;
  OpenRule rule = OpenRule::kCreateIfMissing;
  DirOwner dir_owner = DirOwner::kAdapter;
  std::vector<std::string> families = {"default"};  // the first is always "default"
  std::uint64_t write_buffer_bytes = std::uint64_t{4} << 20;
  std::uint64_t block_cache_bytes = 0;  // 0: no cache of our own
  int open_files_max = -1;              // -1: every table stays open
  int background_jobs_max = 2;          // flushes and compactions at once
  int subcompactions_max = 1;           // threads of one compaction
};

// Durability of one write. kNo needs RocksOptions::unsynced_writes.
enum class SyncWrite { kYes, kNo };
enum class FlushWait { kYes, kNo };

// Puts and deletes that take effect together, in order.
class RocksBatch {
 public:
  enum class Kind { kPut, kDelete, kDeleteRange };
  // Views into the batch, good until it changes.
  struct Op {
    Kind kind = Kind::kPut;
    Family family;
    std::string_view key;    // kDeleteRange: the first key
    std::string_view value;  // kDeleteRange: the key after the last
  };

  RocksBatch& Put(Family family, std::string_view key, std::string_view value);
  RocksBatch& Delete(Family family, std::string_view key);
  // Deletes [first, end).
  RocksBatch& DeleteRange(Family family, std::string_view first, std::string_view end);

  std::size_t size() const { return ops_.size(); }
  Op op(std::size_t i) const;
  bool empty() const { return ops_.empty(); }
  // Of the batch as RocksDB writes it; never less.
  std::size_t encoded_bytes_max() const {
    // A header of 12, and for each op a kind and three varints of at most 5.
    return 12 + bytes_.size() + ops_.size() * 16;
  }

 private:
  // An op's key and value follow those of the op before it in `bytes_`.
  struct Place {
    Kind kind = Kind::kPut;
    Family family;
    std::size_t begin = 0;
    std::size_t key_bytes = 0;
    std::size_t value_bytes = 0;
  };

  RocksBatch& Add(Kind kind, Family family, std::string_view key, std::string_view value);

  std::string bytes_;
  absl::InlinedVector<Place, 2> ops_;
};

// Keys [first, end); an empty `end` is no bound.
struct KeyRange {
  std::string first;
  std::string end;
};
// All keys that begin with `prefix`.
KeyRange PrefixRange(std::string_view prefix);

struct LiveTable {
  std::string path;  // of vfs::FileSystem
  Family family;
  int level = 0;
  std::uint64_t bytes = 0;
};

// A frozen view. Released when destroyed; must not outlive its database.
class RocksSnapshot {
 public:
  RocksSnapshot() = default;
  virtual ~RocksSnapshot() = default;
  RocksSnapshot(const RocksSnapshot&) = delete;
  RocksSnapshot& operator=(const RocksSnapshot&) = delete;
};

// An open database. Every call may fail with kDataLoss or kResourceExhausted; after a failed write
// the database is poisoned (Health) and must be closed and opened again.
//
// Threads: any thread; Close and destruction exclude every other call.
class RocksDb {
 public:
  using Row = std::pair<std::string, std::string>;

  // Opens for reading and writing. `env` and what it points to must outlive the database.
  //
  // Durable: what recovery read is durable before this returns (hardening 5), as are the names that
  //          it built on.
  // Errors:  kNotFound       rule kMustExist and there is no database
  //          kAlreadyExists  rule kMustNotExist and there is one
  //          kUnavailable    somebody holds its LOCK
  //          kDataLoss       a log is damaged before its end (LogScan): nothing was changed
  static absl::StatusOr<std::unique_ptr<RocksDb>> Open(const Env& env,
                                                       std::string_view path,
                                                       const RocksDbOptions& options);
  // Opens without a lock, without looking at the logs first and without writing anything; writes
  // are refused.
  static absl::StatusOr<std::unique_ptr<RocksDb>> OpenReadOnly(const Env& env,
                                                               std::string_view path,
                                                               const RocksDbOptions& options);

  // Drops the database without Close: every later disk call of it fails, so nothing more reaches
  // the disk, its handles and its LOCK are given back, queued jobs are cancelled. Like the death of
  // the process, except that running jobs end.
  ~RocksDb();
  RocksDb(const RocksDb&) = delete;
  RocksDb& operator=(const RocksDb&) = delete;

  // Durable: with SyncWrite::kYes when it returns OK, wholly; otherwise wholly or not at all, after
  //          every write before it.
  // Errors:  kFailedPrecondition  unsynced, but the database was opened without unsynced_writes
  absl::Status Write(const RocksBatch& batch, SyncWrite sync);

  // The value, or nothing if the key is absent. `snapshot` null: the newest.
  absl::StatusOr<std::optional<std::string>> Get(Family family,
                                                 std::string_view key,
                                                 const RocksSnapshot* snapshot = nullptr) const;
  // The rows of a range, by key. Every checksum on the way is verified.
  absl::StatusOr<std::vector<Row>> Scan(Family family,
                                        const KeyRange& range,
                                        const RocksSnapshot* snapshot = nullptr) const;
  std::unique_ptr<RocksSnapshot> Snapshot() const;

  // Starts writing memtables to tables; with kYes returns when done.
  // Durable: with kYes, everything written before.
  // Errors:  kFailedPrecondition  kYes under queued_jobs
  absl::Status Flush(FlushWait wait);
  // Merges all tables of a family on the calling thread. Memtables are not flushed.
  absl::Status CompactTables(Family family);

  // Makes a database at `path` of the same content: tables are linked, logs copied; memtables are
  // not flushed. All of it is made in `path`.tmp, which becomes `path` by a rename at the end.
  //
  // Durable: when it returns OK, its name in its parent included; the names above are the caller's.
  // Errors:  kAlreadyExists  something is at `path`; nothing was done
  //          any other       `path` is not there, or it is there and whole, but a power cut may
  //                          still take it or leave a part: remove it, or take another path. A
  //                          `path`.tmp may be left; the next call for the same path removes it.
  //                          Ask Health: a sync that failed poisons this database, as in a write.
  absl::Status Checkpoint(std::string_view path);

  absl::StatusOr<std::vector<LiveTable>> LiveTables() const;
  // Forgets cached pages, so that later reads come from the disk.
  absl::Status DropCaches();

  // OK, or the failure that stopped this database for good.
  absl::Status Health() const;
  // What the look at the logs found and cut at this open.
  const LogScanReport& scan() const;
  const std::string& path() const;

  // Releases everything. Unsynced writes stay as unsynced as they were. Later calls are
  // kFailedPrecondition.
  absl::Status Close();

 private:
  struct Impl;
  explicit RocksDb(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace permafrost::vfs
