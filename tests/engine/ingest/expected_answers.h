// What other decoders found in real ledgers ($PERMAFROST_DATA/stellar/expected), and a store asked
// for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "engine/ledger/event_payload.h"
#include "engine/query/ledger_reader.h"
#include "tests/engine/ledger_model.h"

namespace permafrost::engine::testing {

// A file below $PERMAFROST_DATA/stellar; without the variable the test fails and says so.
std::string DataPath(const std::string& name);
nlohmann::json Answers(const std::string& name);

// [ledger, transaction, operation, event].
nlohmann::json PlaceOf(const EventPayload& event);

// That the hash finds a transaction there; `row`: [hash, successful, inner hash or 0], or null.
void ExpectTransaction(const LedgerReader& reader,
                       const nlohmann::json& hash,
                       std::uint32_t ledger,
                       std::size_t apply_index,
                       const nlohmann::json& row);

// That a ledger has the events of the rows, in their order, page by page.
void ExpectEvents(const LedgerReader& reader,
                  const nlohmann::json& rows,
                  const nlohmann::json& contracts,
                  LedgerSeq ledger);

// That a store has the ledger of a detailed row: header, transactions by either hash, events.
void ExpectRow(LedgerWorld& world, const nlohmann::json& row, const nlohmann::json& contracts);

}  // namespace permafrost::engine::testing
