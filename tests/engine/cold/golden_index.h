// The entries of the golden index, and whose it is.
#pragma once

#include <vector>

#include "engine/cold/sorted_entries.h"
#include "engine/cold/window_index_format.h"

namespace permafrost::engine::testing {

// Where it is kept, in the repository.
inline constexpr char kGoldenIndex[] = "corpus/formats/v1/window_index/00000000-00000001.idx";

inline IndexIdentity GoldenIdentity() {
  IndexIdentity identity{.first = LedgerSeq{2}, .last = LedgerSeq{20'001}};
  identity.store_id.fill(0x11);
  return identity;
}

// Three hashes, one of them in two ledgers, and a fourth that shares its 16 bytes.
inline std::vector<IndexEntry> GoldenEntries() {
  Hash first;
  first.fill(0x10);
  Hash second;
  second.fill(0x80);
  Hash third;
  third.fill(0xf0);
  Hash fourth = third;
  fourth[31] = 0xf1;
  return {{first, LedgerSeq{2}},
          {second, LedgerSeq{7}},
          {second, LedgerSeq{20'001}},
          {third, LedgerSeq{515}},
          {fourth, LedgerSeq{516}}};
}

}  // namespace permafrost::engine::testing
