// The one interface between the engine and a disk, and the contract that every file system behind
// it keeps.
//
// - D1 Bytes appended or written survive a crash only after a `Sync` of that file *that began after
//   the write returned* has returned OK.
// - D2 A name made, renamed or removed inside a directory is settled only after `SyncDir` of that
//   directory; until then a removed name may come back and a new one may be gone. A directory's own
//   name lives in its parent: whatever is reachable only through a name that was never settled is
//   lost with it, synced or not.
// - D3 Without the matching sync a crash keeps *any subset* of sectors, sizes and name changes, in
//   any order, across files; a byte below a surviving size whose write did not survive is zero,
//   garbage or a deleted file's.
// - D4 After a failed `Sync` or `SyncDir` what it would have settled is unspecified for good: it
//   may be there, or not, or appear later; no later sync settles it. A new write over it is an
//   ordinary write.
// - D5 `Rename` works within one directory (across directories it is refused). Onto an existing
//   name it leaves the old or the new file under it, never neither; which one is D2's business.
// - D6 Reads see every write that returned, synced or not, until the crash or a failed sync; after
//   one, cache pressure may bring the old content back.
// - D7 A file that is open and unlinked stays readable until closed; then it is gone, unless D2
//   brings its name back, with its durable content.
// - D8 The death of the process is not a crash of the disk: everything live stays live *and still
//   unsettled*. A restarted process reads bytes and names that a later power cut may take away;
//   whoever builds on what it found must settle it first.
// - D9 Power-safe overwrite: a torn write never changes bytes that were not in it.
//
// Paths are relative to the root of the file system, components joined by '/', no empty, "." or
// ".." component; "" is the root itself. A path that breaks this is kInvalidArgument and nothing is
// done.
//
// Errors of every call: kNotFound (no such name, or a path component is not a directory),
// kAlreadyExists, kFailedPrecondition (wrong kind, not empty, read-only handle, closed or poisoned
// handle, across directories), kResourceExhausted (no space, no handles), kDataLoss (I/O error),
// kInvalidArgument (malformed path, offset too large). The text reads "<op> <path>: <finding>
// (errno N)".
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

namespace permafrost::vfs {

enum class FileKind { kFile, kDirectory };
enum class OpenMode { kRead, kReadWrite };

// The largest file, in bytes: offsets and sizes beyond it are kInvalidArgument.
inline constexpr std::uint64_t kFileBytesMax = std::uint64_t{1} << 46;

struct FileInfo {
  FileKind kind = FileKind::kFile;
  std::uint64_t bytes = 0;       // size; 0 for a directory
  std::uint64_t link_count = 1;  // names of the inode; 1 for a directory whatever the backend says
};

struct DirEntry {
  std::string name = {};  // one component
  FileKind kind = FileKind::kFile;
  friend auto operator<=>(const DirEntry&, const DirEntry&) = default;
};

// Tells two paths of one object apart from two objects. Valid while the object exists.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  friend auto operator<=>(const FileIdentity&, const FileIdentity&) = default;
};

// An open file. Destroying it without Close() closes it and drops errors; nothing becomes durable
// by closing.
//
// Threads: concurrent Reads allowed; anything else one thread at a time per handle.
class File {
 public:
  File() = default;
  virtual ~File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Adds bytes at the end of the file, wherever that is now. All of them, or an error (then any
  // prefix may be there).
  //
  // Durable: only after Sync or SyncData that begins after this returned (D1).
  // Errors:  kFailedPrecondition  handle is read-only or closed
  virtual absl::Status Append(std::string_view bytes) = 0;

  // Writes bytes at `offset`, growing the file with zeros if needed. All of them, or an error.
  //
  // Durable: as Append.
  virtual absl::Status Write(std::uint64_t offset, std::string_view bytes) = 0;

  // Reads up to buffer.size() bytes at `offset`; fewer only at the end of the file (0 at or past
  // it).
  //
  // Durable: never; what is read may itself be unsettled (D8).
  virtual absl::StatusOr<std::size_t> Read(std::uint64_t offset, std::span<char> buffer) const = 0;

  // Cuts or extends the file to `bytes`; new bytes read as zero.
  //
  // Durable: after Sync (a shrink is not covered by SyncData).
  virtual absl::Status Truncate(std::uint64_t bytes) = 0;

  // Reserves space for [offset, offset + bytes) without changing size or content. A hint where not
  // supported.
  //
  // Durable: after Sync.
  virtual absl::Status Preallocate(std::uint64_t offset, std::uint64_t bytes) = 0;

  // Makes data and the growth that exposes it durable; not a shrink, not preallocation, not the
  // name.
  //
  // Durable: yes, for writes that returned before it began, when it returns OK.
  // Errors:  kDataLoss  what it covered is unspecified for good (D4): stop using this file
  virtual absl::Status SyncData() = 0;

  // As SyncData, and shrink and preallocation too. Does not make the file's name durable (D2).
  virtual absl::Status Sync() = 0;

  // Asks the disk to start writing out a range. Durable: never.
  virtual absl::Status HintWriteOut(std::uint64_t offset, std::uint64_t bytes) = 0;

  virtual absl::StatusOr<std::uint64_t> Size() const = 0;

  // Releases the handle; later calls are kFailedPrecondition. Durable: never.
  virtual absl::Status Close() = 0;
};

// Held until destroyed or the process dies.
class FileLock {
 public:
  FileLock() = default;
  virtual ~FileLock() = default;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
};

struct LockOptions {
  bool also_fcntl =
      false;  // also takes the POSIX record lock, which RocksDB's own tools use on LOCK files
  std::string content =
      {};  // written into the lock file once held (the holder's pid); "" leaves the file as it is
};

// Threads: concurrent calls allowed.
class FileSystem {
 public:
  FileSystem() = default;
  virtual ~FileSystem() = default;
  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;

  // Makes an empty file that must not exist and opens it for reading and writing.
  //
  // Durable: the name after SyncDir of its directory.
  // Errors:  kAlreadyExists
  virtual absl::StatusOr<std::unique_ptr<File>> Create(std::string_view path) = 0;

  // Opens a file that exists.
  //
  // Errors: kNotFound; kFailedPrecondition if it is a directory
  virtual absl::StatusOr<std::unique_ptr<File>> Open(std::string_view path, OpenMode mode) = 0;

  // Makes one directory; its parent must exist. Durable: the name after SyncDir of the parent.
  virtual absl::Status MakeDir(std::string_view path) = 0;

  // Removes an empty directory. Durable: after SyncDir of the parent.
  // Errors: kFailedPrecondition if it is not empty or is a file
  virtual absl::Status RemoveDir(std::string_view path) = 0;

  // The entries of a directory, sorted by name, without "." and "..".
  virtual absl::StatusOr<std::vector<DirEntry>> List(std::string_view path) const = 0;

  // Settles every name made, renamed or removed in this directory by calls that returned before it
  // began (D2).
  // Errors: kDataLoss  what it covered is unspecified for good (D4)
  virtual absl::Status SyncDir(std::string_view path) = 0;

  // Gives a file or directory another name in the same directory, replacing a file (or an empty
  // directory by a directory) of that name (D5).
  // Errors: kFailedPrecondition across directories, or file onto directory, or directory onto file
  // or non-empty one
  virtual absl::Status Rename(std::string_view from, std::string_view to) = 0;

  // Gives a file a second name, in any directory. Durable: after SyncDir of the new name's
  // directory.
  virtual absl::Status Link(std::string_view existing, std::string_view name) = 0;

  // Removes a file's name (D7). Durable: after SyncDir of its directory.
  // Errors: kNotFound; kFailedPrecondition if it is a directory
  virtual absl::Status Unlink(std::string_view path) = 0;

  virtual absl::StatusOr<FileInfo> Stat(std::string_view path) const = 0;

  // Identity after resolving symbolic links: two names of one directory are found out by it.
  virtual absl::StatusOr<FileIdentity> Identity(std::string_view path) const = 0;

  // Bytes that may still be written under `path`.
  virtual absl::StatusOr<std::uint64_t> FreeSpace(std::string_view path) const = 0;

  // Takes an exclusive lock on a file, creating it if needed, without waiting. Released on any exit
  // of the process.
  //
  // Errors: kUnavailable  somebody holds it (this process included); the text ends with the file's
  // content
  virtual absl::StatusOr<std::unique_ptr<FileLock>> Lock(std::string_view path,
                                                         const LockOptions& options) = 0;

  // Forgets clean cached pages, so that later reads come from the disk (after a failed sync: D6). A
  // hint.
  virtual absl::Status DropCaches() = 0;

  // OK and true if the name exists, false if not; other errors as Stat.
  absl::StatusOr<bool> Exists(std::string_view path) const;
};

// OK, or kInvalidArgument with the rule that the path breaks.
absl::Status CheckPath(std::string_view op, std::string_view path);

// "a/b/c" -> "a/b"; "a" -> "". Requires a non-empty path.
std::string_view ParentOf(std::string_view path);
// "a/b/c" -> "c".
std::string_view NameOf(std::string_view path);
std::string JoinPath(std::string_view directory, std::string_view name);

}  // namespace permafrost::vfs
