// audit, catalog dump, version.
#include "engine/daemon/commands.h"

#include <utility>
#include <variant>

#include <absl/status/statusor.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/audit/audit.h"
#include "engine/audit/contents.h"
#include "engine/audit/repair.h"
#include "engine/catalog/catalog.h"
#include "engine/daemon/store_pins.h"
#include "engine/ledger/any_decoder.h"
#include "engine/locks/roots.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr std::string_view kVersion = PERMAFROST_VERSION;

ExitCode CodeOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kFailedPrecondition: return ExitCode::kUsage;
    case absl::StatusCode::kDataLoss: return ExitCode::kDataLoss;
    case absl::StatusCode::kResourceExhausted: return ExitCode::kNoSpace;
    default: return ExitCode::kInternal;  // codes of Abseil; ours are all above
  }
}

// A store held by this process, the rows of its catalog, and what the pins among them say.
struct OpenedStore {
  RootLocks locks;
  CatalogRows rows;
  Pins pins;
  Layout layout;
};

absl::StatusOr<Layout> LayoutOf(const Geometry& geometry, const CommandOptions& options) {
  return Layout::Create(geometry, options.roots);
}

CommandResult Failed(ExitCode code, const absl::Status& status) {
  return {.code = code, .out = "", .err = fmt::format("permafrost: {}\n", vfs::Message(status))};
}

// What both commands do first: the opened store, or how the command ends.
std::variant<OpenedStore, CommandResult> OpenStore(const vfs::Env& env,
                                                   const CommandOptions& options) {
  // Roots do not depend on the geometry, which is known only when the pins are read.
  const absl::StatusOr<Layout> roots = LayoutOf(Geometry::Production(), options);
  if (!roots.ok()) return Failure(roots.status());
  const absl::Status exists = CheckRootsExist(*env.fs, *roots);
  if (!exists.ok()) return Failure(exists);
  absl::StatusOr<RootLocks> locks = RootLocks::Take(env.fs, *roots, options.holder);
  if (!locks.ok()) return StoreFailure(locks.status());
  absl::StatusOr<CatalogRows> rows = Catalog::ReadRows(env, roots->CatalogDir(), {});
  if (!rows.ok()) return Failure(rows.status());
  absl::StatusOr<Pins> pins = ParsePins(*rows);
  if (!pins.ok()) return Failure(pins.status());
  absl::StatusOr<Layout> layout = LayoutOf(pins->geometry, options);
  if (!layout.ok()) return Failure(layout.status());
  return OpenedStore{.locks = *std::move(locks),
                     .rows = *std::move(rows),
                     .pins = *std::move(pins),
                     .layout = *std::move(layout)};
}

// What the audit of a store said, and what it was asked of.
struct AuditedStore {
  Pins pins;
  AuditReport report;
};

// Holds the store meanwhile.
std::variant<AuditedStore, CommandResult> AuditStore(const vfs::Env& env,
                                                     const CommandOptions& options) {
  const std::variant<OpenedStore, CommandResult> opened = OpenStore(env, options);
  const auto* const store = std::get_if<OpenedStore>(&opened);
  if (store == nullptr) return std::get<CommandResult>(opened);
  const RetentionPolicy retention{
      .retention_chunks = options.retention_chunks,
      .earliest = store->pins.geometry.ChunkOf(store->pins.earliest_ledger)};
  absl::StatusOr<AuditReport> report =
      Audit(env, store->layout, store->rows, {.retention = retention, .rocks = {}});
  if (!report.ok()) return Failure(report.status());
  if (options.is_deep || options.is_repair) AuditContents(env.fs, store->layout, *report);
  return AuditedStore{.pins = store->pins, .report = *std::move(report)};
}

absl::StatusOr<std::vector<Repaired>> OpenAndRepair(const vfs::Env& env,
                                                    const CommandOptions& options,
                                                    LedgerSource* source,
                                                    const AuditedStore& audited) {
  StoreOptions store_options = OptionsOfStore(audited.pins, options.roots, options.holder);
  store_options.retention_chunks = options.retention_chunks;
  VFS_ASSIGN_OR_RETURN(const auto store, LedgerStore::Open(env, store_options, AnyDecoder()));
  absl::StatusOr<std::vector<Repaired>> repaired =
      Repair(env.fs, *store, source, audited.report.tainted);
  VFS_RETURN_IF_ERROR(repaired.status());
  VFS_RETURN_IF_ERROR(store->Close());
  return repaired;
}

ExitCode CodeOf(const AuditReport& report, const std::vector<Repaired>& repaired) {
  ExitCode code = report.violations.empty() ? ExitCode::kOk : ExitCode::kViolations;
  for (const Violation& violation : report.violations) {
    // The catalog itself, or frozen data, is damaged.
    if (violation.number == 9 || violation.number == 18) code = ExitCode::kDataLoss;
  }
  for (const auto& [artifact, record] : report.view.artifacts)
    if (record.is_tainted()) code = ExitCode::kDataLoss;
  for (const auto& [coverage, record] : report.view.coverages)
    if (record.is_tainted()) code = ExitCode::kDataLoss;
  for (const Repaired& one : repaired)
    if (!one.is_done) code = ExitCode::kDataLoss;
  return code;
}

std::string AuditText(const AuditReport& report, const std::vector<Repaired>& repaired) {
  std::string out;
  for (const Repaired& one : repaired)
    out += fmt::format("{}{}: {}\n", one.is_done ? "" : "not repaired: ", one.key, one.told);
  for (const Violation& violation : report.violations) {
    out += fmt::format("invariant {} ({}): {}\n", violation.number, ToString(violation.when),
                       violation.finding);
  }
  out += fmt::format("{} keys, {} files, floor chunk {}: {} violations\n", report.keys,
                     report.files, report.floor.value(), report.violations.size());
  return out;
}

// Each that was looked at: {number, kind ("always" or "settled"), checked, violations}.
nlohmann::ordered_json PredicatesJson(const AuditReport& report) {
  auto json = nlohmann::ordered_json::array();
  for (const Invariant& invariant : AuditedInvariants()) {
    const auto checked = report.checked.find(invariant.number);
    auto findings = nlohmann::ordered_json::array();
    for (const Violation& violation : report.violations)
      if (violation.number == invariant.number) findings.push_back(violation.finding);
    json.push_back({{"number", invariant.number},
                    {"kind", ToString(invariant.when)},
                    {"checked", checked == report.checked.end() ? 0 : checked->second},
                    {"violations", std::move(findings)}});
  }
  return json;
}

std::string AuditJson(const AuditedStore& audited,
                      const CommandOptions& options,
                      const std::vector<Repaired>& repaired) {
  const auto& [pins, report] = audited;
  nlohmann::ordered_json json;
  json["store_id"] = pins.store_id;
  json["geometry"] = pins.geometry.Text();
  json["keys"] = report.keys;
  json["files"] = report.files;
  json["floor"] = report.floor.value();
  json["violations"] = nlohmann::ordered_json::array();
  for (const Violation& violation : report.violations) {
    json["violations"].push_back({{"invariant", violation.number},
                                  {"when", ToString(violation.when)},
                                  {"finding", violation.finding}});
  }
  json["predicates"] = PredicatesJson(report);
  json["orphans"] = report.orphans;
  json["tainted"] = report.tainted;
  if (options.is_repair) json["repaired"] = nlohmann::ordered_json::array();
  for (const Repaired& one : repaired)
    json["repaired"].push_back({{"key", one.key}, {"done", one.is_done}, {"told", one.told}});
  return json.dump(-1, ' ', true) + "\n";
}

}  // namespace

CommandResult StoreFailure(const absl::Status& status) {
  return IsRootHeld(status) ? Failed(ExitCode::kLocked, status) : Failure(status);
}

CommandResult Failure(const absl::Status& status) { return Failed(CodeOf(status.code()), status); }

CommandResult AuditCommand(const vfs::Env& env,
                           const CommandOptions& options,
                           LedgerSource* source) {
  if (source != nullptr && !source->is_bulk()) {
    return Failure(vfs::InvalidArgument(
        "--source {}: a repair asks for ledgers more than once; give lake:DIR or synthetic:SEED,N",
        source->name()));
  }
  std::variant<AuditedStore, CommandResult> audited = AuditStore(env, options);
  if (const auto* failed = std::get_if<CommandResult>(&audited)) return *failed;
  std::vector<Repaired> repaired;
  if (options.is_repair && !std::get<AuditedStore>(audited).report.tainted.empty()) {
    auto made = OpenAndRepair(env, options, source, std::get<AuditedStore>(audited));
    if (!made.ok()) return StoreFailure(made.status());
    repaired = *std::move(made);
    audited = AuditStore(env, options);
    if (const auto* failed = std::get_if<CommandResult>(&audited)) return *failed;
  }
  const auto& store = std::get<AuditedStore>(audited);
  return {.code = CodeOf(store.report, repaired),
          .out = options.form == OutputForm::kJson ? AuditJson(store, options, repaired)
                                                   : AuditText(store.report, repaired),
          .err = ""};
}

CommandResult CatalogDumpCommand(const vfs::Env& env, const CommandOptions& options) {
  const std::variant<OpenedStore, CommandResult> opened = OpenStore(env, options);
  const auto* const store = std::get_if<OpenedStore>(&opened);
  if (store == nullptr) return std::get<CommandResult>(opened);
  const absl::StatusOr<CatalogView> view = ParseCatalog(store->layout, store->rows);
  if (!view.ok()) return Failure(view.status());

  CommandResult result;
  if (options.form == OutputForm::kText) {
    for (const auto& [key, value] : store->rows) result.out += fmt::format("{} {}\n", key, value);
    return result;
  }
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const auto& [key, value] : store->rows) rows.push_back({{"key", key}, {"value", value}});
  result.out = rows.dump(-1, ' ', true) + "\n";
  return result;
}

CommandResult VersionCommand(OutputForm form) {
  CommandResult result;
  if (form == OutputForm::kText) {
    result.out = fmt::format("permafrost {} (store format {})\n", kVersion, kStoreFormat);
    return result;
  }
  const nlohmann::ordered_json json = {{"version", std::string(kVersion)},
                                       {"store_format", kStoreFormat}};
  result.out = json.dump() + "\n";
  return result;
}

}  // namespace permafrost::engine
