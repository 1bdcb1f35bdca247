// Copying rows, and decoding where there are none.
#include "engine/store/chunk_input.h"

#include <optional>
#include <string>
#include <utility>

#include "engine/cold/ledger_pack.h"
#include "engine/ledger/ledger_chain.h"
#include "engine/ledger/stored_ledger.h"
#include "engine/store/cold_identity.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

LedgerSeq Following(LedgerSeq sequence) { return LedgerSeq{sequence.value() + 1}; }

class HotInput final : public ChunkInput {
 public:
  HotInput(CompleteHotChunk chunk, const ShouldStop& should_stop)
      : ChunkInput(should_stop), chunk_(std::move(chunk)) {}

  absl::Status ForEachStored(VisitStored visit) override {
    return ForEach([&](LedgerSeq sequence) -> absl::Status {
      VFS_ASSIGN_OR_RETURN(const std::string stored, ReadStoredLedger(chunk_.db(), sequence));
      return visit(sequence, stored);
    });
  }

  absl::Status ForEachIndexRow(VisitRow visit) override {
    return ForEach([&](LedgerSeq sequence) -> absl::Status {
      VFS_ASSIGN_OR_RETURN(const IndexRow row, ReadIndexRow(chunk_.db(), sequence));
      return visit(row);
    });
  }

  absl::Status ForEachEvents(VisitEvents visit) override {
    return ForEach([&](LedgerSeq sequence) -> absl::Status {
      VFS_ASSIGN_OR_RETURN(const IndexRow row, ReadIndexRow(chunk_.db(), sequence));
      VFS_ASSIGN_OR_RETURN(const StoredEvents events, ReadStoredEvents(chunk_.db(), sequence));
      if (events.event_count() != row.event_count) {
        return vfs::DataLoss("freeze {}: ledger {} has {} events, its index row says {}",
                             chunk_.db().path(), sequence.value(), events.event_count(),
                             row.event_count);
      }
      return visit(row, events);
    });
  }

 private:
  absl::Status ForEach(absl::FunctionRef<absl::Status(LedgerSeq)> visit) const {
    for (LedgerSeq at = chunk_.first(); at <= chunk_.last(); at = Following(at)) {
      VFS_RETURN_IF_ERROR(CheckGoesOn());
      VFS_RETURN_IF_ERROR(visit(at));
    }
    return absl::OkStatus();
  }

  const CompleteHotChunk chunk_;
};

// Ledgers as they were ingested, to be decoded.
class DecodedInput : public ChunkInput {
 public:
  // `before`: the hash of the ledger before the range, if it is known.
  DecodedInput(const LedgerDecoder& decoder,
               const LedgerSource::Range& range,
               const std::optional<Hash>& before,
               const ShouldStop& should_stop)
      : ChunkInput(should_stop),
        decoder_(decoder),
        first_(range.first),
        last_(range.last),
        before_(before) {}

  absl::Status ForEachIndexRow(VisitRow visit) override {
    return ForEachView([&](const LedgerView& ledger) { return visit(IndexRowOf(ledger)); });
  }

  absl::Status ForEachEvents(VisitEvents visit) override {
    RecordCompressor compressor;
    return ForEachView([&](const LedgerView& ledger) -> absl::Status {
      VFS_ASSIGN_OR_RETURN(const StoredEvents events, StoredEvents::Of(ledger, compressor));
      return visit(IndexRowOf(ledger), events);
    });
  }

 protected:
  using VisitBytes =
      absl::FunctionRef<absl::Status(std::string_view bytes, std::string_view origin)>;
  // From first() to last() or the end of the source.
  virtual absl::Status ForEachLedger(VisitBytes visit) = 0;

  absl::Status ForEachView(absl::FunctionRef<absl::Status(const LedgerView&)> visit) {
    LedgerSeq next = first_;
    std::optional<Hash> before = before_;
    const auto take = [&](std::string_view bytes, std::string_view origin) -> absl::Status {
      VFS_RETURN_IF_ERROR(CheckGoesOn());
      const absl::StatusOr<LedgerView> ledger = decoder_.Decode(bytes);
      if (!ledger.ok())
        return vfs::DataLoss("freeze {}: ledger {}: {}", origin, next.value(),
                             vfs::Message(ledger.status()));
      VFS_RETURN_IF_ERROR(CheckFollows(*ledger, next, before, origin));
      before = ledger->hash;
      next = Following(next);
      return visit(*ledger);
    };
    VFS_RETURN_IF_ERROR(ForEachLedger(take));
    if (next > last_) return absl::OkStatus();
    return vfs::Unavailable("freeze: the source ended before ledger {}, {} is the chunk's last",
                            next.value(), last_.value());
  }

  LedgerSeq first() const { return first_; }
  LedgerSeq last() const { return last_; }

 private:
  const LedgerDecoder& decoder_;
  const LedgerSeq first_;
  const LedgerSeq last_;
  const std::optional<Hash> before_;
};

class PackInput final : public DecodedInput {
 public:
  // The view keeps the pack's file.
  PackInput(ReadView view,
            LedgerPackReader pack,
            std::string path,
            const LedgerDecoder& decoder,
            const LedgerSource::Range& range,
            const ShouldStop& should_stop)
      : DecodedInput(decoder, range, std::nullopt, should_stop),
        view_(std::move(view)),
        pack_(std::move(pack)),
        path_(std::move(path)) {}

  absl::Status ForEachStored(VisitStored visit) override {
    return pack_.StoredRange(first(), last(), visit);
  }

 private:
  absl::Status ForEachLedger(VisitBytes visit) override {
    LedgerDecompressor decompressor(pack_.dictionary());
    return pack_.StoredRange(
        first(), last(), [&](LedgerSeq sequence, std::string_view stored) -> absl::Status {
          const absl::StatusOr<std::string> bytes = decompressor.Decompress(stored);
          if (!bytes.ok()) {
            return vfs::DataLoss("read {}: ledger {}: {}", path_, sequence.value(),
                                 vfs::Message(bytes.status()));
          }
          return visit(*bytes, path_);
        });
  }

  const ReadView view_;
  const LedgerPackReader pack_;
  const std::string path_;
};

class BulkInput final : public DecodedInput {
 public:
  BulkInput(LedgerSource& source,
            const LedgerSource::Range& range,
            const std::optional<Hash>& before,
            const ShouldStop& should_stop)
      : DecodedInput(source.decoder(), range, before, should_stop), source_(source) {}

  absl::Status ForEachStored(VisitStored visit) override {
    LedgerCompressor compressor("");
    return ForEachView([&](const LedgerView& ledger) -> absl::Status {
      VFS_ASSIGN_OR_RETURN(const std::string stored,
                           compressor.Compress(ledger.bytes, ledger.undecoded.has_value()));
      return visit(ledger.sequence, stored);
    });
  }

 private:
  absl::Status ForEachLedger(VisitBytes visit) override {
    VFS_ASSIGN_OR_RETURN(const auto stream, source_.Open(first()));
    for (LedgerSeq at = first(); at <= last(); at = Following(at)) {
      VFS_ASSIGN_OR_RETURN(const std::optional<SourcedLedger> ledger, stream->Next());
      if (!ledger.has_value()) break;
      VFS_RETURN_IF_ERROR(visit(ledger->bytes, ledger->origin));
    }
    return absl::OkStatus();
  }

  LedgerSource& source_;
};

// What the first ledger of a chunk of a bulk source must follow: the one before in the source, else
// in the store; nothing if neither has it.
absl::StatusOr<std::optional<Hash>> HashBefore(LedgerStore& store,
                                               LedgerSource& bulk,
                                               const LedgerSource::Range& available,
                                               ChunkId chunk) {
  const LedgerSeq before = store.store().layout().geometry().Last(Previous(chunk));
  if (before < available.first) return store.HashOf(before);
  VFS_ASSIGN_OR_RETURN(const auto stream, bulk.Open(before));
  VFS_ASSIGN_OR_RETURN(const std::optional<SourcedLedger> ledger, stream->Next());
  if (!ledger.has_value()) return std::nullopt;
  VFS_ASSIGN_OR_RETURN(const LedgerView view, bulk.decoder().Decode(ledger->bytes));
  return view.hash;
}

}  // namespace

absl::Status CheckGoesOn(const ShouldStop& should_stop) {
  if (!should_stop || !should_stop()) return absl::OkStatus();
  return vfs::Aborted("freeze: asked to stop; the next run goes on");
}

absl::StatusOr<std::unique_ptr<ChunkInput>> OpenChunkInput(LedgerStore& store,
                                                           LedgerSource* bulk,
                                                           const ChunkArtifact& artifact,
                                                           const ShouldStop& should_stop) {
  const Geometry& geometry = store.store().layout().geometry();
  const ChunkId chunk = artifact.chunk;
  const LedgerSource::Range range = {.first = geometry.First(chunk), .last = geometry.Last(chunk)};
  absl::StatusOr<CompleteHotChunk> hot = store.OpenComplete(chunk);
  if (hot.ok()) return std::make_unique<HotInput>(*std::move(hot), should_stop);
  if (!absl::IsNotFound(hot.status())) return hot.status();
  if (artifact.kind != ArtifactKind::kLedgers) {
    ReadView view = store.store().OpenView();
    VFS_ASSIGN_OR_RETURN(const auto files,
                         view.FindFrozen({.chunk = chunk, .kind = ArtifactKind::kLedgers}));
    if (files.has_value()) {
      VFS_PROBE("engine/freeze/from_pack");
      VFS_ASSIGN_OR_RETURN(LedgerPackReader pack,
                           OpenLedgerPack(files->front(), view.pins(), chunk));
      return std::make_unique<PackInput>(std::move(view), std::move(pack), files->front().path,
                                         store.decoder(), range, should_stop);
    }
  }
  if (bulk != nullptr) {
    VFS_ASSIGN_OR_RETURN(const LedgerSource::Range available, bulk->Available());
    if (available.first <= range.first && range.last <= available.last) {
      VFS_PROBE("engine/freeze/from_bulk");
      VFS_ASSIGN_OR_RETURN(const std::optional<Hash> before,
                           HashBefore(store, *bulk, available, chunk));
      return std::make_unique<BulkInput>(*bulk, range, before, should_stop);
    }
  }
  return vfs::NotFound(
      "freeze chunk {}: ledgers {} to {} are not whole in the hot tier, a frozen pack or a bulk "
      "source",
      chunk.value(), range.first.value(), range.last.value());
}

}  // namespace permafrost::engine
