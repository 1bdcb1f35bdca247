// The commands of `permafrost` that bring ledgers into a store and answer from it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <absl/functional/function_ref.h>

#include "engine/daemon/commands.h"
#include "engine/ingest/ingest.h"
#include "engine/ledger/ledger_source.h"
#include "engine/query/event_query.h"
#include "vfs/env.h"

namespace permafrost::engine {

struct IngestOptions {
  CommandOptions common;
  // Nothing: as the store has it, or at a first start the production sizes.
  std::optional<std::uint32_t> ledgers_per_chunk = {};
  std::optional<std::uint32_t> chunks_per_window = {};
  std::optional<std::uint32_t> chunks_per_bucket = {};
  std::optional<std::uint32_t> earliest = {};  // nothing: the source's first, if it begins a chunk
  std::string store_id = {};                   // 32 hex digits; empty: as stored, or drawn
  std::string network = {};                    // 64 hex digits; empty: as stored, or none
  IngestHooks hooks = {};
};

// Makes the store if there is none.
CommandResult IngestCommand(const vfs::Env& env,
                            const IngestOptions& options,
                            LedgerSource& source);

// What follows locks the whole store, and refuses one that is not there. Nothing is written but
// lock files and what recovery of the databases does.

// JSON: {sequence, hash, previousHash, closeTime, protocol, transactions, events, tier}.
// `raw` gets the ledger's bytes as they were ingested.
CommandResult GetLedgerCommand(const vfs::Env& env,
                               const CommandOptions& options,
                               LedgerSeq sequence,
                               std::string* raw);

// {ledger, applyIndex (from 1), successful, innerHash or null, hash}.
CommandResult GetTransactionCommand(const vfs::Env& env,
                                    const CommandOptions& options,
                                    const std::string& hash);

struct EventsOptions {
  LedgerSeq from;
  LedgerSeq to;
  std::optional<std::string> contract = {};  // hex
  std::vector<std::string> topics = {};      // base64 of XDR, or "-": anything
  std::uint64_t limit = 100;
  std::optional<std::string> cursor = {};
  bool is_descending = false;
};
// An object a line: {ledger, tx, op, event, txHash, contract, topics, body}, body being the whole
// contract event in base64; then {cursor, done}.
CommandResult GetEventsCommand(const vfs::Env& env,
                               const CommandOptions& options,
                               const EventsOptions& events);

CommandResult StatusCommand(const vfs::Env& env, const CommandOptions& options);

}  // namespace permafrost::engine
