// What the texts of a configuration must look like. None of them looks at a disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "engine/geometry/ids.h"

namespace permafrost::engine {

// Each is a TextCheck: what is wrong and the remedy, or "".
std::string CheckDataDir(std::string_view text);
std::string CheckRoot(std::string_view text);
std::string CheckOptionalRoot(std::string_view text);  // may be empty
std::string CheckNetwork(std::string_view text);
std::string CheckEarliestLedger(std::string_view text);
std::string CheckSource(std::string_view text);
std::string CheckEndpoint(std::string_view text);
std::string CheckOptionalEndpoint(std::string_view text);  // may be empty

// A directory below the data directory as the file system names it: relative, without "." and
// double slashes. An absolute one is accepted if it lies inside `data_dir`, compared as text.
//
// Errors: kInvalidArgument  "is ...; REMEDY"
absl::StatusOr<std::string> BelowDataDir(std::string_view data_dir, std::string_view root);

// The pin of a network: "" or 64 hex digits; "pubnet" and "testnet" stand for theirs. Requires a
// text that CheckNetwork accepts.
std::string NetworkPin(std::string_view network);
// The passphrase behind it, if it is one of the two public networks; "" otherwise.
std::string NetworkPassphrase(std::string_view network);

// The ledger that "genesis" or a number means; nothing for "now". Requires a text that
// CheckEarliestLedger accepts.
std::optional<LedgerSeq> EarliestLedger(std::string_view text);

}  // namespace permafrost::engine
