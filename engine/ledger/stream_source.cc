// Sequences are checked here, all else by whoever decodes.
#include "engine/ledger/stream_source.h"

#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {

// Borrows its source.
class StreamSource::Stream final : public LedgerStream {
 public:
  Stream(StreamSource* source, std::optional<SourcedLedger> first)
      : source_(source), first_(std::move(first)) {}

  absl::StatusOr<std::optional<SourcedLedger>> Next() override {
    if (first_.has_value()) return std::exchange(first_, std::nullopt);
    return source_->ReadLedger();
  }

 private:
  StreamSource* source_;
  std::optional<SourcedLedger> first_;  // which Open has read
};

StreamSource::StreamSource(std::unique_ptr<ByteStream> bytes, std::string_view path)
    : name_(fmt::format("stream:{}", path)), records_(std::move(bytes), name_) {}

absl::StatusOr<LedgerSource::Range> StreamSource::Available() {
  return vfs::Unimplemented("{} does not say which ledgers it has", name_);
}

absl::StatusOr<LedgerSeq> StreamSource::First() {
  if (!peeked_.has_value()) {
    VFS_ASSIGN_OR_RETURN(peeked_, ReadLedger());
  }
  if (peeked_.has_value()) return peeked_->sequence;
  return vfs::NotFound("{} ended before its first ledger", name_);
}

absl::StatusOr<std::optional<SourcedLedger>> StreamSource::ReadLedger() {
  if (peeked_.has_value()) return std::exchange(peeked_, std::nullopt);
  VFS_ASSIGN_OR_RETURN(auto record, records_.Next());
  if (!record.has_value()) return std::nullopt;
  std::string origin = fmt::format("{} at offset {}", name_, record->offset);
  const auto sequence = decoder_.SequenceOf(record->bytes);
  if (!sequence.ok()) return vfs::DataLoss("{}: {}", origin, vfs::Message(sequence.status()));
  if (last_.has_value() && sequence->value() != std::uint64_t{last_->value()} + 1)
    return vfs::DataLoss("{}: ledger {} follows ledger {}", origin, sequence->value(),
                         last_->value());
  last_ = *sequence;
  return SourcedLedger{*sequence, std::move(record->bytes), std::move(origin)};
}

absl::StatusOr<std::unique_ptr<LedgerStream>> StreamSource::Open(std::optional<LedgerSeq> first) {
  if (is_open_) return vfs::FailedPrecondition("{} can be read once, and is", name_);
  for (;;) {
    VFS_ASSIGN_OR_RETURN(auto ledger, ReadLedger());
    const bool is_wanted = !ledger.has_value() || !first.has_value() || ledger->sequence >= *first;
    if (!is_wanted) continue;
    if (ledger.has_value() && first.has_value() && ledger->sequence > *first)
      return vfs::OutOfRange("{} begins with ledger {}, not {}", name_, ledger->sequence.value(),
                             first->value());
    is_open_ = true;
    return std::make_unique<Stream>(this, std::move(ledger));
  }
}

}  // namespace permafrost::engine
