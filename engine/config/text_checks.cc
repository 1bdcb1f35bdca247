// Networks, ledgers, sources, addresses and directories, each as text.
#include "engine/config/text_checks.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "engine/geometry/geometry.h"
#include "vfs/base/check.h"
#include "vfs/base/hex.h"
#include "vfs/base/parse_number.h"
#include "vfs/base/status.h"
#include "vfs/file_system.h"

namespace permafrost::engine {
namespace {

constexpr std::size_t kNetworkDigits = 64;
struct KnownNetwork {
  std::string_view name;
  std::string_view hash;  // SHA-256 of the passphrase
  std::string_view passphrase;
};
constexpr std::array<KnownNetwork, 2> kKnownNetworks = {{
    {"pubnet", "7ac33997544e3175d266bd022439b22cdb16508c01163f26e5cb2a3e1045a979",
     "Public Global Stellar Network ; September 2015"},
    {"testnet", "cee0302d59844d32bdca915c8203dd44b33fbb7edc19051ea37abedf28ecd472",
     "Test SDF Network ; September 2015"},
}};

// Components without empty ones and ".", joined by '/'; a leading '/' stays.
std::string Normal(std::string_view path) {
  std::string out = path.starts_with('/') ? "/" : "";
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view component = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (component.empty() || component == ".") continue;
    if (!out.empty() && out.back() != '/') out += '/';
    out += component;
  }
  return out;
}

// "HOST:PORT"; the host in brackets if it holds colons itself.
bool IsEndpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view host = text.substr(0, colon);
  const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  const bool is_plain = host.find_first_of(":[]/ ") == std::string_view::npos;
  const auto port = vfs::ParseNumber<std::uint16_t>(text.substr(colon + 1));
  return (is_bracketed || is_plain) && port.has_value() && *port > 0;
}

// What "synthetic:" is followed by.
bool IsSeedAndCount(std::string_view text) {
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) return false;
  const auto seed = vfs::ParseNumber<std::uint64_t>(text.substr(0, comma));
  const auto count = vfs::ParseNumber<std::uint32_t>(text.substr(comma + 1));
  return seed.has_value() && count.has_value() && *count > 0;
}

}  // namespace

std::string CheckDataDir(std::string_view text) {
  return text.empty() ? "must be a directory; name the one that holds the store" : "";
}

std::string CheckRoot(std::string_view text) {
  if (!text.empty()) return "";
  return "must be a directory; name one below storage.default_data_dir, or leave the key out";
}

std::string CheckOptionalRoot(std::string_view) { return ""; }

std::string CheckNetwork(std::string_view text) {
  const bool is_known = std::any_of(kKnownNetworks.begin(), kKnownNetworks.end(),
                                    [text](const auto& known) { return known.name == text; });
  if (text.empty() || is_known || vfs::IsHex(text, kNetworkDigits)) return "";
  return "must be 'pubnet', 'testnet', 64 lower-case hex digits or empty; give the SHA-256 of the "
         "network's passphrase";
}

std::string CheckEarliestLedger(std::string_view text) {
  if (text == "genesis" || text == "now") return "";
  const Geometry geometry = Geometry::Production();
  const std::uint32_t per_chunk = geometry.sizes().ledgers_per_chunk;
  const LedgerSeq last_start = geometry.First(geometry.ChunkMax());
  const std::string rule =
      fmt::format("must be 'genesis', 'now' or the first ledger of a chunk, {} + a multiple of {}",
                  kFirstLedger.value(), per_chunk);
  const bool is_number = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
  if (!is_number || (text.front() == '0' && text.size() > 1)) return rule + "; write it as '10002'";
  const auto number = vfs::ParseNumber<std::uint32_t>(text);
  if (!number.has_value() || *number > last_start.value()) {
    return fmt::format("must be at most {}, where the last chunk begins; lower it",
                       last_start.value());
  }
  if (*number < kFirstLedger.value()) {
    return fmt::format("must not be below the genesis ledger {}; write 'genesis'",
                       kFirstLedger.value());
  }
  const ChunkId chunk = geometry.ChunkOf(LedgerSeq{*number});
  const LedgerSeq before = geometry.First(chunk);
  if (before.value() == *number) return "";
  if (chunk == geometry.ChunkMax()) return fmt::format("{}; write '{}'", rule, before.value());
  return fmt::format("{}; write '{}' or '{}'", rule, before.value(),
                     geometry.First(Next(chunk)).value());
}

std::string CheckSource(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  const std::string_view rest =
      colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  const bool is_bare = colon == std::string_view::npos && (kind == "journal" || kind == "none");
  const bool is_path = (kind == "lake" || kind == "stream") && !rest.empty();
  const bool is_synthetic = kind == "synthetic" && IsSeedAndCount(rest);
  if (is_bare || is_path || is_synthetic) return "";
  return "must be lake:DIR, stream:FILE, synthetic:SEED,LEDGERS, journal or none; name where "
         "ledgers come from";
}

std::string CheckEndpoint(std::string_view text) {
  if (IsEndpoint(text)) return "";
  return "must be HOST:PORT with a port from 1 to 65535; write it as 'localhost:8000'";
}

std::string CheckOptionalEndpoint(std::string_view text) {
  if (text.empty() || IsEndpoint(text)) return "";
  return "must be HOST:PORT with a port from 1 to 65535, or empty; write it as 'localhost:8001'";
}

absl::StatusOr<std::string> BelowDataDir(std::string_view data_dir, std::string_view root) {
  std::string path = Normal(root);
  if (root.starts_with('/')) {
    const std::string above = Normal(data_dir);
    const std::string prefix = above.ends_with('/') ? above : above + "/";
    if (path != above && !path.starts_with(prefix)) {
      return vfs::InvalidArgument(
          "lies outside the data directory '{}'; name a directory inside it, which may be a link "
          "to another volume",
          data_dir);
    }
    path = path == above ? "" : path.substr(prefix.size());
  }
  if (path.empty())
    return vfs::InvalidArgument("is the data directory itself; name a directory inside it");
  const absl::Status status = vfs::CheckPath("check", path);
  if (status.ok()) return path;
  const bool leaves = fmt::format("/{}/", path).find("/../") != std::string::npos;
  return vfs::InvalidArgument(
      "{}; name a directory inside the data directory",
      leaves ? "leads upwards with '..'" : "has a component of more than 255 bytes");
}

std::string NetworkPin(std::string_view network) {
  VFS_CHECK(CheckNetwork(network).empty(), "network '{}'", network);
  for (const KnownNetwork& known : kKnownNetworks) {
    if (network == known.name) return std::string(known.hash);
  }
  return std::string(network);
}

std::string NetworkPassphrase(std::string_view network) {
  const std::string pin = NetworkPin(network);
  for (const KnownNetwork& known : kKnownNetworks) {
    if (pin == known.hash) return std::string(known.passphrase);
  }
  return "";
}

std::optional<LedgerSeq> EarliestLedger(std::string_view text) {
  VFS_CHECK(CheckEarliestLedger(text).empty(), "earliest ledger '{}'", text);
  if (text == "genesis") return kFirstLedger;
  const auto number = vfs::ParseNumber<std::uint32_t>(text);
  return number.has_value() ? std::optional(LedgerSeq{*number}) : std::nullopt;
}

}  // namespace permafrost::engine
