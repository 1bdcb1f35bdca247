// Objects from one real ledger.
#include "tests/engine/ledger/lake_writer.h"

#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "engine/ledger/lake_manifest.h"
#include "engine/ledger/ledger_view.h"
#include "tests/engine/ledger/real_ledgers.h"
#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

// Bytes of a ledger of version 1 without extension up to its sequence: version 4, extension 4, hash
// 32, protocol 4, previous hash 32, transaction set 32, time 8, upgrades 4, value extension with
// node and signature 4 + 36 + 68, two hashes 64.
constexpr std::size_t kSequenceAt = 292;

void MakeDirs(vfs::FileSystem& fs, std::string_view path) {
  if (path.empty() || fs.Exists(path).value_or(false)) return;
  MakeDirs(fs, vfs::ParentOf(path));
  ASSERT_OK(fs.MakeDir(path));
}

}  // namespace

std::string LedgerWithSequence(std::uint32_t sequence) {
  static const std::string kLedger =
      ReadUncompressed("tests/data/stellar/FFFFFC18--999.xdr.zstd").substr(12);
  std::string number;
  AppendBigEndian(number, sequence);
  return std::string(kLedger).replace(kSequenceAt, number.size(), number);
}

std::string BatchBytes(std::uint32_t first,
                       std::uint32_t last,
                       const std::vector<std::string>& ledgers) {
  std::string bytes;
  AppendBigEndian(bytes, first);
  AppendBigEndian(bytes, last);
  AppendBigEndian(bytes, static_cast<std::uint32_t>(ledgers.size()));
  for (const std::string& ledger : ledgers) bytes += ledger;
  return bytes;
}

void PutFile(vfs::FileSystem& fs, const std::string& path, std::string_view content) {
  MakeDirs(fs, vfs::ParentOf(path));
  const absl::Status removed = fs.Unlink(path);
  ASSERT_TRUE(removed.ok() || removed.code() == absl::StatusCode::kNotFound) << removed.ToString();
  ASSERT_OK_AND_ASSIGN(const auto file, fs.Create(path));
  ASSERT_OK(file->Append(content));
}

std::string PutBatch(vfs::FileSystem& fs,
                     const LakeLayout& layout,
                     const LakeBatch& batch,
                     std::string_view suffix) {
  const std::uint32_t first = std::max(batch.first, kFirstLedger.value());
  std::vector<std::string> ledgers;
  for (std::uint32_t sequence = first; sequence <= batch.last; ++sequence)
    ledgers.push_back(LedgerWithSequence(sequence));
  std::string key = LakeKey(layout, batch, suffix);
  PutFile(fs, key, ZstdOf(BatchBytes(first, batch.last, ledgers)));
  return key;
}

void PutLake(vfs::FileSystem& fs,
             const LakeLayout& layout,
             std::uint32_t first,
             std::uint32_t last,
             std::string_view suffix) {
  PutFile(fs, kLakeManifest,
          fmt::format(R"({{"networkPassphrase": "test", "version": "1.0", "compression": "zstd", )"
                      R"("ledgersPerBatch": {}, "batchesPerPartition": {}}})",
                      layout.ledgers_per_batch, layout.batches_per_partition));
  for (std::uint32_t next = first; next <= last;) {
    const LakeBatch batch = BatchOf(layout, LedgerSeq{next});
    PutBatch(fs, layout, batch, suffix);
    next = batch.last + 1;
  }
}

}  // namespace permafrost::engine
