// Opening, asking, and what is asked as text and as JSON.
#include "engine/daemon/ledger_commands.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <absl/status/statusor.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/daemon/store_pins.h"
#include "engine/ledger/any_decoder.h"
#include "engine/locks/roots.h"
#include "engine/query/base64.h"
#include "engine/query/ledger_reader.h"
#include "vfs/base/escape.h"
#include "vfs/base/hex.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

using Json = nlohmann::ordered_json;

std::string Line(const Json& json) { return json.dump(-1, ' ', true) + "\n"; }

CommandResult Answered(std::string out) {
  return {.code = ExitCode::kOk, .out = std::move(out), .err = ""};
}

// Opens the store that is there and asks it; the answer's error is the command's, kNotFound being
// an answer of its own.
CommandResult Ask(const vfs::Env& env,
                  const CommandOptions& options,
                  absl::FunctionRef<absl::StatusOr<std::string>(LedgerStore&)> question) {
  bool is_absent = false;
  const absl::StatusOr<std::string> answer = [&]() -> absl::StatusOr<std::string> {
    VFS_ASSIGN_OR_RETURN(const std::optional<Pins> pins, FindPins(env, options.roots));
    if (!pins.has_value())
      return vfs::NotFound("open store: there is none here; permafrost ingest makes one");
    VFS_ASSIGN_OR_RETURN(
        const auto store,
        LedgerStore::Open(env, OptionsOfStore(*pins, options.roots, options.holder), AnyDecoder()));
    absl::StatusOr<std::string> told = question(*store);
    is_absent = absl::IsNotFound(told.status());
    VFS_RETURN_IF_ERROR(told.status());
    VFS_RETURN_IF_ERROR(store->Close());
    return told;
  }();
  if (answer.ok()) return Answered(*answer);
  CommandResult failure = StoreFailure(answer.status());
  if (is_absent) failure.code = ExitCode::kAbsent;
  return failure;
}

absl::StatusOr<Hash> ParseHash(std::string_view flag, const std::string& digits) {
  const auto hash = vfs::ParseHex<32>(digits);
  if (hash.has_value()) return *hash;
  return vfs::InvalidArgument("{} {}: 64 lower-case hex digits expected", flag,
                              vfs::EscapedForError(digits));
}

std::string_view ToString(Home home) { return home == Home::kCold ? "cold" : "hot"; }

Json OptionalHash(const std::optional<Hash>& hash) {
  return hash.has_value() ? Json(vfs::HexOf(*hash)) : Json(nullptr);
}

Json EventJson(const EventPayload& event) {
  Json topics = Json::array();
  for (const std::string_view topic : event.topics) topics.push_back(Base64Of(topic));
  return {{"ledger", event.ledger.value()},
          {"tx", event.position.transaction},
          {"op", event.position.operation},
          {"event", event.position.event},
          {"txHash", vfs::HexOf(event.transaction)},
          {"contract", event.contract.empty() ? Json(nullptr) : Json(vfs::HexOf(event.contract))},
          {"topics", std::move(topics)},
          {"body", Base64Of(event.xdr)}};
}

absl::StatusOr<EventQuery> QueryOf(const EventsOptions& options) {
  EventQuery query{.from = options.from,
                   .to = options.to,
                   .filters = {},
                   .limit = options.limit,
                   .is_descending = options.is_descending,
                   .after = {}};
  EventFilter filter;
  if (options.contract.has_value()) {
    VFS_ASSIGN_OR_RETURN(filter.contract, ParseHash("--contract", *options.contract));
  }
  for (const std::string& topic : options.topics) {
    filter.topics.push_back(topic == "-" ? std::nullopt : ParseBase64(topic));
    if (topic != "-" && (topic.empty() || !filter.topics.back().has_value())) {
      return vfs::InvalidArgument("--topic {}: base64 of a topic's XDR expected, or -",
                                  vfs::EscapedForError(topic));
    }
  }
  if (filter != EventFilter{}) query.filters.push_back(std::move(filter));
  if (options.cursor.has_value()) {
    VFS_ASSIGN_OR_RETURN(query.after, ParseCursor(query, *options.cursor));
  }
  return query;
}

absl::StatusOr<std::string> TellEvents(LedgerStore& store,
                                       const EventsOptions& options,
                                       OutputForm form) {
  VFS_ASSIGN_OR_RETURN(const EventQuery query, QueryOf(options));
  const LedgerReader reader(store.OpenView(), store.decoder());
  VFS_ASSIGN_OR_RETURN(const EventPage page, reader.Events(query));
  std::string out;
  for (const std::string& payload : page.payloads) {
    VFS_ASSIGN_OR_RETURN(const EventPayload event, ParseEventPayload(payload));
    if (form == OutputForm::kJson) {
      out += Line(EventJson(event));
      continue;
    }
    out += fmt::format("{} {} {} {} {} {} topics, {} bytes\n", event.ledger.value(),
                       event.position.transaction, event.position.operation, event.position.event,
                       event.contract.empty() ? "-" : vfs::HexOf(event.contract),
                       event.topics.size(), event.xdr.size());
  }
  const std::string cursor = page.end.has_value() ? CursorText(query, *page.end) : "";
  if (form == OutputForm::kJson) {
    out +=
        Line({{"cursor", cursor.empty() ? Json(nullptr) : Json(cursor)}, {"done", page.is_done}});
  } else if (page.is_done) {
    out += fmt::format("{} events, no more\n", page.payloads.size());
  } else {
    out += fmt::format("{} events, more behind --cursor {}\n", page.payloads.size(), cursor);
  }
  return out;
}

absl::StatusOr<Geometry> GeometryOf(const IngestOptions& options, const std::optional<Pins>& pins) {
  const GeometrySizes base = pins.has_value() ? pins->geometry.sizes() : kProductionSizes;
  return Geometry::Create(
      {.ledgers_per_chunk = options.ledgers_per_chunk.value_or(base.ledgers_per_chunk),
       .chunks_per_window = options.chunks_per_window.value_or(base.chunks_per_window),
       .chunks_per_bucket = options.chunks_per_bucket.value_or(base.chunks_per_bucket)});
}

absl::StatusOr<LedgerSeq> EarliestOf(const IngestOptions& options,
                                     const std::optional<Pins>& pins,
                                     const Geometry& geometry,
                                     LedgerSource& source) {
  if (options.earliest.has_value()) return LedgerSeq{*options.earliest};
  if (pins.has_value()) return pins->earliest_ledger;
  VFS_ASSIGN_OR_RETURN(const LedgerSeq first, source.First());
  const LedgerSeq begin = geometry.First(geometry.ChunkOf(first));
  // A ledger without a chunk is for the store to refuse.
  if (first == begin || first > geometry.Last(geometry.ChunkMax())) return first;
  return vfs::InvalidArgument(
      "ingest {}: its first ledger {} does not begin a chunk of {} ledgers; say where the store "
      "shall begin, for instance --earliest {}",
      source.name(), first.value(), geometry.sizes().ledgers_per_chunk,
      std::uint64_t{geometry.Last(geometry.ChunkOf(first)).value()} + 1);
}

absl::StatusOr<IngestReport> OpenAndIngest(const vfs::Env& env,
                                           const IngestOptions& options,
                                           LedgerSource& source) {
  VFS_ASSIGN_OR_RETURN(const std::optional<Pins> pins, FindPins(env, options.common.roots));
  StoreOptions store_options;
  if (pins.has_value())
    store_options = OptionsOfStore(*pins, options.common.roots, options.common.holder);
  store_options.roots = options.common.roots;
  store_options.holder = options.common.holder;
  store_options.retention_chunks = options.common.retention_chunks;
  if (!options.store_id.empty()) store_options.store_id = options.store_id;
  if (!options.network.empty()) store_options.network = options.network;
  VFS_ASSIGN_OR_RETURN(store_options.geometry, GeometryOf(options, pins));
  const absl::StatusOr<LedgerSeq> earliest =
      EarliestOf(options, pins, store_options.geometry, source);
  if (absl::IsCancelled(earliest.status())) return IngestReport{.is_stopped = true};
  VFS_RETURN_IF_ERROR(earliest.status());
  store_options.earliest_ledger = *earliest;
  VFS_ASSIGN_OR_RETURN(const auto store, LedgerStore::Open(env, store_options, source.decoder()));
  absl::StatusOr<IngestReport> report = Ingest(*store, source, options.hooks);
  VFS_RETURN_IF_ERROR(report.status());
  VFS_RETURN_IF_ERROR(store->Close());
  return report;
}

std::string IngestText(const IngestReport& report, OutputForm form) {
  const LifecycleReport& lifecycle = report.lifecycle;
  if (form == OutputForm::kJson) {
    return Line({{"appended", report.appended},
                 {"last", report.last.has_value() ? Json(report.last->value()) : Json(nullptr)},
                 {"chunksFrozen", lifecycle.chunks_frozen},
                 {"indexesBuilt", lifecycle.indexes_built},
                 {"hotDiscarded", lifecycle.discarded},
                 {"deleted", lifecycle.deleted},
                 {"stopped", report.is_stopped}});
  }
  return fmt::format(
      "{} ledgers appended, last {}; {} chunks frozen, {} indexes built, {} hot chunks discarded, "
      "{} artifacts deleted{}\n",
      report.appended, report.last.has_value() ? std::to_string(report.last->value()) : "none",
      lifecycle.chunks_frozen, lifecycle.indexes_built, lifecycle.discarded, lifecycle.deleted,
      report.is_stopped ? "; stopped when asked to, the next start goes on" : "");
}

absl::StatusOr<std::string> TellStatus(LedgerStore& store, OutputForm form) {
  VFS_ASSIGN_OR_RETURN(const CatalogView catalog, store.store().View());
  const LedgerReader reader(store.OpenView(), store.decoder());
  std::size_t frozen = 0;
  for (const auto& [artifact, record] : catalog.artifacts) {
    if (artifact.kind == ArtifactKind::kLedgers && record.state == ArtifactState::kFrozen) ++frozen;
  }
  const std::size_t indexes = static_cast<std::size_t>(std::count_if(
      catalog.coverages.begin(), catalog.coverages.end(),
      [](const auto& entry) { return entry.second.state == ArtifactState::kFrozen; }));
  const bool is_empty = reader.latest() < reader.oldest();
  if (form == OutputForm::kJson) {
    return Line({{"storeId", catalog.pins.store_id},
                 {"geometry", catalog.pins.geometry.Text()},
                 {"earliest", catalog.pins.earliest_ledger.value()},
                 {"oldest", is_empty ? Json(nullptr) : Json(reader.oldest().value())},
                 {"latest", is_empty ? Json(nullptr) : Json(reader.latest().value())},
                 {"frozenChunks", frozen},
                 {"hotChunks", catalog.hot.size()},
                 {"indexes", indexes}});
  }
  return fmt::format(
      "store {}, {} ledgers a chunk\n{}\n{} chunks frozen, {} hot, {} indexes\n",
      catalog.pins.store_id, catalog.pins.geometry.sizes().ledgers_per_chunk,
      is_empty ? "no ledgers"
               : fmt::format("ledgers {} to {}", reader.oldest().value(), reader.latest().value()),
      frozen, catalog.hot.size(), indexes);
}

}  // namespace

CommandResult IngestCommand(const vfs::Env& env,
                            const IngestOptions& options,
                            LedgerSource& source) {
  const absl::StatusOr<IngestReport> report = OpenAndIngest(env, options, source);
  if (!report.ok()) return StoreFailure(report.status());
  return Answered(IngestText(*report, options.common.form));
}

CommandResult GetLedgerCommand(const vfs::Env& env,
                               const CommandOptions& options,
                               LedgerSeq sequence,
                               std::string* raw) {
  return Ask(env, options, [&](LedgerStore& store) -> absl::StatusOr<std::string> {
    const LedgerReader reader(store.OpenView(), store.decoder());
    VFS_ASSIGN_OR_RETURN(FoundLedger found, reader.Ledger(sequence));
    VFS_ASSIGN_OR_RETURN(const LedgerView ledger, store.decoder().Decode(found.bytes));
    std::string out;
    if (options.form == OutputForm::kJson) {
      Json json = {{"sequence", ledger.sequence.value()},
                   {"hash", vfs::HexOf(ledger.hash)},
                   {"previousHash", vfs::HexOf(ledger.previous_hash)},
                   {"closeTime", ledger.close_time},
                   {"protocol", ledger.protocol},
                   {"transactions", ledger.transactions.size()},
                   {"events", ledger.events.size()},
                   {"tier", ToString(found.home)}};
      if (ledger.undecoded.has_value()) json["undecoded"] = ledger.undecoded->reason;
      out = Line(json);
    } else {
      out = fmt::format(
          "ledger {} {}\nprevious {}\nclosed at {}, protocol {}, {} transactions, {} events, {} "
          "bytes, {}\n",
          ledger.sequence.value(), vfs::HexOf(ledger.hash), vfs::HexOf(ledger.previous_hash),
          ledger.close_time, ledger.protocol, ledger.transactions.size(), ledger.events.size(),
          found.bytes.size(), ToString(found.home));
      if (ledger.undecoded.has_value())
        out += fmt::format("not decoded: {}\n", ledger.undecoded->reason);
    }
    if (raw != nullptr) *raw = std::move(found.bytes);
    return out;
  });
}

CommandResult GetTransactionCommand(const vfs::Env& env,
                                    const CommandOptions& options,
                                    const std::string& hash) {
  return Ask(env, options, [&](LedgerStore& store) -> absl::StatusOr<std::string> {
    VFS_ASSIGN_OR_RETURN(const Hash wanted, ParseHash("tx", hash));
    const LedgerReader reader(store.OpenView(), store.decoder());
    VFS_ASSIGN_OR_RETURN(const std::optional<FoundTransaction> found, reader.Transaction(wanted));
    if (!found.has_value()) {
      return vfs::NotFound("look up transaction {}: no ledger has it, {}", hash, reader.Extent());
    }
    const TransactionView& transaction = found->transaction;
    if (options.form == OutputForm::kJson) {
      return Line({{"ledger", found->ledger.value()},
                   {"applyIndex", found->apply_index},
                   {"successful", transaction.is_successful},
                   {"innerHash", OptionalHash(transaction.inner_hash)},
                   {"hash", vfs::HexOf(transaction.hash)}});
    }
    return fmt::format("transaction {}{}\nledger {}, {} in apply order, {}\n",
                       vfs::HexOf(transaction.hash),
                       transaction.inner_hash.has_value()
                           ? fmt::format(" (inner {})", vfs::HexOf(*transaction.inner_hash))
                           : "",
                       found->ledger.value(), found->apply_index,
                       transaction.is_successful ? "successful" : "failed");
  });
}

CommandResult GetEventsCommand(const vfs::Env& env,
                               const CommandOptions& options,
                               const EventsOptions& events) {
  return Ask(env, options,
             [&](LedgerStore& store) { return TellEvents(store, events, options.form); });
}

CommandResult StatusCommand(const vfs::Env& env, const CommandOptions& options) {
  return Ask(env, options, [&](LedgerStore& store) { return TellStatus(store, options.form); });
}

}  // namespace permafrost::engine
