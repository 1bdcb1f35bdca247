// RocksDB through the adapter on the real disk against RocksDB on its own environment: the same
// options, the same calls, paired and interleaved.
//
// Usage: adapter_bench [--json] [--null] [--only ROW]. Prints for each row the median of the paired
// ratios (1: as fast, below: slower than the stock environment) and a 95 % interval of that median
// by order statistics. --null measures the stock environment against itself: what the machine
// adds. TEST_TMPDIR names the disk.
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <rocksdb/db.h>

#include "tests/vfs/temp_dir.h"
#include "vfs/base/check.h"
#include "vfs/base/log.h"
#include "vfs/base/prng.h"
#include "vfs/base/status.h"
#include "vfs/posix/native_executor.h"
#include "vfs/posix/posix_file_system.h"
#include "vfs/posix/system_clock.h"
#include "vfs/rocksdb/rocks_db.h"
#include "vfs/rocksdb/rocks_db_impl.h"
#include "vfs/rocksdb/rocks_env.h"

namespace permafrost::vfs {
namespace {

constexpr std::size_t kValueBytes = 100;
constexpr std::uint64_t kStoredRows = 20'000;  // that reads find
constexpr std::uint64_t kSeed = 1;

double Now() {
  timespec at = {};
  ::clock_gettime(CLOCK_MONOTONIC, &at);
  return static_cast<double>(at.tv_sec) * 1e9 + static_cast<double>(at.tv_nsec);
}

std::string KeyOf(std::uint64_t number) { return fmt::format("key-{:012}", number); }

// A database on one of the two environments.
class Database {
 public:
  Database() = default;
  virtual ~Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  virtual void Put(const std::string& key, const std::string& value, SyncWrite sync) = 0;
  virtual std::size_t Get(const std::string& key) = 0;
  virtual std::size_t Scan() = 0;
  virtual void FlushAndCompact() = 0;
};

// Nothing is flushed while it is measured: a job of one side would run in the time of the other.
RocksDbOptions OptionsOf(std::uint64_t block_cache_bytes) {
  RocksDbOptions options;
  options.rocks.unsynced_writes = true;
  options.write_buffer_bytes = std::uint64_t{1} << 30;
  options.block_cache_bytes = block_cache_bytes;
  return options;
}

void Must(const absl::Status& status) { VFS_CHECK(status.ok(), "{}", Message(status)); }
void Must(const rocksdb::Status& status) { VFS_CHECK(status.ok(), "{}", status.ToString()); }

class AdapterDatabase final : public Database {
 public:
  AdapterDatabase(const std::string& root, std::uint64_t block_cache_bytes) {
    auto fs = PosixFileSystem::Open(root);
    Must(fs.status());
    fs_ = *std::move(fs);
    const Env env{.fs = fs_.get(),
                  .clock = &clock_,
                  .executor = &executor_,
                  .prng = &prng_,
                  .log = &NullLog()};
    auto db = RocksDb::Open(env, "db", OptionsOf(block_cache_bytes));
    Must(db.status());
    db_ = *std::move(db);
  }
  void Put(const std::string& key, const std::string& value, SyncWrite sync) override {
    RocksBatch batch;
    batch.Put(kDefaultFamily, key, value);
    Must(db_->Write(batch, sync));
  }
  std::size_t Get(const std::string& key) override {
    const auto value = db_->Get(kDefaultFamily, key);
    Must(value.status());
    return value->value_or("").size();
  }
  std::size_t Scan() override {
    const auto rows = db_->Scan(kDefaultFamily, {});
    Must(rows.status());
    return rows->size();
  }
  void FlushAndCompact() override {
    Must(db_->Flush(FlushWait::kYes));
    Must(db_->CompactTables(kDefaultFamily));
  }

 private:
  std::unique_ptr<PosixFileSystem> fs_;
  SystemClock clock_;
  NativeExecutor executor_;
  Prng prng_{kSeed};
  std::unique_ptr<RocksDb> db_;
};

// What the adapter's interface does, written against RocksDB's own.
class StockDatabase final : public Database {
 public:
  StockDatabase(const std::string& root, std::uint64_t block_cache_bytes) {
    rocksdb::Options options = MakeRocksOptions(OptionsOf(block_cache_bytes));
    options.env = rocksdb::Env::Default();
    options.info_log = MakeRocksLogger(&NullLog());
    // The adapter reserves the space that RocksDB asks for, whatever the option says.
    options.allow_fallocate = true;
    rocksdb::DB* db = nullptr;
    Must(rocksdb::DB::Open(options, root + "/db", &db));
    db_.reset(db);
  }
  void Put(const std::string& key, const std::string& value, SyncWrite sync) override {
    rocksdb::WriteBatch batch;
    Must(batch.Put(key, value));
    rocksdb::WriteOptions write;
    write.sync = sync == SyncWrite::kYes;
    Must(db_->Write(write, &batch));
  }
  std::size_t Get(const std::string& key) override {
    std::string value;
    Must(db_->Get({}, key, &value));
    return value.size();
  }
  std::size_t Scan() override {
    std::vector<RocksDb::Row> rows;
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
    for (at->SeekToFirst(); at->Valid(); at->Next())
      rows.emplace_back(at->key().ToString(), at->value().ToString());
    Must(at->status());
    return rows.size();
  }
  void FlushAndCompact() override {
    Must(db_->Flush({}));
    Must(db_->CompactRange({}, nullptr, nullptr));
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
};

// Both sides of one row, each in a directory of its own.
struct Pair {
  TempDir left_dir;
  TempDir right_dir;
  std::unique_ptr<Database> left;   // measured
  std::unique_ptr<Database> right;  // the stock environment
};

std::unique_ptr<Pair> OpenPair(bool is_null, std::uint64_t block_cache_bytes) {
  auto pair = std::make_unique<Pair>();
  if (is_null) {
    pair->left = std::make_unique<StockDatabase>(pair->left_dir.path(), block_cache_bytes);
  } else {
    pair->left = std::make_unique<AdapterDatabase>(pair->left_dir.path(), block_cache_bytes);
  }
  pair->right = std::make_unique<StockDatabase>(pair->right_dir.path(), block_cache_bytes);
  return pair;
}

void Fill(Database& database) {
  const std::string value(kValueBytes, 'v');
  for (std::uint64_t i = 0; i < kStoredRows; ++i) database.Put(KeyOf(i), value, SyncWrite::kNo);
  database.FlushAndCompact();
}

struct Row {
  std::string name;
  std::size_t rounds = 0;
  double stock_nanos = 0;  // median per operation
  double ratio = 0;        // median of stock time / time
  double low = 0;          // its 95 % interval
  double high = 0;
};

// One measured piece of work: `operations` of them with this generator.
using Work = std::function<void(Database& database, std::uint64_t operations, Prng& prng)>;

struct Plan {
  std::string name;
  std::size_t rounds = 0;
  std::uint64_t operations = 0;  // of each of the four parts of a round
  Work work;
};

double NanosPerOperation(Database& database, const Plan& plan, std::uint64_t seed) {
  Prng prng(seed);
  const double start = Now();
  plan.work(database, plan.operations, prng);
  return (Now() - start) / static_cast<double>(plan.operations);
}

// Rounds of left, right, right, left and of right, left, left, right in turn: a drift of the
// machine falls on both, and so does what the one before leaves in the caches.
Row Measure(Pair& pair, const Plan& plan) {
  std::vector<double> ratios;
  std::vector<double> stock;
  for (std::size_t round = 0; round <= plan.rounds; ++round) {
    const std::uint64_t seed = kSeed + 2 * round;
    const bool is_left_outside = round % 2 == 0;
    Database& outer = is_left_outside ? *pair.left : *pair.right;
    Database& inner = is_left_outside ? *pair.right : *pair.left;
    const double outer_first = NanosPerOperation(outer, plan, seed);
    const double inner_both =
        NanosPerOperation(inner, plan, seed) + NanosPerOperation(inner, plan, seed + 1);
    const double outer_both = outer_first + NanosPerOperation(outer, plan, seed + 1);
    const double left = is_left_outside ? outer_both : inner_both;
    const double right = is_left_outside ? inner_both : outer_both;
    if (round == 0) continue;  // caches fill
    ratios.push_back(right / left);
    stock.push_back(right / 2);
  }
  std::sort(ratios.begin(), ratios.end());
  std::sort(stock.begin(), stock.end());
  // The median lies between these order statistics in 95 of 100 cases.
  const auto count = static_cast<double>(ratios.size());
  const double reach = 1.96 * std::sqrt(count) / 2;
  const auto low = static_cast<std::size_t>(std::max(0.0, std::floor(count / 2 - reach)));
  const auto high =
      std::min(ratios.size() - 1, static_cast<std::size_t>(std::ceil(count / 2 + reach)));
  return {.name = plan.name,
          .rounds = plan.rounds,
          .stock_nanos = stock[stock.size() / 2],
          .ratio = ratios[ratios.size() / 2],
          .low = ratios[low],
          .high = ratios[high]};
}

Work Puts(SyncWrite sync) {
  return [sync](Database& database, std::uint64_t operations, Prng& prng) {
    const std::string value(kValueBytes, 'v');
    for (std::uint64_t i = 0; i < operations; ++i)
      database.Put(KeyOf(prng.Below(1'000'000'000)), value, sync);
  };
}

void Gets(Database& database, std::uint64_t operations, Prng& prng) {
  for (std::uint64_t i = 0; i < operations; ++i) {
    const std::size_t bytes = database.Get(KeyOf(prng.Below(kStoredRows)));
    VFS_CHECK(bytes == kValueBytes, "read {} bytes", bytes);
  }
}

void Scans(Database& database, std::uint64_t, Prng&) {
  const std::size_t rows = database.Scan();
  VFS_CHECK(rows == kStoredRows, "scanned {} rows", rows);
}

// One row on a fresh pair; what it reads is there.
Row MeasureRow(const Plan& plan, std::uint64_t block_cache_bytes, bool is_null) {
  const auto pair = OpenPair(is_null, block_cache_bytes);
  Fill(*pair->left);
  Fill(*pair->right);
  return Measure(*pair, plan);
}

std::vector<Row> MeasureAll(std::string_view only, bool is_null) {
  constexpr std::uint64_t kWholeDatabase = std::uint64_t{64} << 20;
  const std::vector<std::pair<Plan, std::uint64_t>> plans = {
      {{"put_synced", 600, 10, Puts(SyncWrite::kYes)}, 0},
      {{"put_unsynced", 3'000, 100, Puts(SyncWrite::kNo)}, 0},
      {{"get_no_block_cache", 1'500, 400, Gets}, 0},
      {{"get_block_cache", 1'500, 800, Gets}, kWholeDatabase},
      {{"scan_no_block_cache", 400, kStoredRows, Scans}, 0},  // an operation is a row
  };
  std::vector<Row> rows;
  for (const auto& [plan, block_cache_bytes] : plans) {
    if (only.empty() || only == plan.name)
      rows.push_back(MeasureRow(plan, block_cache_bytes, is_null));
  }
  return rows;
}

}  // namespace
}  // namespace permafrost::vfs

int main(int argc, char** argv) {
  bool is_json = false;
  bool is_null = false;
  std::string_view only;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    is_json = is_json || word == "--json";
    is_null = is_null || word == "--null";
    if (word == "--only" && i + 1 < argc) only = argv[++i];
  }
  std::string text;
  for (const auto& row : permafrost::vfs::MeasureAll(only, is_null)) {
    if (is_json) {
      text += fmt::format(
          "{}{{\"name\": \"adapter.{}\", \"value\": {:.4f}, \"low\": {:.4f}, \"high\": {:.4f}, "
          "\"unit\": \"ratio\"}}",
          text.empty() ? "[" : ",\n ", row.name, row.ratio, row.low, row.high);
    } else {
      text += fmt::format("{:20} {:6.3f}  [{:.3f}, {:.3f}]  of {:4} rounds, stock {:10.1f} ns\n",
                          row.name, row.ratio, row.low, row.high, row.rounds, row.stock_nanos);
    }
  }
  if (is_json) text += "]\n";
  std::fputs(text.c_str(), stdout);
  return 0;
}
