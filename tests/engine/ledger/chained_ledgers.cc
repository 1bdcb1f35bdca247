// Real bytes with other numbers and hashes in them.
#include "tests/engine/ledger/chained_ledgers.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "engine/ledger/lake_manifest.h"
#include "engine/ledger/stellar_decoder.h"
#include "tests/engine/ledger/lake_writer.h"
#include "tests/engine/ledger/real_ledgers.h"
#include "tests/engine/ledger/sha256.h"
#include "tests/vectors.h"

namespace permafrost::engine {
namespace {

constexpr std::uint32_t kRealEvery = 8;
// Places in a ledger of version 1 without extension.
constexpr std::size_t kHashAt = 8;
constexpr std::size_t kPreviousHashAt = 44;

std::string HashFor(const std::string& what) { return BytesOfHex(Sha256Hex(what)); }

std::string HashOfLedger(std::uint32_t network, std::uint32_t sequence) {
  return HashFor(fmt::format("ledger {} of {}", sequence, network));
}

std::string RealLedger(std::uint32_t network, std::uint32_t sequence) {
  // Where its transactions' hashes are.
  static const std::vector<std::size_t> kHashesAt = [] {
    const std::string ledger = LedgerWithSequence(2);
    const LedgerView view = *StellarDecoder().Decode(ledger);
    std::vector<std::size_t> places;
    for (const TransactionView& transaction : view.transactions) {
      const auto* const bytes = reinterpret_cast<const char*>(transaction.hash.data());
      const std::string hash(bytes, transaction.hash.size());
      for (std::size_t at = ledger.find(hash); at != std::string::npos;
           at = ledger.find(hash, at + 1))
        places.push_back(at);
    }
    return places;
  }();
  std::string ledger = LedgerWithSequence(sequence);
  const auto replace = [&](std::size_t at, const std::string& hash) {
    ledger.replace(at, hash.size(), hash);
  };
  replace(kHashAt, HashOfLedger(network, sequence));
  replace(kPreviousHashAt, HashOfLedger(network, sequence - 1));
  for (const std::size_t at : kHashesAt)
    replace(at, HashFor(fmt::format("transaction {} of {} {}", at, sequence, network)));
  return ledger;
}

// LedgerCloseMeta of version 0 with nothing in it.
std::string EmptyLedger(std::uint32_t network, std::uint32_t sequence) {
  const std::string none(32, '\0');
  const auto word = [](std::uint32_t value) {
    std::string bytes;
    AppendBigEndian(bytes, value);
    return bytes;
  };
  const std::string header = word(20) + HashOfLedger(network, sequence - 1) + none + word(0) +
                             word(sequence) + word(0) + word(0) + none + none + word(sequence) +
                             std::string(16, '\0') + word(0) + std::string(8, '\0') + word(100) +
                             word(5'000'000) + word(100) + none + none + none + none + word(0);
  return word(0) + HashOfLedger(network, sequence) + header + word(0) + none + word(0) + word(0) +
         word(0) + word(0);
}

}  // namespace

std::string ChainedLedger(std::uint32_t sequence, std::uint32_t network) {
  return sequence % kRealEvery == 0 ? RealLedger(network, sequence)
                                    : EmptyLedger(network, sequence);
}

std::string FramedLedger(std::uint32_t sequence) {
  const std::string ledger = ChainedLedger(sequence);
  std::string framed;
  AppendBigEndian(framed, static_cast<std::uint32_t>(ledger.size()) | 0x8000'0000U);
  return framed + ledger;
}

void PutChainedLake(vfs::FileSystem& fs, const LakeLayout& layout, std::uint32_t last) {
  PutFile(fs, kLakeManifest,
          fmt::format(R"({{"networkPassphrase": "test", "version": "1.0", "compression": "zstd", )"
                      R"("ledgersPerBatch": {}, "batchesPerPartition": {}}})",
                      layout.ledgers_per_batch, layout.batches_per_partition));
  for (std::uint64_t next = kFirstLedger.value(); next <= last;) {
    const LakeBatch batch = BatchOf(layout, LedgerSeq{static_cast<std::uint32_t>(next)});
    const std::uint32_t first = std::max(batch.first, kFirstLedger.value());
    std::vector<std::string> ledgers;
    for (std::uint32_t at = first; at <= batch.last; ++at) ledgers.push_back(ChainedLedger(at));
    PutFile(fs, LakeKey(layout, batch, "zst"), ZstdOf(BatchBytes(first, batch.last, ledgers)));
    next = std::uint64_t{batch.last} + 1;
  }
}

}  // namespace permafrost::engine
