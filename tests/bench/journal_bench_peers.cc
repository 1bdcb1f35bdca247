// Other people's logs, through their public interfaces.
#include <leveldb/db.h>
#include <leveldb/write_batch.h>
#include <lmdb.h>
#include <sqlite3.h>

#include <atomic>
#include <mutex>

#include <rocksdb/db.h>

#include "tests/bench/journal_bench_log.h"
#include "vfs/base/check.h"

namespace permafrost::bench {
namespace {

// More than any row writes, so that no flush of tables runs beside the log.
constexpr std::size_t kWriteBufferBytes = std::size_t{1} << 30;

// Ascending in byte order.
std::string KeyOf(std::uint64_t number) {
  std::string key(sizeof(number), '\0');
  for (std::size_t i = 0; i < key.size(); ++i)
    key[key.size() - 1 - i] = static_cast<char>(number >> (8 * i));
  return key;
}

class RocksLog final : public DurableLog {
 public:
  explicit RocksLog(const std::string& root) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.write_buffer_size = kWriteBufferBytes;
    rocksdb::DB* db = nullptr;
    const rocksdb::Status opened = rocksdb::DB::Open(options, root + "/db", &db);
    VFS_CHECK(opened.ok(), "{}", opened.ToString());
    db_.reset(db);
  }
  void Commit(std::string_view payload) override {
    rocksdb::WriteBatch batch;
    rocksdb::Status status = batch.Put(KeyOf(next_.fetch_add(1)), {payload.data(), payload.size()});
    rocksdb::WriteOptions write;
    write.sync = true;
    if (status.ok()) status = db_->Write(write, &batch);
    VFS_CHECK(status.ok(), "{}", status.ToString());
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  std::atomic<std::uint64_t> next_{0};
};

class LevelLog final : public DurableLog {
 public:
  explicit LevelLog(const std::string& root) {
    leveldb::Options options;
    options.create_if_missing = true;
    options.write_buffer_size = kWriteBufferBytes;
    leveldb::DB* db = nullptr;
    const leveldb::Status opened = leveldb::DB::Open(options, root + "/db", &db);
    VFS_CHECK(opened.ok(), "{}", opened.ToString());
    db_.reset(db);
  }
  void Commit(std::string_view payload) override {
    leveldb::WriteBatch batch;
    batch.Put(KeyOf(next_.fetch_add(1)), {payload.data(), payload.size()});
    leveldb::WriteOptions write;
    write.sync = true;
    const leveldb::Status status = db_->Write(write, &batch);
    VFS_CHECK(status.ok(), "{}", status.ToString());
  }

 private:
  std::unique_ptr<leveldb::DB> db_;
  std::atomic<std::uint64_t> next_{0};
};

class LmdbLog final : public DurableLog {
 public:
  explicit LmdbLog(const std::string& root) {
    constexpr std::size_t kMapBytes = std::size_t{8} << 30;
    MustLmdb(mdb_env_create(&env_));
    MustLmdb(mdb_env_set_mapsize(env_, kMapBytes));
    MustLmdb(mdb_env_open(env_, root.c_str(), 0, 0600));
    MDB_txn* begun = nullptr;
    MustLmdb(mdb_txn_begin(env_, nullptr, 0, &begun));
    MustLmdb(mdb_dbi_open(begun, nullptr, 0, &table_));
    MustLmdb(mdb_txn_commit(begun));
  }
  ~LmdbLog() override { mdb_env_close(env_); }
  void Commit(std::string_view payload) override {
    MDB_txn* begun = nullptr;
    MustLmdb(mdb_txn_begin(env_, nullptr, 0, &begun));  // one writer at a time
    std::string key = KeyOf(next_++);
    MDB_val name = {key.size(), key.data()};
    MDB_val value = {payload.size(), const_cast<char*>(payload.data())};  // is only read
    MustLmdb(mdb_put(begun, table_, &name, &value, MDB_APPEND));
    MustLmdb(mdb_txn_commit(begun));
  }

 private:
  static void MustLmdb(int result) { VFS_CHECK(result == 0, "lmdb: {}", mdb_strerror(result)); }

  MDB_env* env_ = nullptr;
  MDB_dbi table_ = 0;
  std::uint64_t next_ = 0;  // of the one writer
};

// One connection and a mutex, which is how a process shares one.
class SqliteLog final : public DurableLog {
 public:
  explicit SqliteLog(const std::string& root) {
    MustSqlite(sqlite3_open((root + "/log.db").c_str(), &db_));
    Run("PRAGMA journal_mode=WAL");
    Run("PRAGMA synchronous=FULL");
    Run("CREATE TABLE log(id INTEGER PRIMARY KEY, body BLOB)");
    MustSqlite(sqlite3_prepare_v2(db_, "INSERT INTO log(body) VALUES(?)", -1, &insert_, nullptr));
  }
  ~SqliteLog() override {
    sqlite3_finalize(insert_);
    sqlite3_close(db_);
  }
  void Commit(std::string_view payload) override {
    const std::lock_guard lock(mu_);
    MustSqlite(sqlite3_bind_blob(insert_, 1, payload.data(), static_cast<int>(payload.size()),
                                 nullptr));  // the bytes stay until the step is done
    const int stepped = sqlite3_step(insert_);
    VFS_CHECK(stepped == SQLITE_DONE, "sqlite: {}", sqlite3_errmsg(db_));
    MustSqlite(sqlite3_reset(insert_));
  }

 private:
  void MustSqlite(int result) const {
    VFS_CHECK(result == SQLITE_OK, "sqlite: {}", sqlite3_errmsg(db_));
  }
  void Run(const char* statement) const {
    MustSqlite(sqlite3_exec(db_, statement, nullptr, nullptr, nullptr));
  }

  std::mutex mu_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

template <typename Log>
Contender Make(std::string_view name) {
  return {.name = std::string(name),
          .open = [](const std::string& root, std::uint64_t) -> std::unique_ptr<DurableLog> {
            return std::make_unique<Log>(root);
          }};
}

}  // namespace

std::vector<Contender> PeerContenders() {
  return {Make<RocksLog>("rocksdb"), Make<LevelLog>("leveldb"), Make<LmdbLog>("lmdb"),
          Make<SqliteLog>("sqlite")};
}

}  // namespace permafrost::bench
