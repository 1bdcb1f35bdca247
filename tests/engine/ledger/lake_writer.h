// Objects of a data lake as an exporter writes them, and as it never would.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/ledger/lake_layout.h"
#include "vfs/file_system.h"

namespace permafrost::engine {

// The k-th of a few real ledgers of the network's test net, with another sequence in its header.
std::string LedgerWithSequence(std::uint32_t sequence);

// LedgerCloseMetaBatch, not compressed.
std::string BatchBytes(std::uint32_t first,
                       std::uint32_t last,
                       const std::vector<std::string>& ledgers);

// Makes the file, and the directories above it; replaces what is there.
void PutFile(vfs::FileSystem& fs, const std::string& path, std::string_view content);

// The object of the batch, as it should be. Returns its key.
std::string PutBatch(vfs::FileSystem& fs,
                     const LakeLayout& layout,
                     const LakeBatch& batch,
                     std::string_view suffix = "zst");

// A lake with its manifest and the ledgers first to last, which are whole batches.
void PutLake(vfs::FileSystem& fs,
             const LakeLayout& layout,
             std::uint32_t first,
             std::uint32_t last,
             std::string_view suffix = "zst");

}  // namespace permafrost::engine
