// The writers, each over the same ledgers.
#include "tests/engine/cold/golden_chunk.h"

#include <memory>
#include <vector>

#include "engine/cold/event_segment_writer.h"
#include "engine/cold/hash_run.h"
#include "engine/cold/ledger_pack.h"
#include "engine/cold/term_postings.h"
#include "engine/ledger/stored_ledger.h"
#include "tests/engine/cold/cold_disk.h"
#include "tests/engine/ledger/event_makers.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine::testing {
namespace {

std::vector<std::unique_ptr<MadeLedger>> GoldenLedgers() {
  std::vector<std::unique_ptr<MadeLedger>> ledgers;
  for (std::uint32_t i = 0; i < kGoldenCount; ++i) {
    ledgers.push_back(std::make_unique<MadeLedger>(kGoldenFirst + i, LedgerSeq{kGoldenFirst + i},
                                                   kGoldenEventsMax));
  }
  return ledgers;
}

absl::Status WriteLedgers(vfs::File& file) {
  LedgerPackWriter writer(&file, SomeColdFile(), LedgerSeq{kGoldenFirst}, kGoldenDictionary);
  LedgerCompressor compressor(kGoldenDictionary);
  for (std::uint32_t i = kGoldenFirst; i < kGoldenFirst + kGoldenCount; ++i) {
    const bool is_undecoded = i == kGoldenFirst + 1;
    VFS_ASSIGN_OR_RETURN(const std::string stored,
                         compressor.Compress(GoldenLedger(i), is_undecoded));
    VFS_RETURN_IF_ERROR(writer.Add(LedgerSeq{i}, stored));
  }
  return writer.Finish();
}

}  // namespace

std::string GoldenLedger(std::uint32_t sequence) {
  const MadeLedger ledger(sequence, LedgerSeq{sequence}, kGoldenEventsMax);
  std::string bytes = fmt::format("ledger {}:", sequence);
  for (const EventView& event : ledger.view().events) bytes += event.xdr;
  return bytes.substr(0, 2'000);
}

absl::Status WriteGoldenChunk(vfs::FileSystem& fs) {
  const std::vector<std::unique_ptr<MadeLedger>> ledgers = GoldenLedgers();
  VFS_ASSIGN_OR_RETURN(const auto ledger_file, fs.Create(kGoldenLedgers));
  VFS_RETURN_IF_ERROR(WriteLedgers(*ledger_file));

  VFS_ASSIGN_OR_RETURN(const auto hash_file, fs.Create(kGoldenHashes));
  std::vector<HashEntry> hashes;
  for (const auto& ledger : ledgers) AppendHashEntries(hashes, ledger->view());
  VFS_RETURN_IF_ERROR(WriteHashRun(*hash_file, SomeColdFile(), std::move(hashes)));

  VFS_ASSIGN_OR_RETURN(const auto event_file, fs.Create(kGoldenEvents));
  EventPackWriter events(event_file.get(), SomeColdFile(), LedgerSeq{kGoldenFirst});
  TermPostings postings;
  for (const auto& ledger : ledgers) {
    postings.AddLedger(ledger->view(), events.event_count());
    VFS_RETURN_IF_ERROR(events.AddLedger(ledger->view()));
  }
  VFS_RETURN_IF_ERROR(events.Finish());

  VFS_ASSIGN_OR_RETURN(const auto bitmap_file, fs.Create(kGoldenBitmaps));
  VFS_ASSIGN_OR_RETURN(const auto directory_file, fs.Create(kGoldenDirectory));
  TermBitmapWriter bitmaps(bitmap_file.get(), SomeColdFile());
  TermDirectoryWriter directory(directory_file.get(), SomeColdFile());
  const auto add = [&](const EventTerm& term, std::span<const std::uint32_t> ids) {
    const absl::Status added = bitmaps.Add(term, ids);
    return added.ok() ? directory.Add(term, ids) : added;
  };
  VFS_RETURN_IF_ERROR(postings.ForEach(add));
  VFS_RETURN_IF_ERROR(bitmaps.Finish());
  return directory.Finish(events.event_count());
}

}  // namespace permafrost::engine::testing
