// The disk as the RocksDB adapter uses it: labelled calls, names settled before they are built
// upon, errors that stay.
//
// One HardenedDisk serves one open database. It is what RocksDB's own file system is not: hardening
// 1 (settle_names), 3 (poison_on_error) and the writing side of 4 (scan_logs) of
// vfs/rocksdb/README.md live here, the others in the open (rocks_db.h).
//
// Invariants, with these hardenings in force:
// - H1 A Sync that returned OK covers the file's bytes *and* its name.
// - H2 When a Rename starts, every name that was in its directory is settled.
// - H3 Once a write or sync of an inode failed, every later call on it fails; the same for a
//   directory.
// - H4 A MANIFEST that was synced once is a synced prefix and at most one append that is not:
//   RocksDB appends the edits of a batch one by one and syncs them together, and a hole before
//   a whole record could not be told from damage to what was synced (with scan_logs, which
//   tells).
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "vfs/base/mutex.h"
#include "vfs/file_system.h"
#include "vfs/rocksdb/rocks_labels.h"
#include "vfs/rocksdb/rocks_options.h"

namespace permafrost::vfs {

enum class SyncKind { kData, kDataAndMetadata };

class HardenedFile;

// Threads: any thread.
class HardenedDisk {
 public:
  // Borrows `fs`, which must outlive this and every file opened through it.
  HardenedDisk(FileSystem& fs, const RocksOptions& options);
  ~HardenedDisk();
  HardenedDisk(const HardenedDisk&) = delete;
  HardenedDisk& operator=(const HardenedDisk&) = delete;

  // An empty file under this name, whatever was there. An existing file is unlinked, so that hard
  // links and open readers keep it (with settle_names off it is truncated in place, as the stock
  // library does).
  //
  // Durable: name and bytes after HardenedFile::Sync.
  absl::StatusOr<std::unique_ptr<HardenedFile>> CreateFresh(std::string_view path);
  // An existing file, for appending. Creates it if missing, as RocksDB expects of
  // ReopenWritableFile.
  absl::StatusOr<std::unique_ptr<HardenedFile>> OpenForAppend(std::string_view path);
  absl::StatusOr<std::unique_ptr<HardenedFile>> OpenForRead(std::string_view path);

  absl::Status SyncDir(std::string_view path);
  absl::Status MakeDir(std::string_view path);
  absl::Status RemoveDir(std::string_view path);
  absl::StatusOr<std::vector<DirEntry>> List(std::string_view path);
  // Durable: the new name after SyncDir of the directory or a Sync of the file.
  absl::Status Rename(std::string_view from, std::string_view to);
  absl::Status Link(std::string_view existing, std::string_view name);
  absl::Status Unlink(std::string_view path);
  absl::StatusOr<FileInfo> Stat(std::string_view path);
  absl::StatusOr<std::uint64_t> FreeSpace(std::string_view path);
  absl::StatusOr<FileIdentity> Identity(std::string_view path);

  // Takes the lock and keeps it for the next TakeLock of the same path: the open holds the
  // database's LOCK before it looks at the logs, and RocksDB then asks for the same lock.
  absl::Status LockEarly(std::string_view path);
  absl::StatusOr<std::unique_ptr<FileLock>> TakeLock(std::string_view path);

  // From now on every call fails with kFailedPrecondition: the database is dropped as by a crash of
  // the process.
  void Abandon();

  // OK, or the first failure that poisoned something.
  absl::Status Health() const;
  // OK, or how the disk last failed to open, list or look at something that is there. When a
  // database opens, the library takes such a failure for a missing feature or for damage, and gives
  // up with a text about that.
  absl::Status LastFailedLook() const;
  // The file that was opened last for reading, "" if none was: the library blames the MANIFEST for
  // damage in the properties of a table.
  std::string LastOpened() const;

 private:
  friend class HardenedFile;

  // One inode that was created or written through this disk. Guarded by mu_.
  struct Inode {
    std::string path;  // its last name
    bool name_settled = false;
    absl::Status poison;
  };

  absl::Status CheckUsable(std::string_view op, std::string_view path) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status CheckDirUsable(std::string_view op, std::string_view path) const;
  absl::Status CheckNameUsable(std::string_view op, std::string_view path) const;
  std::shared_ptr<Inode> InodeOf(std::string_view path, bool name_settled);
  void Forget(std::string_view path);
  // Keeps the error for LastFailedLook.
  void NoteFailedLook(const absl::Status& status);
  absl::Status PoisonInode(Inode& inode, absl::Status why);
  absl::Status PoisonDir(std::string_view path, absl::Status why);
  absl::Status SyncDirLabelled(std::string_view path, const char* label);
  absl::StatusOr<std::unique_ptr<File>> MakeEmpty(std::string_view path, RocksFileKind kind);

  FileSystem& fs_;
  const bool settle_names_;
  const bool poison_on_error_;
  const bool scan_logs_;
  // False once anything was poisoned or the disk abandoned: until then a file needs no lock to know
  // that it may be used.
  std::atomic<bool> is_sound_{true};
  mutable Mutex mu_;
  bool abandoned_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status first_failure_ ABSL_GUARDED_BY(mu_);
  absl::Status failed_look_ ABSL_GUARDED_BY(mu_);
  std::string last_opened_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, std::shared_ptr<Inode>, std::less<>> inodes_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, absl::Status, std::less<>> poisoned_dirs_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, std::unique_ptr<FileLock>, std::less<>> early_locks_ ABSL_GUARDED_BY(mu_);
};

// An open file of a HardenedDisk. Destroying it closes it and drops errors.
//
// Threads: concurrent Reads allowed; anything else one thread at a time per handle.
class HardenedFile {
 public:
  ~HardenedFile();
  HardenedFile(const HardenedFile&) = delete;
  HardenedFile& operator=(const HardenedFile&) = delete;

  absl::Status Append(std::string_view bytes);
  // Durable: bytes, and with settle_names the name too (H1).
  absl::Status Sync(SyncKind kind);
  absl::Status Truncate(std::uint64_t bytes);
  absl::Status Preallocate(std::uint64_t offset, std::uint64_t bytes);
  absl::Status HintWriteOut(std::uint64_t offset, std::uint64_t bytes);
  absl::StatusOr<std::size_t> Read(std::uint64_t offset, std::span<char> buffer) const;
  absl::Status Close();
  // The size as this handle knows it, without a call to the disk.
  std::uint64_t bytes() const { return bytes_; }

 private:
  friend class HardenedDisk;
  HardenedFile(HardenedDisk& disk,
               std::unique_ptr<File> file,
               std::shared_ptr<HardenedDisk::Inode> inode,
               RocksFileKind kind,
               std::uint64_t bytes);

  absl::Status CheckUsable(std::string_view op) const;
  absl::Status SettleAppend();

  HardenedDisk& disk_;
  std::unique_ptr<File> file_;  // null once closed
  const std::shared_ptr<HardenedDisk::Inode> inode_;
  const RocksFileKind kind_;
  std::uint64_t bytes_;
  bool was_synced_ = false;    // what this file holds may have been built upon
  bool has_unsynced_ = false;  // appended to since the last sync
};

}  // namespace permafrost::vfs
