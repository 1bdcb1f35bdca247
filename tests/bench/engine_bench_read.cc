// Warm reads: a ledger, a transaction, events; from frozen files, from the hot tier, from RocksDB,
// and with nothing around them.
#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <array>
#include <set>

#include <rocksdb/db.h>

#include "engine/ledger/any_decoder.h"
#include "engine/ledger/stored_ledger.h"
#include "engine/query/ledger_reader.h"
#include "tests/bench/best_turn.h"
#include "tests/bench/engine_bench.h"
#include "vfs/base/bytes.h"
#include "vfs/base/crc32c.h"

namespace permafrost::bench {
namespace {

constexpr std::size_t kTurns = 300;  // of a contender in a round

using engine::Hash;
using engine::LedgerReader;
using engine::LedgerView;

void Check(const rocksdb::Status& status) { VFS_CHECK(status.ok(), "{}", status.ToString()); }

// Microseconds a turn, of turns that take ledgers (or what belongs to them) here and there.
template <typename Step>
double Micros(const LedgerSet& set, const Step& step) {
  vfs::Prng prng(7);
  const std::size_t turns = std::min(kTurns, set.ledgers.size() * 4);
  const double begin = MonotonicNanos();
  for (std::size_t i = 0; i < turns; ++i) step(prng.Below(set.ledgers.size()));
  return (MonotonicNanos() - begin) / 1e3 / static_cast<double>(turns);
}

// Frames one after another in a file, and where they are.
class BareFrames {
 public:
  explicit BareFrames(const LedgerSet& set) {
    engine::LedgerCompressor compressor("");
    std::string all;
    for (const std::string& ledger : set.ledgers) {
      const std::string stored = Must(compressor.Compress(ledger, false));
      places_.push_back({all.size() + 1, stored.size() - 1, ledger.size()});  // behind the flags
      all += stored;
    }
    fd_ = ::open(directory_.Write("frames", all).c_str(), O_RDONLY);
    VFS_CHECK(fd_ >= 0, "open frames");
  }
  ~BareFrames() {
    ::close(fd_);
    ZSTD_freeDCtx(context_);
  }
  BareFrames(const BareFrames&) = delete;
  BareFrames& operator=(const BareFrames&) = delete;

  void Read(std::size_t i) {
    const auto& [at, bytes, ledger_bytes] = places_[i];
    std::string frame(bytes, '\0');
    const ssize_t got = ::pread(fd_, frame.data(), bytes, static_cast<off_t>(at));
    VFS_CHECK(got == static_cast<ssize_t>(bytes), "read frames");
    checksum_ ^= vfs::Crc32c(frame);
    std::string ledger(ledger_bytes, '\0');
    const std::size_t out =
        ZSTD_decompressDCtx(context_, ledger.data(), ledger.size(), frame.data(), frame.size());
    VFS_CHECK(out == ledger_bytes, "zstd");
  }

 private:
  TempDir directory_;
  std::vector<std::array<std::size_t, 3>> places_;
  int fd_ = -1;
  ZSTD_DCtx* context_ = ZSTD_createDCtx();
  std::uint32_t checksum_ = 0;
};

// Ledgers by sequence in tables with zstd, and sequences by transaction hash.
class RocksLedgers {
 public:
  explicit RocksLedgers(const LedgerSet& set) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kZSTD;
    rocksdb::DB* opened = nullptr;
    Check(rocksdb::DB::Open(options, directory_.Join("db"), &opened));
    db_.reset(opened);
    for (std::size_t i = 0; i < set.ledgers.size(); ++i) {
      Check(db_->Put({}, KeyOf(i), set.ledgers[i]));
      const LedgerView view = Must(engine::AnyDecoder().Decode(set.ledgers[i]));
      for (const auto& transaction : view.transactions)
        Check(db_->Put({}, KeyOf(transaction.hash), KeyOf(i)));
    }
    Check(db_->CompactRange({}, nullptr, nullptr));
  }

  void ReadLedger(std::size_t i) { Check(db_->Get({}, KeyOf(i), &value_)); }
  void ReadTransaction(const Hash& hash) {
    std::string key;
    Check(db_->Get({}, KeyOf(hash), &key));
    Check(db_->Get({}, key, &value_));
    const LedgerView view = Must(engine::AnyDecoder().Decode(value_));
    const bool has = std::any_of(view.transactions.begin(), view.transactions.end(),
                                 [&](const auto& at) { return at.hash == hash; });
    VFS_CHECK(has, "no such transaction");
  }

 private:
  static std::string KeyOf(std::size_t i) {
    std::string key = "L";
    vfs::AppendLittleEndian(key, static_cast<std::uint32_t>(i));
    return key;
  }
  static std::string KeyOf(const Hash& hash) { return "H" + std::string(hash.begin(), hash.end()); }

  TempDir directory_;
  std::unique_ptr<rocksdb::DB> db_;
  std::string value_;
};

// What can be asked for: of each ledger one transaction, and the contracts of all events.
struct Questions {
  std::vector<Hash> transactions;
  std::vector<Hash> contracts;
};

Questions QuestionsOf(const LedgerSet& set) {
  Questions questions;
  std::set<Hash> contracts;
  for (const std::string& ledger : set.ledgers) {
    const LedgerView view = Must(engine::AnyDecoder().Decode(ledger));
    questions.transactions.push_back(view.transactions[view.transactions.size() / 2].hash);
    for (const auto& event : view.events) {
      Hash contract;
      if (event.contract.size() != contract.size()) continue;
      std::copy(event.contract.begin(), event.contract.end(), contract.begin());
      contracts.insert(contract);
    }
  }
  questions.contracts.assign(contracts.begin(), contracts.end());
  return questions;
}

// As a request does it: a view of its own.
LedgerReader ReaderOf(EngineWorld& world) {
  return {world.store().OpenView(), engine::AnyDecoder()};
}

void ReadLedger(EngineWorld& world, const LedgerSet& set, std::size_t i) {
  const engine::LedgerSeq sequence{set.first.value() + static_cast<std::uint32_t>(i)};
  VFS_CHECK(Must(ReaderOf(world).Ledger(sequence)).bytes.size() == set.ledgers[i].size(), "size");
}

void ReadTransaction(EngineWorld& world, const Hash& hash) {
  VFS_CHECK(Must(ReaderOf(world).Transaction(hash)).has_value(), "no such transaction");
}

void ReadEvents(EngineWorld& world, const Hash& contract) {
  const LedgerReader reader = ReaderOf(world);
  engine::EventFilter filter;
  filter.contract = contract;
  const auto page = Must(reader.Events(
      {.from = reader.oldest(), .to = reader.latest(), .filters = {filter}, .limit = 100}));
  VFS_CHECK(!page.payloads.empty(), "no events");
}

}  // namespace

void MeasureReads(const EngineBenchOptions& options,
                  const LedgerSet& set,
                  std::vector<EngineBenchRow>& rows) {
  const std::string read = "read/" + set.name;
  const std::string transaction = "transaction/" + set.name;
  const std::string events = "events/" + set.name;
  if (!IsWanted(options, read) && !IsWanted(options, transaction) && !IsWanted(options, events))
    return;
  EngineWorld hot(set);
  hot.Open();
  hot.Append(0, set.ledgers.size());
  EngineWorld cold(set);
  cold.Open();
  cold.Append(0, set.ledgers.size());
  cold.Settle();
  BareFrames frames(set);
  RocksLedgers rocks(set);
  const Questions questions = QuestionsOf(set);
  const auto micros = [&set](auto step) {
    return std::function<double()>([&set, step] { return Micros(set, step); });
  };
  MeasureRow(options, read, "us",
             {{"cold", micros([&](std::size_t i) { ReadLedger(cold, set, i); })},
              {"hot", micros([&](std::size_t i) { ReadLedger(hot, set, i); })},
              {"pread, crc32c, decompress", micros([&](std::size_t i) { frames.Read(i); })},
              {"rocksdb get", micros([&](std::size_t i) { rocks.ReadLedger(i); })}},
             {{"cold", "pread, crc32c, decompress", 1.1, Goal::Side::kAtMost},
              {"cold", "rocksdb get", 1, Goal::Side::kAtMost},
              {"hot", "rocksdb get", 1, Goal::Side::kAtMost}},
             rows);
  const auto& hashes = questions.transactions;
  MeasureRow(options, transaction, "us",
             {{"cold", micros([&](std::size_t i) { ReadTransaction(cold, hashes[i]); })},
              {"hot", micros([&](std::size_t i) { ReadTransaction(hot, hashes[i]); })},
              {"rocksdb: two gets, decode",
               micros([&](std::size_t i) { rocks.ReadTransaction(hashes[i]); })}},
             {{"cold", "rocksdb: two gets, decode", 1, Goal::Side::kAtMost},
              {"hot", "rocksdb: two gets, decode", 1, Goal::Side::kAtMost}},
             rows);
  const auto contract = [&](std::size_t i) -> const Hash& {
    return questions.contracts[i % questions.contracts.size()];
  };
  MeasureRow(options, events, "us, the first 100 of a contract",
             {{"cold", micros([&](std::size_t i) { ReadEvents(cold, contract(i)); })},
              {"hot", micros([&](std::size_t i) { ReadEvents(hot, contract(i)); })}},
             {}, rows);
}

}  // namespace permafrost::bench
