// All arithmetic in 64 bits, ends cut at the largest sequence.
#include "engine/ledger/lake_layout.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "vfs/base/parse_number.h"

namespace permafrost::engine {
namespace {

constexpr std::uint32_t kSequenceMax = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kInvertedDigits = 8;

// The `count` numbers among which `number` is.
LakeBatch RangeOf(std::uint64_t count, std::uint32_t number) {
  const std::uint64_t first = number / count * count;
  return {static_cast<std::uint32_t>(first),
          static_cast<std::uint32_t>(std::min<std::uint64_t>(first + count - 1, kSequenceMax))};
}

// A number as a name has it: without leading zeros.
std::optional<std::uint32_t> ParseDecimal(std::string_view digits) {
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  return vfs::ParseNumber<std::uint32_t>(digits);
}

// "FFFFFC18--999" or "FFFFFC18--999-1010".
std::optional<LakeBatch> ParseNumbers(std::string_view name) {
  if (name.size() < kInvertedDigits + 3 || name.substr(kInvertedDigits, 2) != "--")
    return std::nullopt;
  const bool is_hex = std::all_of(name.begin(), name.begin() + kInvertedDigits, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
  });
  if (!is_hex) return std::nullopt;
  const std::string_view numbers = name.substr(kInvertedDigits + 2);
  const std::size_t dash = numbers.find('-');
  const auto first = ParseDecimal(numbers.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : ParseDecimal(numbers.substr(dash + 1));
  if (!first.has_value() || !last.has_value()) return std::nullopt;
  return LakeBatch{*first, *last};
}

}  // namespace

LakeBatch BatchOf(const LakeLayout& layout, LedgerSeq ledger) {
  return RangeOf(layout.ledgers_per_batch, ledger.value());
}

std::string LakeKey(const LakeLayout& layout, const LakeBatch& batch, std::string_view suffix) {
  std::string key;
  if (layout.batches_per_partition > 1) {
    const LakeBatch partition = RangeOf(
        std::uint64_t{layout.ledgers_per_batch} * layout.batches_per_partition, batch.first);
    key = fmt::format("{:08X}--{}-{}/", kSequenceMax - partition.first, partition.first,
                      partition.last);
  }
  key += fmt::format("{:08X}--{}", kSequenceMax - batch.first, batch.first);
  if (layout.ledgers_per_batch > 1) key += fmt::format("-{}", batch.last);
  key += fmt::format(".xdr.{}", suffix);
  return key;
}

std::optional<LakeName> ParseLakeName(std::string_view name) {
  constexpr std::string_view kInfix = ".xdr.";
  const std::size_t dot = name.find(kInfix);
  if (dot == std::string_view::npos) return std::nullopt;
  const auto batch = ParseNumbers(name.substr(0, dot));
  const std::string_view suffix = name.substr(dot + kInfix.size());
  if (!batch.has_value() || (suffix != "zst" && suffix != "zstd")) return std::nullopt;
  return LakeName{*batch, std::string(suffix)};
}

bool IsLakePartition(std::string_view name) {
  return name.find('-', kInvertedDigits + 2) != std::string_view::npos &&
         ParseNumbers(name).has_value();
}

}  // namespace permafrost::engine
