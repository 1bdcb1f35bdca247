// Names and classes of calls.
#include "vfs/call.h"

#include "vfs/base/check.h"

namespace permafrost::vfs {

std::string_view ToString(CallKind kind) {
  switch (kind) {
    case CallKind::kCreate: return "create";
    case CallKind::kOpen: return "open";
    case CallKind::kMakeDir: return "make_dir";
    case CallKind::kRemoveDir: return "remove_dir";
    case CallKind::kList: return "list";
    case CallKind::kSyncDir: return "sync_dir";
    case CallKind::kRename: return "rename";
    case CallKind::kLink: return "link";
    case CallKind::kUnlink: return "unlink";
    case CallKind::kStat: return "stat";
    case CallKind::kIdentity: return "identity";
    case CallKind::kFreeSpace: return "free_space";
    case CallKind::kLock: return "lock";
    case CallKind::kDropCaches: return "drop_caches";
    case CallKind::kAppend: return "append";
    case CallKind::kWrite: return "write";
    case CallKind::kRead: return "read";
    case CallKind::kTruncate: return "truncate";
    case CallKind::kPreallocate: return "preallocate";
    case CallKind::kSyncData: return "sync_data";
    case CallKind::kSync: return "sync";
    case CallKind::kHintWriteOut: return "hint_write_out";
    case CallKind::kSize: return "size";
    case CallKind::kClose: return "close";
  }
  VFS_CHECK(false, "bad CallKind {}", static_cast<int>(kind));
}

std::optional<CallKind> ParseCallKind(std::string_view name) {
  for (int i = 0; i < kCallKindCount; ++i) {
    const auto kind = static_cast<CallKind>(i);
    if (ToString(kind) == name) return kind;
  }
  return std::nullopt;
}

bool IsMutating(CallKind kind) {
  switch (kind) {
    case CallKind::kCreate:
    case CallKind::kMakeDir:
    case CallKind::kRemoveDir:
    case CallKind::kSyncDir:
    case CallKind::kRename:
    case CallKind::kLink:
    case CallKind::kUnlink:
    case CallKind::kLock:
    case CallKind::kAppend:
    case CallKind::kWrite:
    case CallKind::kTruncate:
    case CallKind::kSyncData:
    case CallKind::kSync: return true;
    case CallKind::kOpen:
    case CallKind::kList:
    case CallKind::kStat:
    case CallKind::kIdentity:
    case CallKind::kFreeSpace:
    case CallKind::kDropCaches:
    case CallKind::kRead:
    case CallKind::kPreallocate:
    case CallKind::kHintWriteOut:
    case CallKind::kSize:
    case CallKind::kClose: return false;
  }
  VFS_CHECK(false, "bad CallKind {}", static_cast<int>(kind));
}

bool IsSync(CallKind kind) {
  return kind == CallKind::kSyncDir || kind == CallKind::kSyncData || kind == CallKind::kSync;
}

}  // namespace permafrost::vfs
