// The step labels of RocksDB's disk calls: what kind of file a path names, and one literal per kind
// and verb.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace permafrost::vfs {

// What a file in a database directory is, by its name ("CURRENT" and the temporary file that
// becomes it are one kind).
enum class RocksFileKind { kWal, kSst, kManifest, kCurrent, kIdentity, kOptions, kLock, kOther };
inline constexpr std::size_t kRocksFileKindCount = 8;

enum class RocksVerb { kCreate, kOpen, kAppend, kSync, kTruncate, kRead, kClose, kPreallocate };
inline constexpr std::size_t kRocksVerbCount = 8;

// "db/000004.log" -> kWal. Total: an unknown name is kOther.
RocksFileKind RocksFileKindOf(std::string_view path);

#define PERMAFROST_ROCKS_VERBS(kind)                                                   \
  std::array<const char*, kRocksVerbCount> {                                           \
    "rocksdb." kind ".create", "rocksdb." kind ".open", "rocksdb." kind ".append",     \
        "rocksdb." kind ".sync", "rocksdb." kind ".truncate", "rocksdb." kind ".read", \
        "rocksdb." kind ".close", "rocksdb." kind ".preallocate"                       \
  }

// Calls on one file: kRocksFileLabels[kind][verb].
inline constexpr std::array<std::array<const char*, kRocksVerbCount>, kRocksFileKindCount>
    kRocksFileLabels = {
        PERMAFROST_ROCKS_VERBS("wal"),      PERMAFROST_ROCKS_VERBS("sst"),
        PERMAFROST_ROCKS_VERBS("manifest"), PERMAFROST_ROCKS_VERBS("current"),
        PERMAFROST_ROCKS_VERBS("identity"), PERMAFROST_ROCKS_VERBS("options"),
        PERMAFROST_ROCKS_VERBS("lock"),     PERMAFROST_ROCKS_VERBS("other"),
};
#undef PERMAFROST_ROCKS_VERBS

constexpr const char* RocksLabel(RocksFileKind kind, RocksVerb verb) {
  return kRocksFileLabels[static_cast<std::size_t>(kind)][static_cast<std::size_t>(verb)];
}

// Calls on names and directories that RocksDB itself makes.
inline constexpr char kRocksLabelDirSync[] = "rocksdb.dir.sync";
inline constexpr char kRocksLabelDirCreate[] = "rocksdb.dir.create";
inline constexpr char kRocksLabelDirRemove[] = "rocksdb.dir.remove";
inline constexpr char kRocksLabelDirList[] = "rocksdb.dir.list";
inline constexpr char kRocksLabelRename[] = "rocksdb.rename";
inline constexpr char kRocksLabelUnlink[] = "rocksdb.unlink";
inline constexpr char kRocksLabelLink[] = "rocksdb.link";
inline constexpr char kRocksLabelStat[] = "rocksdb.stat";
inline constexpr char kRocksLabelLock[] = "rocksdb.lock";
// Barriers that the hardening adds (vfs/rocksdb/README.md).
inline constexpr char kRocksLabelSettleName[] = "rocksdb.settle.name";
inline constexpr char kRocksLabelSettleRename[] = "rocksdb.settle.rename";
inline constexpr char kRocksLabelSettleManifest[] = "rocksdb.settle.manifest";
inline constexpr char kRocksLabelSettleChain[] = "rocksdb.settle.chain";
inline constexpr char kRocksLabelSettleCheckpoint[] = "rocksdb.settle.checkpoint";
// The look at the logs before an open.
inline constexpr char kRocksLabelScanRead[] = "rocksdb.scan.read";
inline constexpr char kRocksLabelScanCut[] = "rocksdb.scan.cut";
inline constexpr char kRocksLabelScanSync[] = "rocksdb.scan.sync";

}  // namespace permafrost::vfs
