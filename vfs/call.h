// A file-system call as a value: what recorders, meters, fault rules and the simulator's trace talk
// about.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <absl/status/status.h>

namespace permafrost::vfs {

// Every call of FileSystem and File that may reach a disk.
enum class CallKind {
  kCreate,
  kOpen,
  kMakeDir,
  kRemoveDir,
  kList,
  kSyncDir,
  kRename,
  kLink,
  kUnlink,
  kStat,
  kIdentity,
  kFreeSpace,
  kLock,
  kDropCaches,
  kAppend,
  kWrite,
  kRead,
  kTruncate,
  kPreallocate,
  kSyncData,
  kSync,
  kHintWriteOut,
  kSize,
  kClose,
};
inline constexpr int kCallKindCount = 24;

// "create", "sync_data", ...; Parse gives nothing for an unknown name.
std::string_view ToString(CallKind kind);
std::optional<CallKind> ParseCallKind(std::string_view name);

// Whether the call can change what is live or what is durable (a crash point stands before each
// such call).
bool IsMutating(CallKind kind);
// sync, sync_data, sync_dir.
bool IsSync(CallKind kind);

// Views are valid during the observer's call only.
struct Call {
  CallKind kind = CallKind::kStat;
  std::string_view path = {};  // as the caller gave it; for a handle, the path it was opened under
  std::string_view path_to = {};  // rename, link: the new name
  std::uint64_t offset = 0;       // write, read, preallocate, hint
  std::uint64_t bytes = 0;        // bytes to write or read; truncate: the new size
  std::string_view data = {};     // append, write: the bytes; read (at the end): what was read
};

// Sees every call before and after it is carried out.
//
// Threads: called on the calling thread, possibly concurrently.
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  virtual void OnBegin(const Call& call) = 0;
  virtual void OnEnd(const Call& call, const absl::Status& result) = 0;
};

}  // namespace permafrost::vfs
