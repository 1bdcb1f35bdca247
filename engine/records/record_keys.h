// The record store's key schema: one text form for each key, and what subjects, account names and
// epoch ids may be.
//
//   H:<content address, 64 hex>                     an assertion
//   V:<assertion, 64 hex>:<vote, 64 hex>            a vote on it
//   E:<epoch id in hex>                             an epoch
//   S:<subject>                                     the assertions about it
//   A:<account>                                     what it holds
//   L:<lsn, 20 digits>                              where a record's type and address are kept
//   meta:cursor                                     the next LSN to apply
//
// Hex is lower-case. A key has at most one part of free text, which is its last: a ':' in a subject
// or an account is an ordinary character and needs no escape, and no two keys are equal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/status.h>

#include "engine/journal/journal_record.h"

namespace permafrost::engine {

inline constexpr std::string_view kCursorKey = "meta:cursor";
inline constexpr std::size_t kNameBytesMax = 256;    // of a subject or an account
inline constexpr std::size_t kEpochIdBytesMax = 64;  // before hex

std::string AssertionKey(const ContentAddress& assertion);
std::string VoteKey(const ContentAddress& assertion, const ContentAddress& vote);
// "V:<assertion>:", the prefix of every vote on it.
std::string VotePrefix(const ContentAddress& assertion);
std::string LsnKey(std::uint64_t lsn);
// These three require what CheckName and CheckEpochId demand.
std::string EpochKey(std::string_view epoch_id);
std::string SubjectKey(std::string_view subject);
std::string AccountKey(std::string_view account);

// Whether a subject or an account may be a key: 1 to kNameBytesMax bytes, none below 0x20 and not
// 0x7f. `what` begins the error: "subject", "account".
//
// Errors: kInvalidArgument
absl::Status CheckName(std::string_view what, std::string_view name);
// 1 to kEpochIdBytesMax bytes, any.
//
// Errors: kInvalidArgument
absl::Status CheckEpochId(std::string_view epoch_id);

// The address that prints as these 64 digits; nothing for any other text.
std::optional<ContentAddress> ParseAddress(std::string_view hex);
// The address of these bytes; nothing unless there are 32.
std::optional<ContentAddress> AddressOfBytes(std::string_view bytes);
std::string_view BytesOf(const ContentAddress& address);

}  // namespace permafrost::engine
