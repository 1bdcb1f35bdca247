// Decompression, record marks and digests.
#include "tests/engine/ledger/real_ledgers.h"

#include <zlib.h>
#include <zstd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/engine/ledger/sha256.h"
#include "tests/vfs/temp_dir.h"

namespace permafrost::engine {
namespace {

std::string Gunzip(const std::string& path) {
  std::string out;
  gzFile const file = gzopen(path.c_str(), "rb");
  std::string buffer(std::size_t{1} << 16, '\0');
  for (;;) {
    const int got = gzread(file, buffer.data(), static_cast<unsigned>(buffer.size()));
    EXPECT_GE(got, 0) << path;
    if (got <= 0) break;
    out.append(buffer, 0, static_cast<std::size_t>(got));
  }
  gzclose(file);
  return out;
}

std::string Unzstd(const std::string& path) {
  const std::string packed = ReadText(path);
  std::string out;
  std::string buffer(ZSTD_DStreamOutSize(), '\0');
  ZSTD_DCtx* const context = ZSTD_createDCtx();
  ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 27);
  ZSTD_inBuffer in = {packed.data(), packed.size(), 0};
  std::size_t left = 1;
  while (left != 0) {
    ZSTD_outBuffer chunk = {buffer.data(), buffer.size(), 0};
    left = ZSTD_decompressStream(context, &chunk, &in);
    if (ZSTD_isError(left) != 0 || (left != 0 && chunk.pos == 0 && in.pos == in.size)) {
      ADD_FAILURE() << path << " is no whole zstd stream";
      break;
    }
    out.append(buffer, 0, chunk.pos);
  }
  ZSTD_freeDCtx(context);
  return out;
}

std::uint32_t BigEndianAt(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return value;
}

std::string_view BytesOf(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

}  // namespace

std::string ReadUncompressed(const std::string& path) {
  if (path.ends_with(".gz")) return Gunzip(path);
  if (path.ends_with(".zst") || path.ends_with(".zstd")) return Unzstd(path);
  return ReadText(path);
}

std::string ZstdOf(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3));
  return out;
}

std::vector<std::string_view> SplitFramed(std::string_view bytes) {
  std::vector<std::string_view> values;
  while (!bytes.empty()) {
    const std::uint32_t length = BigEndianAt(bytes, 0) & 0x7fffffffU;
    values.push_back(bytes.substr(4, length));
    bytes.remove_prefix(4 + length);
  }
  return values;
}

void AppendBigEndian(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

const std::vector<std::string>& PubnetLedgers() {
  static const std::vector<std::string> kLedgers = [] {
    const std::string bytes = ReadUncompressed("tests/data/stellar/pubnet-p26.xdr.zst");
    std::vector<std::string> ledgers;
    for (const std::string_view value : SplitFramed(bytes)) ledgers.emplace_back(value);
    return ledgers;
  }();
  return kLedgers;
}

std::string HexOf(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) hex += fmt::format("{:02x}", static_cast<std::uint8_t>(c));
  return hex;
}

std::string HexOf(const Hash& hash) { return HexOf(BytesOf(hash)); }

std::string TransactionDigest(const LedgerView& ledger) {
  std::string bytes;
  std::uint32_t place = 0;
  for (const TransactionView& transaction : ledger.transactions) {
    AppendBigEndian(bytes, ledger.sequence.value());
    AppendBigEndian(bytes, ++place);
    bytes += BytesOf(transaction.hash);
    bytes.push_back(transaction.is_successful ? '\1' : '\0');
    bytes.push_back(transaction.inner_hash.has_value() ? '\1' : '\0');
    if (transaction.inner_hash.has_value()) bytes += BytesOf(*transaction.inner_hash);
  }
  return Sha256Hex(bytes);
}

std::string EventDigest(const LedgerView& ledger) {
  std::string bytes;
  for (const EventView& event : ledger.events) {
    AppendBigEndian(bytes, ledger.sequence.value());
    AppendBigEndian(bytes, event.position.transaction);
    AppendBigEndian(bytes, event.position.operation);
    AppendBigEndian(bytes, event.position.event);
    bytes += BytesOf(ledger.transactions.at(event.apply_index - 1).hash);
    AppendBigEndian(bytes, static_cast<std::uint32_t>(event.xdr.size()));
    bytes += event.xdr;
  }
  return Sha256Hex(bytes);
}

std::string DifferenceTo(const nlohmann::json& row, const LedgerView& ledger) {
  const nlohmann::json found = {
      {"seq", ledger.sequence.value()},
      {"protocol", ledger.protocol},
      {"closeTime", std::to_string(ledger.close_time)},
      {"hash", HexOf(ledger.hash)},
      {"previousHash", HexOf(ledger.previous_hash)},
      {"txCount", ledger.transactions.size()},
      {"eventCount", ledger.events.size()},
      {"txDigest", TransactionDigest(ledger)},
      {"eventDigest", EventDigest(ledger)},
  };
  std::string difference;
  if (ledger.undecoded.has_value()) difference = "undecoded: " + ledger.undecoded->reason + "\n";
  for (const auto& [key, value] : found.items()) {
    if (row.at(key) != value)
      difference += fmt::format("{}: {}, expected {}\n", key, value.dump(), row.at(key).dump());
  }
  return difference;
}

}  // namespace permafrost::engine
