// Framing, and strict parsing of what came back.
#include "engine/records/record_values.h"

#include <algorithm>
#include <functional>

#include "engine/records/record_keys.h"
#include "engine/records/record_rules.h"
#include "vfs/base/bytes.h"
#include "vfs/base/check.h"
#include "vfs/base/crc32c.h"
#include "vfs/base/escape.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kVersionBytes = 1;
constexpr std::size_t kCrcBytes = 4;
constexpr std::size_t kAccountFixedBytes = 16;  // LSN and nonce, before the balance
constexpr std::size_t kAddressBytes = 32;
static_assert(ContentAddress().bytes.size() == kAddressBytes);

std::uint32_t Checksum(std::string_view key, std::string_view version_and_payload) {
  return vfs::Crc32cExtend(vfs::Crc32c(key), version_and_payload);
}

bool IsAscending(const std::vector<ContentAddress>& addresses) {
  return std::adjacent_find(addresses.begin(), addresses.end(), std::greater_equal<>()) ==
         addresses.end();
}

absl::Status Malformed(std::string_view key, std::string_view kind, std::size_t bytes) {
  return vfs::DataLoss("parse record row {}: its {} bytes are not {}", vfs::EscapedForError(key),
                       bytes, kind);
}

}  // namespace

std::string FrameValue(std::string_view key, std::string_view payload) {
  std::string value;
  value.reserve(kVersionBytes + payload.size() + kCrcBytes);
  value.push_back(kVersion);
  value.append(payload);
  vfs::AppendLittleEndian(value, Checksum(key, value));
  return value;
}

absl::StatusOr<std::string_view> UnframeValue(std::string_view key, std::string_view value) {
  if (value.size() < kVersionBytes + kCrcBytes) {
    return vfs::DataLoss("parse record row {}: {} bytes, expected at least {}",
                         vfs::EscapedForError(key), value.size(), kVersionBytes + kCrcBytes);
  }
  const std::string_view checked = value.substr(0, value.size() - kCrcBytes);
  const std::uint32_t expected = Checksum(key, checked);
  const auto found = vfs::LoadLittleEndian<std::uint32_t>(value, checked.size());
  if (found != expected) {
    return vfs::DataLoss("parse record row {}: checksum 0x{:08x}, expected 0x{:08x}",
                         vfs::EscapedForError(key), found, expected);
  }
  if (checked.front() != kVersion) {
    return vfs::DataLoss("parse record row {}: version {}, expected {}; a newer release wrote it",
                         vfs::EscapedForError(key), static_cast<unsigned char>(checked.front()),
                         int{kVersion});
  }
  return checked.substr(kVersionBytes);
}

std::string CursorValue(std::uint64_t next_lsn) {
  VFS_CHECK(next_lsn > 0, "LSNs begin at 1");
  std::string payload;
  vfs::AppendLittleEndian(payload, next_lsn);
  return FrameValue(kCursorKey, payload);
}

std::string AccountValue(std::string_view key, const AccountRow& row) {
  VFS_CHECK(IsBalance(row.balance), "{} with balance '{}'", key, row.balance);
  VFS_CHECK(row.lsn > 0, "{} of LSN 0", key);
  std::string payload;
  vfs::AppendLittleEndian(payload, row.lsn);
  vfs::AppendLittleEndian(payload, row.nonce);
  payload += row.balance;
  return FrameValue(key, payload);
}

std::string IndexValue(std::string_view key, const IndexRow& row) {
  VFS_CHECK(row.type != 0, "{} of type 0", key);
  std::string payload(1, static_cast<char>(row.type));
  payload.append(BytesOf(row.hash));
  return FrameValue(key, payload);
}

std::string SubjectValue(std::string_view key, const std::vector<ContentAddress>& assertions) {
  VFS_CHECK(!assertions.empty(), "{} without an assertion", key);
  VFS_DCHECK(IsAscending(assertions), "{} is not sorted", key);
  std::string payload;
  payload.reserve(assertions.size() * kAddressBytes);
  for (const ContentAddress& assertion : assertions) payload.append(BytesOf(assertion));
  return FrameValue(key, payload);
}

absl::StatusOr<std::uint64_t> ParseCursor(std::string_view value) {
  VFS_ASSIGN_OR_RETURN(const std::string_view payload, UnframeValue(kCursorKey, value));
  const bool is_cursor = payload.size() == sizeof(std::uint64_t) &&
                         vfs::LoadLittleEndian<std::uint64_t>(payload, 0) > 0;
  if (!is_cursor) return Malformed(kCursorKey, "a cursor", payload.size());
  return vfs::LoadLittleEndian<std::uint64_t>(payload, 0);
}

absl::StatusOr<AccountRow> ParseAccount(std::string_view key, std::string_view value) {
  VFS_ASSIGN_OR_RETURN(const std::string_view payload, UnframeValue(key, value));
  const bool is_account =
      payload.size() > kAccountFixedBytes && IsBalance(payload.substr(kAccountFixedBytes));
  if (!is_account) return Malformed(key, "an account", payload.size());
  return AccountRow{.balance = std::string(payload.substr(kAccountFixedBytes)),
                    .nonce = vfs::LoadLittleEndian<std::uint64_t>(payload, 8),
                    .lsn = vfs::LoadLittleEndian<std::uint64_t>(payload, 0)};
}

absl::StatusOr<IndexRow> ParseIndex(std::string_view key, std::string_view value) {
  VFS_ASSIGN_OR_RETURN(const std::string_view payload, UnframeValue(key, value));
  const bool is_index = payload.size() == 1 + kAddressBytes && payload.front() != 0;
  if (!is_index) return Malformed(key, "a type and an address", payload.size());
  return IndexRow{.type = static_cast<std::uint8_t>(payload.front()),
                  .hash = *AddressOfBytes(payload.substr(1))};
}

absl::StatusOr<std::vector<ContentAddress>> ParseSubject(std::string_view key,
                                                         std::string_view value) {
  VFS_ASSIGN_OR_RETURN(const std::string_view payload, UnframeValue(key, value));
  std::vector<ContentAddress> assertions;
  assertions.reserve(payload.size() / kAddressBytes);
  for (std::size_t at = 0; payload.size() - at >= kAddressBytes; at += kAddressBytes) {
    assertions.push_back(*AddressOfBytes(payload.substr(at, kAddressBytes)));
  }
  const bool is_set =
      !payload.empty() && payload.size() % kAddressBytes == 0 && IsAscending(assertions);
  if (!is_set) return Malformed(key, "an ascending set of addresses", payload.size());
  return assertions;
}

}  // namespace permafrost::engine
