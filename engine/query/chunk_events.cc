// Events of a hot chunk, from memory and the rows of their ledgers; of a cold one, from its
// segment.
#include "engine/query/chunk_events.h"

#include <optional>
#include <utility>

#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

class Hot final : public ChunkEvents {
 public:
  Hot(HotHandle db, std::shared_ptr<const HotIndex> index)
      : db_(std::move(db)), index_(std::move(index)) {}

  absl::StatusOr<EventRange> RangeOf(LedgerSeq first, LedgerSeq last) override {
    return EventRange{.first = index_->EventsOf(first).first, .end = index_->EventsOf(last).end};
  }

  absl::StatusOr<std::vector<std::uint32_t>> Find(const EventTerm& term,
                                                  const EventRange& range) override {
    return index_->EventsOf(term, range);
  }

  absl::Status Payloads(std::span<const std::uint32_t> ids, VisitPayload visit) override {
    for (const std::uint32_t id : ids) {
      const LedgerSeq ledger = index_->LedgerOf(id);
      if (ledger != ledger_) {
        VFS_ASSIGN_OR_RETURN(events_, ReadStoredEvents(*db_, ledger));
        ledger_ = ledger;
        record_.reset();
      }
      const std::uint32_t number = id - index_->EventsOf(ledger).first;
      if (number >= events_.event_count()) {
        return vfs::DataLoss("read {}: ledger {} has {} events, its index row says more",
                             db_->path(), ledger.value(), events_.event_count());
      }
      VFS_RETURN_IF_ERROR(OpenRecord(number / kEventsPerRecord));
      VFS_RETURN_IF_ERROR(visit(id, items_.item(number % kEventsPerRecord)));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status OpenRecord(std::size_t record) {
    if (record_ == record) return absl::OkStatus();
    record_.reset();
    absl::StatusOr<RecordItems> items = decompressor_.Decompress(
        events_.record(record), events_.events_of(record), kEventRecordBytesMax);
    if (!items.ok()) {
      return vfs::DataLoss("read {}: events of ledger {}: {}", db_->path(), ledger_->value(),
                           vfs::Message(items.status()));
    }
    items_ = *std::move(items);
    record_ = record;
    return absl::OkStatus();
  }

  const HotHandle db_;
  const std::shared_ptr<const HotIndex> index_;
  RecordDecompressor decompressor_;
  std::optional<LedgerSeq> ledger_;  // whose events are at hand
  StoredEvents events_;
  std::optional<std::size_t> record_;  // of them, which is decoded
  RecordItems items_;
};

class Cold final : public ChunkEvents {
 public:
  explicit Cold(std::shared_ptr<const EventSegmentReader> segment) : segment_(std::move(segment)) {}

  absl::StatusOr<EventRange> RangeOf(LedgerSeq first, LedgerSeq last) override {
    return EventRange{.first = segment_->IdsOf(first).begin, .end = segment_->IdsOf(last).end};
  }

  absl::StatusOr<std::vector<std::uint32_t>> Find(const EventTerm& term,
                                                  const EventRange& range) override {
    VFS_ASSIGN_OR_RETURN(const Roaring all, segment_->IdsOf(term));
    std::vector<std::uint32_t> found;
    auto at = all.begin();
    for (at.equalorlarger(range.first); at != all.end() && *at < range.end; ++at)
      found.push_back(*at);
    return found;
  }

  absl::Status Payloads(std::span<const std::uint32_t> ids, VisitPayload visit) override {
    return segment_->Payloads(ids, visit);
  }

 private:
  const std::shared_ptr<const EventSegmentReader> segment_;
};

}  // namespace

std::unique_ptr<ChunkEvents> ColdChunkEvents(std::shared_ptr<const EventSegmentReader> segment) {
  return std::make_unique<Cold>(std::move(segment));
}

std::unique_ptr<ChunkEvents> HotChunkEvents(HotHandle db, std::shared_ptr<const HotIndex> index) {
  return std::make_unique<Hot>(std::move(db), std::move(index));
}

}  // namespace permafrost::engine
