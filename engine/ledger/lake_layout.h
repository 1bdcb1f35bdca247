// Where a data lake keeps which ledgers: partitions, batches and the names of objects.
//
// Source: SEP-54; names of bigger sequences sort first
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/ledger/ledger_view.h"

namespace permafrost::engine {

// Both at least 1.
struct LakeLayout {
  std::uint32_t ledgers_per_batch = 1;
  std::uint32_t batches_per_partition = 64'000;
  friend constexpr auto operator<=>(const LakeLayout&, const LakeLayout&) = default;
};

// The ledgers that share an object by their numbers, both included. Of the first batch those below
// kFirstLedger are not there.
struct LakeBatch {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  friend constexpr auto operator<=>(const LakeBatch&, const LakeBatch&) = default;
};

LakeBatch BatchOf(const LakeLayout& layout, LedgerSeq ledger);

// "FFFF23FF--0-63999/FFFFFC18--999.xdr.zst", relative to the lake. `suffix`: "zst" or "zstd".
std::string LakeKey(const LakeLayout& layout, const LakeBatch& batch, std::string_view suffix);

// What the name of an object, without its partition, says; nothing if it is none. Nobody has
// checked yet that first <= last, or that the digits in front of them fit.
struct LakeName {
  LakeBatch batch;
  std::string suffix;
};
std::optional<LakeName> ParseLakeName(std::string_view name);

// Whether a name is that of a partition: "FFFF23FF--0-63999".
bool IsLakePartition(std::string_view name);

}  // namespace permafrost::engine
