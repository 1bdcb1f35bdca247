// Deterministic content and its block format.
#include "sim/scenarios/ledger_model.h"

#include <map>
#include <tuple>
#include <utility>

#include <absl/functional/function_ref.h>
#include <fmt/format.h>

#include "vfs/base/bytes.h"
#include "vfs/base/crc32c.h"
#include "vfs/base/hash.h"
#include "vfs/base/status.h"

namespace permafrost::sim {
namespace {

constexpr std::size_t kBlockPayloadBytes = 700;  // blocks straddle sectors and pages
constexpr std::size_t kRowBytes = 450;

// Made once in a thread and kept: a recovery compares them thousands of times. One store for all
// threads would need a lock, and who found it filled would pass other scheduling points than who
// filled it.
template <typename Key>
const std::string& MadeOnce(std::map<Key, std::string>& made,
                            const Key& key,
                            absl::FunctionRef<std::string()> make) {
  std::string& value = made[key];
  if (value.empty()) value = make();
  return value;
}

}  // namespace

std::uint32_t FirstLedgerOf(std::uint32_t chunk) {
  return kModelFirstLedger + chunk * kModelLedgersPerChunk;
}

const std::string& LedgerRow(std::string_view kind, std::uint32_t sequence) {
  thread_local std::map<std::pair<std::string, std::uint32_t>, std::string> made;
  return MadeOnce(made, {std::string(kind), sequence}, [&] {
    std::string row = fmt::format("{}:{:08}:", kind, sequence);
    std::uint64_t state = vfs::HashBytes(row).lo;
    while (row.size() < kRowBytes) {
      row += fmt::format("{:016x}", state);
      state = vfs::Mix64(state + 1);
    }
    return row;
  });
}

const std::string& FrozenFileBytes(std::string_view kind, std::uint32_t chunk, std::size_t file) {
  thread_local std::map<std::tuple<std::string, std::uint32_t, std::size_t>, std::string> made;
  return MadeOnce(made, {std::string(kind), chunk, file}, [&] {
    std::string payload = fmt::format("{} chunk {} file {}\n", kind, chunk, file);
    for (std::uint32_t i = 0; i < kModelLedgersPerChunk; ++i) {
      payload += LedgerRow(kind, FirstLedgerOf(chunk) + i) + "\n";
    }
    return EncodeBlocks(payload);
  });
}

std::string IndexLine(std::uint32_t chunk, std::string_view hash_run) {
  return fmt::format("{}={}\n", chunk, vfs::HashBytes(hash_run).Hex());
}

const std::string& IndexFileBytes(std::uint32_t first, std::uint32_t last) {
  thread_local std::map<std::pair<std::uint32_t, std::uint32_t>, std::string> made;
  return MadeOnce(made, {first, last}, [&] {
    std::string payload;
    for (std::uint32_t chunk = first; chunk <= last; ++chunk) {
      payload += IndexLine(chunk, FrozenFileBytes("txhash", chunk, 0));
    }
    return EncodeBlocks(PaddedIndex(std::move(payload)));
  });
}

std::string PaddedIndex(std::string payload) {
  // Long enough for several blocks, so that a torn index is possible.
  while (payload.size() < 2 * kBlockPayloadBytes)
    payload += fmt::format("pad {}\n", payload.size());
  return payload;
}

std::string EncodeBlocks(std::string_view payload) {
  std::string out;
  while (!payload.empty()) {
    const std::string_view block = payload.substr(0, kBlockPayloadBytes);
    vfs::AppendLittleEndian(out, static_cast<std::uint32_t>(block.size()));
    vfs::AppendLittleEndian(out, vfs::Crc32c(block));
    out += block;
    payload.remove_prefix(block.size());
  }
  return out;
}

absl::StatusOr<std::string> DecodeBlocks(std::string_view bytes) {
  std::string payload;
  std::size_t offset = 0;
  while (offset < bytes.size()) {
    if (bytes.size() - offset < 8)
      return vfs::DataLoss("block header at byte {} is cut off", offset);
    const auto length = vfs::LoadLittleEndian<std::uint32_t>(bytes, offset);
    const auto crc = vfs::LoadLittleEndian<std::uint32_t>(bytes, offset + 4);
    if (length == 0 || length > kBlockPayloadBytes || bytes.size() - offset - 8 < length) {
      return vfs::DataLoss("block at byte {} claims {} bytes", offset, length);
    }
    const std::string_view block = bytes.substr(offset + 8, length);
    if (vfs::Crc32c(block) != crc)
      return vfs::DataLoss("block at byte {}: checksum differs", offset);
    payload += block;
    offset += 8 + length;
  }
  return payload;
}

}  // namespace permafrost::sim
