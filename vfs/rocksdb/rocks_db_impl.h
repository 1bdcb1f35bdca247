// What an open database holds; shared by rocks_db.cc and rocks_db_open.cc only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/listener.h>

#include "vfs/base/mutex.h"
#include "vfs/env.h"
#include "vfs/rocksdb/hardened_disk.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::vfs {

// Remembers the first error that stopped RocksDB's background work.
class BackgroundErrors final : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override;
  rocksdb::Status First() const;

 private:
  mutable Mutex mu_;
  rocksdb::Status first_ ABSL_GUARDED_BY(mu_);
};

// Destroyed in reverse: the database before the Env and the disk that it uses.
struct RocksDb::Impl {
  // Everything but the scan and the database.
  Impl(const Env& world, std::string_view directory, const RocksDbOptions& how);

  Env env;
  std::string path;
  RocksDbOptions options;
  LogScanReport scan;
  std::shared_ptr<HardenedDisk> disk;
  std::shared_ptr<BackgroundErrors> errors;
  std::unique_ptr<rocksdb::Env> rocks_env;
  std::unique_ptr<rocksdb::DB> db;  // null once closed
  std::vector<rocksdb::ColumnFamilyHandle*> families;

  // MakeRocksOptions, for this Env and its log.
  rocksdb::Options MakeOptions() const;
  absl::Status CheckOpen(std::string_view op) const;
  absl::Status CheckFamily(std::string_view op, Family family) const;
  // Gives the handles and the database back.
  void Release();
};

// The options of one open; everything that the hardening pins is set here.
rocksdb::Options MakeRocksOptions(const RocksDbOptions& options);

}  // namespace permafrost::vfs
