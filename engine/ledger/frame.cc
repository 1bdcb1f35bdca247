// Checks from the outside in: length, checksum, header, then piece by piece.
#include "engine/ledger/frame.h"

#include <cstring>

#include <fmt/format.h>

#include "engine/ledger/frame_format.h"
#include "vfs/base/bytes.h"
#include "vfs/base/crc32c.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

void AppendHash(std::string& out, const Hash& hash) {
  out.append(reinterpret_cast<const char*>(hash.data()), hash.size());
}

Hash LoadHash(std::string_view bytes) {
  Hash hash;
  std::memcpy(hash.data(), bytes.data(), hash.size());
  return hash;
}

// Takes pieces off the front; one that is longer than what is left is the error.
class Pieces {
 public:
  Pieces(std::string_view bytes, std::size_t offset) : left_(bytes), offset_(offset) {}

  absl::StatusOr<std::string_view> Take(std::string_view what, std::size_t bytes) {
    if (bytes > left_.size())
      return vfs::InvalidArgument("not a ledger frame: {} of {} bytes at byte {}, {} are left",
                                  what, bytes, offset_, left_.size());
    const std::string_view piece = left_.substr(0, bytes);
    left_.remove_prefix(bytes);
    offset_ += bytes;
    return piece;
  }

  template <typename T>
  absl::StatusOr<T> Number(std::string_view what) {
    VFS_ASSIGN_OR_RETURN(const std::string_view piece, Take(what, sizeof(T)));
    return vfs::LoadLittleEndian<T>(piece, 0);
  }

  std::string_view left() const { return left_; }
  std::size_t offset() const { return offset_; }

 private:
  std::string_view left_;
  std::size_t offset_;  // in the frame
};

absl::Status TakeTransaction(Pieces& pieces, LedgerView& ledger) {
  const std::size_t at = pieces.offset();
  VFS_ASSIGN_OR_RETURN(const auto flags, pieces.Number<std::uint8_t>("a transaction's flags"));
  if (flags > (kFrameIsSuccessful | kFrameHasInnerHash))
    return vfs::InvalidArgument("not a ledger frame: transaction flags 0x{:02x} at byte {}", flags,
                                at);
  VFS_ASSIGN_OR_RETURN(const std::string_view hash, pieces.Take("a hash", sizeof(Hash)));
  TransactionView transaction{.hash = LoadHash(hash)};
  transaction.is_successful = (flags & kFrameIsSuccessful) != 0;
  if ((flags & kFrameHasInnerHash) != 0) {
    VFS_ASSIGN_OR_RETURN(const std::string_view inner, pieces.Take("a hash", sizeof(Hash)));
    transaction.inner_hash = LoadHash(inner);
  }
  ledger.transactions.push_back(transaction);
  return absl::OkStatus();
}

// What the bytes of an event consist of.
absl::Status ParseEvent(std::size_t at, LedgerView& ledger, EventView& event) {
  Pieces pieces(event.xdr, at);
  VFS_ASSIGN_OR_RETURN(const auto has_contract, pieces.Number<std::uint8_t>("a contract's flag"));
  if (has_contract > 1)
    return vfs::InvalidArgument("not a ledger frame: contract flag {} at byte {}", has_contract,
                                at);
  if (has_contract == 1) {
    VFS_ASSIGN_OR_RETURN(event.contract, pieces.Take("a contract", sizeof(Hash)));
  }
  VFS_ASSIGN_OR_RETURN(const auto topics, pieces.Number<std::uint8_t>("a count of topics"));
  event.first_topic = static_cast<std::uint32_t>(ledger.topics.size());
  event.topic_count = topics;
  for (std::uint32_t i = 0; i < topics; ++i) {
    VFS_ASSIGN_OR_RETURN(const auto length, pieces.Number<std::uint16_t>("a topic's length"));
    VFS_ASSIGN_OR_RETURN(const std::string_view topic, pieces.Take("a topic", length));
    ledger.topics.push_back(topic);
  }
  return absl::OkStatus();
}

absl::Status TakeEvent(Pieces& pieces, LedgerView& ledger) {
  const std::size_t at = pieces.offset();
  EventView event;
  for (std::uint32_t* const number : {&event.position.transaction, &event.position.operation,
                                      &event.position.event, &event.apply_index}) {
    VFS_ASSIGN_OR_RETURN(*number, pieces.Number<std::uint32_t>("an event's place"));
  }
  const bool is_in_order = ledger.events.empty() || ledger.events.back().position < event.position;
  if (!is_in_order || event.apply_index == 0 || event.apply_index > ledger.transactions.size())
    return vfs::InvalidArgument("not a ledger frame: event {}/{}/{} of transaction {} at byte {}",
                                event.position.transaction, event.position.operation,
                                event.position.event, event.apply_index, at);
  VFS_ASSIGN_OR_RETURN(const auto length, pieces.Number<std::uint32_t>("an event's length"));
  const std::size_t xdr_at = pieces.offset();
  VFS_ASSIGN_OR_RETURN(event.xdr, pieces.Take("an event", length));
  VFS_RETURN_IF_ERROR(ParseEvent(xdr_at, ledger, event));
  ledger.events.push_back(event);
  return absl::OkStatus();
}

absl::Status CheckEnvelope(std::string_view bytes) {
  if (bytes.size() < kFrameHeaderBytes + kFrameCrcBytes)
    return vfs::InvalidArgument("not a ledger frame: {} bytes, at least {} expected", bytes.size(),
                                kFrameHeaderBytes + kFrameCrcBytes);
  if (bytes.substr(0, kFrameMagic.size()) != kFrameMagic)
    return vfs::InvalidArgument("not a ledger frame: the first 8 bytes are not '{}'", kFrameMagic);
  const auto length = vfs::LoadLittleEndian<std::uint32_t>(bytes, kFrameLengthAt);
  if (length != bytes.size())
    return vfs::InvalidArgument("not a ledger frame: {} bytes, its length says {}", bytes.size(),
                                length);
  const std::size_t crc_at = bytes.size() - kFrameCrcBytes;
  const auto stored = vfs::LoadLittleEndian<std::uint32_t>(bytes, crc_at);
  const std::uint32_t computed = vfs::Crc32c(bytes.substr(0, crc_at));
  if (stored != computed)
    return vfs::InvalidArgument("not a ledger frame: crc32c {:08x}, computed {:08x}", stored,
                                computed);
  return absl::OkStatus();
}

}  // namespace

std::string EncodeFrameEvent(std::optional<Hash> contract,
                             std::span<const std::string> topics,
                             std::string_view data) {
  std::string out;
  out.push_back(contract.has_value() ? '\1' : '\0');
  if (contract.has_value()) AppendHash(out, *contract);
  out.push_back(static_cast<char>(topics.size()));
  for (const std::string& topic : topics) {
    vfs::AppendLittleEndian(out, static_cast<std::uint16_t>(topic.size()));
    out += topic;
  }
  out += data;
  return out;
}

std::string EncodeFrame(const LedgerView& ledger, std::string_view rest, std::uint32_t version) {
  std::string out(kFrameMagic);
  vfs::AppendLittleEndian(out, version);
  vfs::AppendLittleEndian(out, std::uint32_t{0});  // the length, once it is known
  vfs::AppendLittleEndian(out, ledger.sequence.value());
  vfs::AppendLittleEndian(out, ledger.protocol);
  vfs::AppendLittleEndian(out, static_cast<std::uint64_t>(ledger.close_time));
  AppendHash(out, ledger.hash);
  AppendHash(out, ledger.previous_hash);
  vfs::AppendLittleEndian(out, static_cast<std::uint32_t>(ledger.transactions.size()));
  vfs::AppendLittleEndian(out, static_cast<std::uint32_t>(ledger.events.size()));
  for (const TransactionView& transaction : ledger.transactions) {
    const bool has_inner = transaction.inner_hash.has_value();
    out.push_back(static_cast<char>((transaction.is_successful ? kFrameIsSuccessful : 0) |
                                    (has_inner ? kFrameHasInnerHash : 0)));
    AppendHash(out, transaction.hash);
    if (has_inner) AppendHash(out, *transaction.inner_hash);
  }
  for (const EventView& event : ledger.events) {
    for (const std::uint32_t number : {event.position.transaction, event.position.operation,
                                       event.position.event, event.apply_index})
      vfs::AppendLittleEndian(out, number);
    vfs::AppendLittleEndian(out, static_cast<std::uint32_t>(event.xdr.size()));
    out += event.xdr;
  }
  out += rest;
  std::string length;
  vfs::AppendLittleEndian(length, static_cast<std::uint32_t>(out.size() + kFrameCrcBytes));
  out.replace(kFrameLengthAt, length.size(), length);
  vfs::AppendLittleEndian(out, vfs::Crc32c(out));
  return out;
}

absl::StatusOr<LedgerView> FrameDecoder::Decode(std::string_view bytes) const {
  VFS_RETURN_IF_ERROR(CheckEnvelope(bytes));
  LedgerView ledger;
  ledger.sequence = LedgerSeq{vfs::LoadLittleEndian<std::uint32_t>(bytes, kFrameSequenceAt)};
  ledger.protocol = vfs::LoadLittleEndian<std::uint32_t>(bytes, kFrameProtocolAt);
  ledger.close_time =
      static_cast<std::int64_t>(vfs::LoadLittleEndian<std::uint64_t>(bytes, kFrameCloseTimeAt));
  ledger.hash = LoadHash(bytes.substr(kFrameHashAt));
  ledger.previous_hash = LoadHash(bytes.substr(kFramePreviousHashAt));
  ledger.bytes = bytes;
  const auto version = vfs::LoadLittleEndian<std::uint32_t>(bytes, kFrameVersionAt);
  if (version != kFrameVersion) {
    ledger.undecoded = {
        fmt::format("a ledger frame has no version {} (byte {})", version, kFrameVersionAt)};
    return ledger;
  }
  const auto transactions = vfs::LoadLittleEndian<std::uint32_t>(bytes, kFrameTransactionsAt);
  const auto events = vfs::LoadLittleEndian<std::uint32_t>(bytes, kFrameEventsAt);
  Pieces pieces(bytes.substr(kFrameHeaderBytes, bytes.size() - kFrameHeaderBytes - kFrameCrcBytes),
                kFrameHeaderBytes);
  for (std::uint32_t i = 0; i < transactions; ++i)
    VFS_RETURN_IF_ERROR(TakeTransaction(pieces, ledger));
  for (std::uint32_t i = 0; i < events; ++i) VFS_RETURN_IF_ERROR(TakeEvent(pieces, ledger));
  return ledger;
}

}  // namespace permafrost::engine
