// Payloads as they were stored, bitmaps behind their terms.
#include "engine/cold/event_segment_writer.h"

#include "engine/cold/portable_bitmap.h"
#include "engine/ledger/packed_sizes.h"
#include "vfs/base/bytes.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr PackOptions kPayloads{.items_per_record = kEventsPerRecord,
                                .codec = PackCodec::kZstd,
                                .records = PackOptions::Records::kVarying};
// A smaller record is not worth a frame of its own.
constexpr std::uint32_t kCopiedEventsMin = 32;

}  // namespace

EventPackWriter::EventPackWriter(vfs::File* file, const ColdFileId& id, LedgerSeq first)
    : pack_(file, id, ColdFileKind::kEvents, kPayloads), first_(first) {}

absl::Status EventPackWriter::Add(std::string_view payload) {
  if (failure_.ok()) failure_ = pack_.Add(payload);
  return failure_;
}

absl::Status EventPackWriter::FinishLedger(LedgerSeq sequence) {
  const std::uint64_t expected = std::uint64_t{first_.value()} + counts_.size();
  if (failure_.ok() && sequence.value() != expected) {
    failure_ =
        vfs::InvalidArgument("finish events of ledger {}: expected {}", sequence.value(), expected);
  }
  VFS_RETURN_IF_ERROR(failure_);
  counts_.push_back(pack_.item_count() - finished_);
  finished_ = pack_.item_count();
  return absl::OkStatus();
}

absl::Status EventPackWriter::AddRecord(const StoredEvents& events, std::size_t record) {
  const std::uint32_t count = events.events_of(record);
  if (count >= kCopiedEventsMin) return pack_.AddRecord(events.record(record), count);
  const absl::StatusOr<RecordItems> items =
      decompressor_.Decompress(events.record(record), count, kEventRecordBytesMax);
  if (!items.ok()) {
    return vfs::DataLoss("add events of ledger {}: record {}: {}", first_.value() + counts_.size(),
                         record, vfs::Message(items.status()));
  }
  for (std::size_t i = 0; i < count; ++i) VFS_RETURN_IF_ERROR(pack_.Add(items->item(i)));
  return absl::OkStatus();
}

absl::Status EventPackWriter::AddLedger(LedgerSeq sequence, const StoredEvents& events) {
  for (std::size_t i = 0; i < events.record_count() && failure_.ok(); ++i)
    failure_ = AddRecord(events, i);
  return FinishLedger(sequence);
}

absl::Status EventPackWriter::AddLedger(const LedgerView& ledger) {
  VFS_ASSIGN_OR_RETURN(const StoredEvents events, StoredEvents::Of(ledger, compressor_));
  return AddLedger(ledger.sequence, events);
}

absl::Status EventPackWriter::Finish() {
  if (failure_.ok() && finished_ != pack_.item_count()) {
    failure_ = vfs::InvalidArgument("finish event pack: the ledger of the last {} events is open",
                                    pack_.item_count() - finished_);
  }
  VFS_RETURN_IF_ERROR(failure_);
  std::string app_data;
  vfs::AppendLittleEndian(app_data, first_.value());
  vfs::AppendLittleEndian(app_data, static_cast<std::uint32_t>(counts_.size()));
  AppendPackedSizes(app_data, counts_);
  return pack_.Finish(app_data);
}

TermBitmapWriter::TermBitmapWriter(vfs::File* file, const ColdFileId& id)
    : pack_(file, id, ColdFileKind::kTermBitmaps, {}) {}

absl::Status TermBitmapWriter::Add(const EventTerm& term, std::span<const std::uint32_t> ids) {
  if (!NeedsBitmap(ids)) return absl::OkStatus();
  std::string item(reinterpret_cast<const char*>(term.data()), term.size());
  AppendPortableBitmap(item, ids);
  return pack_.Add(item);
}

}  // namespace permafrost::engine
