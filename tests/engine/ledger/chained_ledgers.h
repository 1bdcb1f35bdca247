// Ledgers from 2 on that follow one another as those of a network do, in any number and small.
#pragma once

#include <cstdint>
#include <string>

#include "engine/ledger/lake_layout.h"
#include "vfs/file_system.h"

namespace permafrost::engine {

// Each follows the one before by its hash. Every eighth is a ledger of the test network with hashes
// of its own; the others are empty. Another `network`: other hashes.
std::string ChainedLedger(std::uint32_t sequence, std::uint32_t network = 0);

// As a stream has it: with its record mark.
std::string FramedLedger(std::uint32_t sequence);

// A lake of these ledgers with its manifest; batches are whole but for those below ledger 2.
void PutChainedLake(vfs::FileSystem& fs, const LakeLayout& layout, std::uint32_t last);

}  // namespace permafrost::engine
