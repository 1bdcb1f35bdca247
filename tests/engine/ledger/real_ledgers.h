// Real ledgers as files hold them, and what others found in them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/ledger/ledger_view.h"

namespace permafrost::engine {

// The text of a file, without its .gz, .zst or .zstd compression. A missing one fails the test.
std::string ReadUncompressed(const std::string& path);

// As zstd writes it at level 3.
std::string ZstdOf(std::string_view bytes);

// The values behind record marks: a length, big-endian, with the high bit set.
std::vector<std::string_view> SplitFramed(std::string_view bytes);

void AppendBigEndian(std::string& out, std::uint32_t value);

// The ten consecutive ledgers of tests/data/stellar, and the answers about them.
const std::vector<std::string>& PubnetLedgers();

std::string HexOf(std::string_view bytes);
std::string HexOf(const Hash& hash);

// The digests of the answers, as hex: over sequence, place, hash, flags and inner hash of every
// transaction; over sequence, position, transaction hash, length and bytes of every event.
std::string TransactionDigest(const LedgerView& ledger);
std::string EventDigest(const LedgerView& ledger);

// What of a ledger differs from an answer's row, or nothing.
std::string DifferenceTo(const nlohmann::json& row, const LedgerView& ledger);

}  // namespace permafrost::engine
