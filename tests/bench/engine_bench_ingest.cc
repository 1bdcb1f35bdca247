// Ledgers made durable one by one: ours, RocksDB with a row for each key, and the bare disk.
#include <fcntl.h>
#include <unistd.h>

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "engine/hot/hot_rows.h"
#include "engine/ledger/any_decoder.h"
#include "tests/bench/best_turn.h"
#include "tests/bench/engine_bench.h"
#include "vfs/base/bytes.h"

namespace permafrost::bench {
namespace {

constexpr std::size_t kWriteBufferBytes = std::size_t{256} << 20;  // no flush runs beside it

using engine::IndexRow;
using engine::LedgerView;

void Check(const rocksdb::Status& status) { VFS_CHECK(status.ok(), "{}", status.ToString()); }

struct Compressors {
  engine::LedgerCompressor ledgers{""};
  engine::RecordCompressor events;
};

// The stored ledger, its events, and its index row, as one batch of ours has them.
struct Rows {
  std::string ledger;
  std::string events;
  IndexRow index;
};

Rows RowsOf(const std::string& bytes, Compressors& compressors) {
  const LedgerView view = Must(engine::AnyDecoder().Decode(bytes));
  return {.ledger = Must(compressors.ledgers.Compress(bytes, false)),
          .events = Must(engine::StoredEvents::Of(view, compressors.events)).bytes(),
          .index = engine::IndexRowOf(view)};
}

// Ledgers a second of those behind the first, which makes what the others find there.
template <typename Step>
double Rate(const LedgerSet& set, const Step& step) {
  step(0);
  const double begin = MonotonicNanos();
  for (std::size_t i = 1; i < set.ledgers.size(); ++i) step(i);
  return static_cast<double>(set.ledgers.size() - 1) * 1e9 / (MonotonicNanos() - begin);
}

double Permafrost(const LedgerSet& set) {
  EngineWorld world(set);
  world.Open();
  return Rate(set, [&](std::size_t i) { world.Append(i, i + 1); });
}

// What a batch costs before it is written.
double Prepared(const LedgerSet& set) {
  Compressors compressors;
  return Rate(set, [&](std::size_t i) {
    const LedgerView view = Must(engine::AnyDecoder().Decode(set.ledgers[i]));
    Must(engine::PrepareLedger(view, compressors.ledgers, compressors.events).status());
  });
}

// One synced batch for each ledger: the same ledger and events, a row for each hash and posting.
double RowPerKey(const LedgerSet& set) {
  const TempDir directory;
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = kWriteBufferBytes;
  rocksdb::DB* opened = nullptr;
  Check(rocksdb::DB::Open(options, directory.Join("db"), &opened));
  const std::unique_ptr<rocksdb::DB> db(opened);
  Compressors compressors;
  rocksdb::WriteOptions write;
  write.sync = true;
  const auto put = [](rocksdb::WriteBatch& batch, std::string_view key, std::string_view value) {
    Check(batch.Put({key.data(), key.size()}, {value.data(), value.size()}));
  };
  return Rate(set, [&](std::size_t i) {
    const Rows rows = RowsOf(set.ledgers[i], compressors);
    std::string sequence;
    vfs::AppendLittleEndian(sequence, rows.index.sequence.value());
    rocksdb::WriteBatch batch;
    put(batch, "L" + sequence, rows.ledger);
    put(batch, "E" + sequence, rows.events);
    for (const engine::Hash& hash : rows.index.hashes)
      put(batch, "H" + std::string(hash.begin(), hash.end()), sequence);
    for (const engine::Posting& posting : rows.index.postings) {
      for (const std::uint32_t event : posting.events) {
        std::string key = "P" + std::string(posting.term.begin(), posting.term.end()) + sequence;
        vfs::AppendLittleEndian(key, event);
        put(batch, key, "");
      }
    }
    Check(db->Write(write, &batch));
  });
}

// The bytes of our batches over blocks that were written before.
double Overwrite(const LedgerSet& set, const std::vector<std::string>& batches) {
  const TempDir directory;
  std::size_t bytes = 0;
  for (const std::string& batch : batches) bytes += batch.size();
  const int fd = ::open(directory.Write("log", std::string(bytes, '\0')).c_str(), O_WRONLY);
  VFS_CHECK(fd >= 0 && ::fdatasync(fd) == 0, "open log");
  off_t at = 0;
  const double rate = Rate(set, [&](std::size_t i) {
    const ssize_t written = ::pwrite(fd, batches[i].data(), batches[i].size(), at);
    VFS_CHECK(written >= 0 && ::fdatasync(fd) == 0, "write log");
    at += written;
  });
  ::close(fd);
  return rate;
}

}  // namespace

void MeasureIngest(const EngineBenchOptions& options,
                   const LedgerSet& set,
                   std::vector<EngineBenchRow>& rows) {
  const std::string name = "ingest/" + set.name;
  if (!name.starts_with(options.only)) return;
  Compressors compressors;
  std::vector<std::string> batches;
  for (const std::string& ledger : set.ledgers) {
    const Rows made = RowsOf(ledger, compressors);
    batches.push_back(made.ledger + made.events + engine::EncodeIndexRow(made.index));
  }
  MeasureRow(
      options, name, "ledgers/s",
      {{"permafrost", [&] { return Permafrost(set); }},
       {"rocksdb, a row a key", [&] { return RowPerKey(set); }},
       {"overwrite and fdatasync", [&] { return Overwrite(set, batches); }},
       {"decode and compress, no disk", [&] { return Prepared(set); }}},
      {{"permafrost", "rocksdb, a row a key", 2}, {"permafrost", "overwrite and fdatasync", 0.5}},
      rows);
}

}  // namespace permafrost::bench
