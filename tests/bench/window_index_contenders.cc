// Ours in its forms, and RocksDB.
#include "tests/bench/window_index_contenders.h"

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>

#include "engine/cold/merge_runs.h"
#include "engine/cold/window_index_builder.h"
#include "engine/cold/window_index_reader.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/posix/posix_file_system.h"

namespace permafrost::engine {
namespace {

constexpr std::uint64_t kEverything = std::uint64_t{64} << 30;

void Must(const absl::Status& status) { VFS_CHECK(status.ok(), "{}", vfs::Message(status)); }
void Must(const rocksdb::Status& status) { VFS_CHECK(status.ok(), "{}", status.ToString()); }

IndexIdentity Identity() {
  return {.store_id = {1}, .first = LedgerSeq{2}, .last = LedgerSeq{1'000'001}};
}

std::unique_ptr<SortedEntries> Merged(const EntryRuns& runs) {
  std::vector<std::unique_ptr<SortedEntries>> streams;
  for (const auto& run : runs) streams.push_back(std::make_unique<RunEntries>(run));
  return std::make_unique<MergedEntries>(std::move(streams));
}

std::uint64_t CountOf(const EntryRuns& runs) {
  std::uint64_t count = 0;
  for (const auto& run : runs) count += run.size();
  return count;
}

// The file on the real disk; what reads it comes after it.
class IndexFile {
 public:
  IndexFile() {
    auto fs = vfs::PosixFileSystem::Open(dir_.path());
    Must(fs.status());
    fs_ = *std::move(fs);
  }
  std::uint64_t Build(const EntryRuns& runs) {
    fs_->Unlink("window.idx").IgnoreError();  // not there in the first round
    auto file = fs_->Create("window.idx");
    Must(file.status());
    const auto entries = Merged(runs);
    const auto built =
        BuildWindowIndex({.identity = Identity(), .entries = CountOf(runs)}, *entries, **file);
    Must(built.status());
    return built->file_bytes;
  }
  std::unique_ptr<WindowIndex> Open(std::uint64_t resident_bytes_max) {
    auto index = WindowIndex::Open(fs_.get(), "window.idx", Identity(),
                                   {.resident_bytes_max = resident_bytes_max});
    Must(index.status());
    return *std::move(index);
  }

 private:
  TempDir dir_;
  std::unique_ptr<vfs::PosixFileSystem> fs_;
};

class Ours final : public Contender {
 public:
  Ours(std::string name, std::shared_ptr<IndexFile> file, bool is_builder, std::uint64_t resident)
      : name_(std::move(name)),
        file_(std::move(file)),
        is_builder_(is_builder),
        resident_(resident) {}
  std::string name() const override { return name_; }
  std::uint64_t Build(const EntryRuns& runs) override {
    const std::uint64_t bytes = is_builder_ ? file_->Build(runs) : 0;
    index_ = file_->Open(resident_);
    return bytes;
  }
  bool Finds(const Hash& hash, LedgerSeq ledger) override {
    Must(index_->Lookup(hash, &candidates_));
    return std::find(candidates_.begin(), candidates_.end(), ledger) != candidates_.end();
  }

 private:
  const std::string name_;
  const std::shared_ptr<IndexFile> file_;
  const bool is_builder_;
  const std::uint64_t resident_;
  std::unique_ptr<WindowIndex> index_;
  std::vector<LedgerSeq> candidates_;
};

// One table of sorted rows, a bloom filter of ten bits a key, everything in the block cache.
class Rocks final : public Contender {
 public:
  std::string name() const override { return "rocksdb_get"; }
  std::uint64_t Build(const EntryRuns& runs) override {
    db_.reset();
    dir_ = std::make_unique<TempDir>();
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(std::size_t{8} << 30);
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kNoCompression;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    const std::string path = dir_->Join("rows.sst");
    rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), options);
    Must(writer.Open(path));
    const auto entries = Merged(runs);
    std::vector<IndexEntry> some(1024);
    while (const std::size_t count = *entries->Next(some)) {
      for (std::size_t i = 0; i < count; ++i)
        Must(writer.Put(SliceOf(some[i].hash),
                        rocksdb::Slice(reinterpret_cast<const char*>(&some[i].ledger), 4)));
    }
    rocksdb::ExternalSstFileInfo info;
    Must(writer.Finish(&info));
    rocksdb::DB* db = nullptr;
    Must(rocksdb::DB::Open(options, dir_->Join("db"), &db));
    db_.reset(db);
    rocksdb::IngestExternalFileOptions ingest;
    ingest.move_files = true;
    Must(db_->IngestExternalFile({path}, ingest));
    return info.file_size;
  }
  bool Finds(const Hash& hash, LedgerSeq ledger) override {
    const rocksdb::Status got = db_->Get({}, SliceOf(hash), &value_);
    if (got.IsNotFound()) return false;
    Must(got);
    return std::memcmp(value_.data(), &ledger, sizeof(ledger)) == 0;
  }

 private:
  static rocksdb::Slice SliceOf(const Hash& hash) {
    return {reinterpret_cast<const char*>(hash.data()), hash.size()};
  }

  std::unique_ptr<TempDir> dir_;
  std::unique_ptr<rocksdb::DB> db_;
  std::string value_;
};

}  // namespace

std::vector<std::unique_ptr<Contender>> MakeContenders() {
  const auto file = std::make_shared<IndexFile>();
  std::vector<std::unique_ptr<Contender>> contenders;
  contenders.push_back(std::make_unique<Ours>("ours", file, true, kEverything));
  // Room for every directory and for no page.
  constexpr std::uint64_t kDirectories = 22 * 4096;
  contenders.push_back(std::make_unique<Ours>("ours_one_read", file, false, kDirectories));
  contenders.push_back(std::make_unique<Ours>("ours_two_reads", file, false, 0));
  AddFunctions(contenders);
  contenders.push_back(std::make_unique<Rocks>());
  return contenders;
}

}  // namespace permafrost::engine
