// Fixed fields, the topics' places, the event.
#include "engine/ledger/event_payload.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>

#include "vfs/base/bytes.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kTransactionAt = 1;
constexpr std::size_t kLedgerAt = 33;
constexpr std::size_t kPositionAt = 37;
constexpr std::size_t kCloseTimeAt = 49;
constexpr std::size_t kContractAt = 57;
constexpr std::size_t kTopicCountAt = 61;
constexpr std::size_t kFixedBytes = 65;
constexpr std::size_t kTopicBytes = 8;
constexpr std::size_t kXdrCountBytes = 4;
constexpr std::size_t kContractBytes = 32;
constexpr std::uint32_t kNoContract = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kXdrBytesMax = 256U << 20;

static_assert(kTransactionAt + std::tuple_size_v<Hash> == kLedgerAt);

// Where `part` begins in `xdr`; 0 if it is empty.
std::uint32_t OffsetIn(std::string_view xdr, std::string_view part) {
  if (part.empty()) return 0;
  const std::less_equal<> before;
  VFS_CHECK(
      before(xdr.data(), part.data()) && before(part.data() + part.size(), xdr.data() + xdr.size()),
      "a contract or topic of {} bytes lies outside its event of {}", part.size(), xdr.size());
  return static_cast<std::uint32_t>(part.data() - xdr.data());
}

absl::Status Malformed(std::string_view bytes, std::string_view finding) {
  return vfs::DataLoss("event payload of {} bytes: {}", bytes.size(), finding);
}

}  // namespace

void AppendEventPayload(std::string& out, const LedgerView& ledger, const EventView& event) {
  VFS_CHECK(event.apply_index > 0 && event.apply_index <= ledger.transactions.size(),
            "an event of transaction {} of {}", event.apply_index, ledger.transactions.size());
  VFS_CHECK(event.contract.empty() || event.contract.size() == kContractBytes,
            "a contract of {} bytes", event.contract.size());
  VFS_CHECK(event.xdr.size() <= kXdrBytesMax, "an event of {} bytes", event.xdr.size());
  const Hash& transaction = ledger.transactions[event.apply_index - 1].hash;
  out.push_back(kVersion);
  out.append(reinterpret_cast<const char*>(transaction.data()), transaction.size());
  vfs::AppendLittleEndian(out, ledger.sequence.value());
  vfs::AppendLittleEndian(out, event.position.transaction);
  vfs::AppendLittleEndian(out, event.position.operation);
  vfs::AppendLittleEndian(out, event.position.event);
  vfs::AppendLittleEndian(out, static_cast<std::uint64_t>(ledger.close_time));
  vfs::AppendLittleEndian(
      out, event.contract.empty() ? kNoContract : OffsetIn(event.xdr, event.contract));
  vfs::AppendLittleEndian(out, event.topic_count);
  for (const std::string_view topic : ledger.TopicsOf(event)) {
    vfs::AppendLittleEndian(out, OffsetIn(event.xdr, topic));
    vfs::AppendLittleEndian(out, static_cast<std::uint32_t>(topic.size()));
  }
  vfs::AppendLittleEndian(out, static_cast<std::uint32_t>(event.xdr.size()));
  out.append(event.xdr);
}

absl::StatusOr<EventPayload> ParseEventPayload(std::string_view bytes) {
  if (bytes.size() < kFixedBytes + kXdrCountBytes)
    return Malformed(bytes, fmt::format("at least {} expected", kFixedBytes + kXdrCountBytes));
  if (bytes.front() != kVersion) {
    return Malformed(bytes, fmt::format("version {}, expected {}; a newer release wrote it",
                                        static_cast<unsigned char>(bytes.front()), int{kVersion}));
  }
  const auto topic_count = vfs::LoadLittleEndian<std::uint32_t>(bytes, kTopicCountAt);
  const std::size_t topics_max = (bytes.size() - kFixedBytes - kXdrCountBytes) / kTopicBytes;
  if (topic_count > topics_max) return Malformed(bytes, fmt::format("{} topics", topic_count));
  const std::size_t xdr_count_at = kFixedBytes + std::size_t{topic_count} * kTopicBytes;
  const auto xdr_bytes = vfs::LoadLittleEndian<std::uint32_t>(bytes, xdr_count_at);
  const std::string_view xdr = bytes.substr(xdr_count_at + kXdrCountBytes);
  if (xdr.size() != xdr_bytes || xdr_bytes > kXdrBytesMax) {
    return Malformed(bytes,
                     fmt::format("{} bytes of event are left, expected {}", xdr.size(), xdr_bytes));
  }

  EventPayload payload;
  payload.ledger = LedgerSeq{vfs::LoadLittleEndian<std::uint32_t>(bytes, kLedgerAt)};
  payload.position = {
      .transaction = vfs::LoadLittleEndian<std::uint32_t>(bytes, kPositionAt),
      .operation = vfs::LoadLittleEndian<std::uint32_t>(bytes, kPositionAt + 4),
      .event = vfs::LoadLittleEndian<std::uint32_t>(bytes, kPositionAt + 8),
  };
  payload.close_time =
      static_cast<std::int64_t>(vfs::LoadLittleEndian<std::uint64_t>(bytes, kCloseTimeAt));
  std::memcpy(payload.transaction.data(), bytes.data() + kTransactionAt,
              payload.transaction.size());
  payload.xdr = xdr;
  const auto contract = vfs::LoadLittleEndian<std::uint32_t>(bytes, kContractAt);
  if (contract != kNoContract) {
    if (contract > xdr.size() || xdr.size() - contract < kContractBytes)
      return Malformed(bytes, fmt::format("a contract at {} of {}", contract, xdr.size()));
    payload.contract = xdr.substr(contract, kContractBytes);
  }
  payload.topics.reserve(topic_count);
  for (std::size_t at = kFixedBytes; at < xdr_count_at; at += kTopicBytes) {
    const auto offset = vfs::LoadLittleEndian<std::uint32_t>(bytes, at);
    const auto size = vfs::LoadLittleEndian<std::uint32_t>(bytes, at + 4);
    if (offset > xdr.size() || size > xdr.size() - offset || (size == 0 && offset != 0)) {
      return Malformed(bytes, fmt::format("topic {} of {} bytes at {} of {}", payload.topics.size(),
                                          size, offset, xdr.size()));
    }
    payload.topics.push_back(xdr.substr(offset, size));
  }
  return payload;
}

}  // namespace permafrost::engine
