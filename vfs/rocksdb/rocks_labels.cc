// File kinds by name, as RocksDB names its files.
#include "vfs/rocksdb/rocks_labels.h"

#include "vfs/file_system.h"

namespace permafrost::vfs {

RocksFileKind RocksFileKindOf(std::string_view path) {
  if (path.empty()) return RocksFileKind::kOther;
  const std::string_view name = NameOf(path);
  if (name == "CURRENT") return RocksFileKind::kCurrent;
  if (name == "IDENTITY") return RocksFileKind::kIdentity;
  if (name == "LOCK") return RocksFileKind::kLock;
  if (name.starts_with("MANIFEST-")) return RocksFileKind::kManifest;
  if (name.starts_with("OPTIONS-")) return RocksFileKind::kOptions;
  // RocksDB writes IDENTITY through number 0 and CURRENT through the number of the MANIFEST that it
  // will name.
  if (name == "000000.dbtmp") return RocksFileKind::kIdentity;
  if (name.ends_with(".dbtmp")) return RocksFileKind::kCurrent;
  if (name.ends_with(".log")) return RocksFileKind::kWal;
  if (name.ends_with(".sst")) return RocksFileKind::kSst;
  return RocksFileKind::kOther;
}

}  // namespace permafrost::vfs
