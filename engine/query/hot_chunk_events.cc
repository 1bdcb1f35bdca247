// Events of a hot chunk: ids from memory, payloads from the rows of their ledger.
#include <optional>
#include <utility>

#include "engine/query/chunk_events.h"
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

  absl::StatusOr<std::string> Payload(std::uint32_t id) override {
    const LedgerSeq ledger = index_->LedgerOf(id);
    if (ledger != ledger_) {
      VFS_ASSIGN_OR_RETURN(events_, ReadLedgerEvents(*db_, ledger));
      ledger_ = ledger;
    }
    const std::uint32_t number = id - index_->EventsOf(ledger).first;
    if (number < events_.size()) return std::string(events_.payload(number));
    return vfs::DataLoss("read {}: ledger {} has {} events, its index row says more", db_->path(),
                         ledger.value(), events_.size());
  }

 private:
  const HotHandle db_;
  const std::shared_ptr<const HotIndex> index_;
  std::optional<LedgerSeq> ledger_;  // whose events are at hand
  LedgerEvents events_;
};

}  // namespace

std::unique_ptr<ChunkEvents> HotChunkEvents(HotHandle db, std::shared_ptr<const HotIndex> index) {
  return std::make_unique<Hot>(std::move(db), std::move(index));
}

}  // namespace permafrost::engine
