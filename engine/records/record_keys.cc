// Keys as text.
#include "engine/records/record_keys.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "vfs/base/check.h"
#include "vfs/base/escape.h"
#include "vfs/base/hex.h"
#include "vfs/base/status.h"

namespace permafrost::engine {

std::string AssertionKey(const ContentAddress& assertion) { return "H:" + assertion.Hex(); }

std::string VoteKey(const ContentAddress& assertion, const ContentAddress& vote) {
  return VotePrefix(assertion) + vote.Hex();
}

std::string VotePrefix(const ContentAddress& assertion) {
  return fmt::format("V:{}:", assertion.Hex());
}

std::string LsnKey(std::uint64_t lsn) { return fmt::format("L:{:020d}", lsn); }

std::string EpochKey(std::string_view epoch_id) {
  VFS_CHECK(CheckEpochId(epoch_id).ok(), "epoch id of {} bytes", epoch_id.size());
  return "E:" + vfs::HexOf(epoch_id);
}

std::string SubjectKey(std::string_view subject) {
  VFS_CHECK(CheckName("subject", subject).ok(), "subject {}", vfs::EscapedForError(subject));
  return fmt::format("S:{}", subject);
}

std::string AccountKey(std::string_view account) {
  VFS_CHECK(CheckName("account", account).ok(), "account {}", vfs::EscapedForError(account));
  return fmt::format("A:{}", account);
}

absl::Status CheckName(std::string_view what, std::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax) {
    return vfs::InvalidArgument("{} {}: {} bytes, expected 1 to {}", what,
                                vfs::EscapedForError(name), name.size(), kNameBytesMax);
  }
  const auto control = std::find_if(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
  if (control == name.end()) return absl::OkStatus();
  return vfs::InvalidArgument("{} {}: control byte 0x{:02x} at {}, expected none", what,
                              vfs::EscapedForError(name), static_cast<unsigned char>(*control),
                              control - name.begin());
}

absl::Status CheckEpochId(std::string_view epoch_id) {
  if (!epoch_id.empty() && epoch_id.size() <= kEpochIdBytesMax) return absl::OkStatus();
  return vfs::InvalidArgument("epoch id: {} bytes, expected 1 to {}", epoch_id.size(),
                              kEpochIdBytesMax);
}

std::optional<ContentAddress> ParseAddress(std::string_view hex) {
  const auto address = vfs::ParseBlake3(hex);
  return address.ok() ? std::optional(*address) : std::nullopt;
}

std::optional<ContentAddress> AddressOfBytes(std::string_view bytes) {
  ContentAddress address = {};
  if (bytes.size() != address.bytes.size()) return std::nullopt;
  std::memcpy(address.bytes.data(), bytes.data(), bytes.size());
  return address;
}

std::string_view BytesOf(const ContentAddress& address) {
  return {reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()};
}

}  // namespace permafrost::engine
