// Checksums of files, then of their parts.
#include "engine/audit/contents.h"

#include <algorithm>
#include <string>
#include <vector>

#include "engine/catalog/read_file.h"
#include "engine/cold/event_segment_reader.h"
#include "engine/cold/hash_run.h"
#include "engine/cold/ledger_pack.h"
#include "engine/cold/window_index_reader.h"
#include "engine/ledger/stored_ledger.h"
#include "engine/store/cold_identity.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

// Every ledger, decompressed.
absl::Status ReadLedgers(const FrozenFile& file, const Pins& pins, ChunkId chunk) {
  VFS_ASSIGN_OR_RETURN(const LedgerPackReader pack, OpenLedgerPack(file, pins, chunk));
  LedgerDecompressor decompressor(pack.dictionary());
  return pack.StoredRange(pins.geometry.First(chunk), pins.geometry.Last(chunk),
                          [&](LedgerSeq sequence, std::string_view stored) -> absl::Status {
                            const absl::Status read = decompressor.Decompress(stored).status();
                            if (read.ok()) return read;
                            return vfs::DataLoss("read {}: ledger {}: {}", file.path,
                                                 sequence.value(), vfs::Message(read));
                          });
}

absl::Status ReadHashes(const FrozenFile& file, const Pins& pins, ChunkId chunk) {
  VFS_ASSIGN_OR_RETURN(HashRunCursor cursor,
                       HashRunCursor::Open(*file.fs, file.path, ColdFileIdOf(pins, chunk)));
  for (;;) {
    VFS_ASSIGN_OR_RETURN(const std::span<const HashEntry> block, cursor.NextBlock());
    if (block.empty()) return absl::OkStatus();
  }
}

absl::Status ReadEvents(const std::vector<FrozenFile>& files, const Pins& pins, ChunkId chunk) {
  const EventSegmentReader::Paths paths = {
      .events = files[0].path, .bitmaps = files[1].path, .directory = files[2].path};
  VFS_ASSIGN_OR_RETURN(
      const EventSegmentReader segment,
      EventSegmentReader::Open(*files.front().fs, paths, ColdFileIdOf(pins, chunk)));
  return segment.Verify();
}

absl::Status ReadUnits(const std::vector<FrozenFile>& files,
                       const Pins& pins,
                       const ChunkArtifact& artifact) {
  switch (artifact.kind) {
    case ArtifactKind::kLedgers: return ReadLedgers(files.front(), pins, artifact.chunk);
    case ArtifactKind::kTxHash: return ReadHashes(files.front(), pins, artifact.chunk);
    case ArtifactKind::kEvents: return ReadEvents(files, pins, artifact.chunk);
  }
  VFS_CHECK(false, "kind of artifact {}", static_cast<int>(artifact.kind));
}

absl::Status ReadUnits(const FrozenFile& file, const Pins& pins, const Coverage& coverage) {
  VFS_ASSIGN_OR_RETURN(const auto index,
                       WindowIndex::Open(file.fs, file.path, IndexIdentityOf(pins, coverage),
                                         {.resident_bytes_max = 0}));
  return index->Verify();
}

std::vector<FrozenFile> FilesOf(vfs::FileSystem* fs,
                                const std::vector<std::string>& paths,
                                const ArtifactRecord& record) {
  std::vector<FrozenFile> files;
  for (std::size_t i = 0; i < paths.size(); ++i)
    files.push_back({.fs = fs, .path = paths[i], .digest = record.files[i]});
  return files;
}

// Each file as a whole; then `units`, what their reader says.
template <typename Units>
void CheckFiles(const std::string& key,
                const std::vector<FrozenFile>& files,
                const Units& units,
                AuditReport& report) {
  const auto note = [&](const absl::Status& status) {
    if (status.ok()) return;
    report.Add(18, vfs::Message(status));
    report.tainted.insert(key);
  };
  report.checked[18] += files.size();
  for (const FrozenFile& file : files) note(VerifyFrozen(file));
  note(units());
}

}  // namespace

void AuditContents(vfs::FileSystem* fs, const Layout& layout, AuditReport& report) {
  const Pins& pins = report.view.pins;
  for (const auto& [artifact, record] : report.view.artifacts) {
    if (record.state != ArtifactState::kFrozen) continue;
    const auto files = FilesOf(fs, layout.PathsOf(artifact), record);
    CheckFiles(
        KeyText(artifact), files, [&, key = artifact] { return ReadUnits(files, pins, key); },
        report);
  }
  for (const auto& [coverage, record] : report.view.coverages) {
    if (record.state != ArtifactState::kFrozen) continue;
    const auto files = FilesOf(fs, {layout.PathOf(coverage)}, record);
    CheckFiles(
        KeyText(coverage), files,
        [&, key = coverage] { return ReadUnits(files.front(), pins, key); }, report);
  }
  std::sort(report.violations.begin(), report.violations.end());
  const auto end = std::unique(report.violations.begin(), report.violations.end());
  report.violations.erase(end, report.violations.end());
}

}  // namespace permafrost::engine
