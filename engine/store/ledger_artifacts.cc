// A writer for each file; what it writes comes from a pass over the chunk's ledgers.
#include "engine/store/ledger_artifacts.h"

#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "engine/cold/event_segment_writer.h"
#include "engine/cold/hash_run.h"
#include "engine/cold/ledger_pack.h"
#include "engine/cold/merge_runs.h"
#include "engine/cold/term_postings.h"
#include "engine/cold/window_index_builder.h"
#include "engine/store/cold_identity.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {

// The three files of an events artifact are written one after another: the pass for the first one
// keeps what the others hold.
struct EventsPass {
  std::optional<TermPostings> terms;
  std::uint32_t event_count = 0;
};

namespace {

// A hash run as a stream to be merged.
class RunEntries final : public SortedEntries {
 public:
  RunEntries(HashRunCursor cursor, const ShouldStop& should_stop)
      : cursor_(std::move(cursor)), should_stop_(should_stop) {}

  absl::StatusOr<std::size_t> Next(std::span<IndexEntry> out) override {
    VFS_RETURN_IF_ERROR(CheckGoesOn(should_stop_));
    if (left_.empty()) {
      VFS_ASSIGN_OR_RETURN(left_, cursor_.NextBlock());
    }
    const std::size_t count = std::min(out.size(), left_.size());
    std::copy_n(left_.begin(), count, out.begin());
    left_ = left_.subspan(count);
    return count;
  }

 private:
  HashRunCursor cursor_;
  const ShouldStop& should_stop_;
  std::span<const IndexEntry> left_;
};

absl::Status WriteLedgers(ChunkInput& input,
                          const ColdFileId& id,
                          LedgerSeq first,
                          vfs::File& file) {
  LedgerPackWriter pack(&file, id, first, "");
  VFS_RETURN_IF_ERROR(input.ForEachStored(
      [&](LedgerSeq sequence, std::string_view stored) { return pack.Add(sequence, stored); }));
  return pack.Finish();
}

absl::Status WriteHashes(ChunkInput& input, const ColdFileId& id, vfs::File& file) {
  std::vector<IndexEntry> entries;
  VFS_RETURN_IF_ERROR(input.ForEachIndexRow([&](const IndexRow& row) {
    for (const Hash& hash : row.hashes) entries.push_back({.hash = hash, .ledger = row.sequence});
    return absl::OkStatus();
  }));
  return WriteHashRun(file, id, std::move(entries));
}

absl::Status WriteEvents(
    ChunkInput& input, const ColdFileId& id, LedgerSeq first, EventsPass& pass, vfs::File& file) {
  pass.terms.emplace();
  EventPackWriter pack(&file, id, first);
  const auto add = [&](const IndexRow& row, const StoredEvents& events) {
    const std::uint32_t begin = pack.event_count();
    for (const Posting& posting : row.postings) {
      for (const std::uint32_t event : posting.events) pass.terms->Add(posting.term, begin + event);
    }
    return pack.AddLedger(row.sequence, events);
  };
  VFS_RETURN_IF_ERROR(input.ForEachEvents(add));
  pass.event_count = pack.event_count();
  return pack.Finish();
}

template <typename Writer>
absl::Status AddTerms(const EventsPass& pass, Writer& writer) {
  return pass.terms->ForEach([&](const EventTerm& term, std::span<const std::uint32_t> ids) {
    return writer.Add(term, ids);
  });
}

absl::Status WriteBitmaps(const EventsPass& pass, const ColdFileId& id, vfs::File& file) {
  TermBitmapWriter writer(&file, id);
  VFS_RETURN_IF_ERROR(AddTerms(pass, writer));
  return writer.Finish();
}

absl::Status WriteDirectory(const EventsPass& pass, const ColdFileId& id, vfs::File& file) {
  TermDirectoryWriter writer(&file, id);
  VFS_RETURN_IF_ERROR(AddTerms(pass, writer));
  return writer.Finish(pass.event_count);
}

// The first chunk from which on every one up to `newest`, whose ledgers may still come, is complete
// or can be taken from the source.
ChunkId BehindTheHole(const std::set<ChunkId>& complete, const ChunkRange& source, ChunkId newest) {
  ChunkId chunk = newest;
  while (chunk >= ChunkId{0} &&
         (chunk == newest || complete.contains(chunk) || source.Contains(chunk)))
    chunk = Previous(chunk);
  return Next(chunk);
}

}  // namespace

std::vector<ChunkId> LedgerArtifacts::CompleteChunks() {
  const Geometry& geometry = store_.store().layout().geometry();
  std::set<ChunkId> complete;
  const LedgerStoreView view = store_.OpenView();
  for (const auto& [chunk, index] : view.indexes)
    if (index->last() == geometry.Last(chunk)) complete.insert(chunk);
  if (const auto catalog = view.store.Catalog(); catalog.ok()) {
    for (const auto& [artifact, record] : catalog->artifacts) {
      if (artifact.kind == ArtifactKind::kLedgers && record.state == ArtifactState::kFrozen)
        complete.insert(artifact.chunk);
    }
  }
  if (bulk_ != nullptr) {
    if (const auto range = bulk_->Available(); range.ok()) {
      ChunkId first = geometry.ChunkOf(range->first);
      if (geometry.First(first) < range->first) first = Next(first);
      const ChunkId last = std::min(geometry.LastCompleteChunkAt(range->last), geometry.ChunkMax());
      const ChunkId newest = geometry.ChunkOf(store_.store().latest());
      for (ChunkId chunk = std::max(first, BehindTheHole(complete, {first, last}, newest));
           chunk <= last; chunk = Next(chunk))
        complete.insert(chunk);
    }
  }
  return {complete.begin(), complete.end()};
}

absl::Status LedgerArtifacts::CheckTurn(ChunkId chunk) {
  const Store& store = store_.store();
  const bool is_committed = chunk <= store.layout().geometry().ChunkOf(store.latest());
  if (is_committed || chunk == store.floor()) return absl::OkStatus();
  const ChunkArtifact before = {.chunk = Previous(chunk), .kind = ArtifactKind::kLedgers};
  VFS_ASSIGN_OR_RETURN(const std::optional<ArtifactRecord> record,
                       store_.store().catalog().Find(before));
  if (record.has_value() && record->state == ArtifactState::kFrozen) return absl::OkStatus();
  const absl::Status hot = store_.OpenComplete(before.chunk).status();
  if (!absl::IsNotFound(hot)) return hot;
  VFS_PROBE("engine/freeze/waits_for_its_turn");
  return vfs::Aborted("freeze chunk {}: chunk {} comes before it and is not there yet",
                      chunk.value(), before.chunk.value());
}

absl::StatusOr<ArtifactWriter> LedgerArtifacts::ChunkWriter(const ChunkArtifact& artifact,
                                                            std::size_t file) {
  const ChunkId chunk = artifact.chunk;
  VFS_ASSIGN_OR_RETURN(std::shared_ptr<ChunkInput> input,
                       OpenChunkInput(store_, bulk_, artifact, should_stop_));
  const ColdFileId id = ColdFileIdOf(store_.store().pins(), chunk);
  const LedgerSeq first = store_.store().layout().geometry().First(chunk);
  switch (artifact.kind) {
    case ArtifactKind::kLedgers:
      return [=](vfs::File& out) { return WriteLedgers(*input, id, first, out); };
    case ArtifactKind::kTxHash: return [=](vfs::File& out) { return WriteHashes(*input, id, out); };
    case ArtifactKind::kEvents: break;
  }
  const vfs::MutexLock lock(&mu_);
  if (file == 0) events_[chunk] = std::make_shared<EventsPass>();
  const std::shared_ptr<EventsPass> pass = events_[chunk];
  if (file == 0) return [=](vfs::File& out) { return WriteEvents(*input, id, first, *pass, out); };
  if (file == 1) return [=](vfs::File& out) { return WriteBitmaps(*pass, id, out); };
  events_.erase(chunk);
  return [=](vfs::File& out) { return WriteDirectory(*pass, id, out); };
}

absl::StatusOr<ArtifactWriter> LedgerArtifacts::IndexWriter(const Coverage& coverage,
                                                            HashRunFinder inputs) {
  return [this, coverage, inputs = std::move(inputs)](vfs::File& out) mutable -> absl::Status {
    const Pins& pins = store_.store().pins();
    WindowIndexInput input{.identity = IndexIdentityOf(pins, coverage), .entries = 0};
    std::vector<std::unique_ptr<SortedEntries>> runs;
    for (ChunkId chunk = coverage.chunks.first; chunk <= coverage.chunks.last;
         chunk = Next(chunk)) {
      VFS_ASSIGN_OR_RETURN(const FrozenFile file, inputs(chunk));
      VFS_ASSIGN_OR_RETURN(HashRunCursor cursor,
                           HashRunCursor::Open(*file.fs, file.path, ColdFileIdOf(pins, chunk)));
      input.entries += cursor.entry_count();
      runs.push_back(std::make_unique<RunEntries>(std::move(cursor), should_stop_));
    }
    MergedEntries merged(std::move(runs));
    return BuildWindowIndex(input, merged, out).status();
  };
}

}  // namespace permafrost::engine
