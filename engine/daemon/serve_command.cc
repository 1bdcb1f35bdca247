// The configuration's world, sources, endpoint and daemon.
#include "engine/daemon/serve_command.h"

#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include <absl/status/statusor.h>
#include <fmt/format.h>

#include "engine/config/text_checks.h"
#include "engine/daemon/config_store.h"
#include "engine/daemon/real_world.h"
#include "engine/daemon/serve.h"
#include "engine/daemon/sources.h"
#include "engine/daemon/store_pins.h"
#include "engine/daemon/tailed_ledger_journal.h"
#include "engine/ledger/lake_manifest.h"
#include "engine/ledger/source_spec.h"
#include "engine/service/admin_endpoint.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/posix/boot_id.h"
#include "vfs/posix/stop_signal.h"

namespace permafrost::engine {
namespace {

// The store's first ledger. "now" stands for what is pinned, or for the first whole chunk that the
// sources can deliver from where the live one begins, which is waited for.
absl::StatusOr<LedgerSeq> EarliestOf(const Config& config,
                                     const std::optional<Pins>& pins,
                                     LedgerSource& live,
                                     const LedgerSource* bulk) {
  const std::optional<LedgerSeq> configured = EarliestLedger(config.retention.earliest_ledger);
  if (configured.has_value()) return *configured;
  if (pins.has_value()) return pins->earliest_ledger;
  const Geometry geometry = Geometry::Production();
  VFS_ASSIGN_OR_RETURN(const LedgerSeq first, live.First());
  const ChunkId chunk = geometry.ChunkOf(first);
  const bool is_whole = bulk != nullptr || geometry.First(chunk) == first;
  return geometry.First(is_whole ? chunk : Next(chunk));
}

// Where new ledgers come from, and what it reads from.
struct LiveSource {
  std::unique_ptr<TailedLedgerJournal> journal;  // null: it needs none
  OpenedSource opened;
};

absl::StatusOr<LiveSource> OpenLive(const Config& config,
                                    const vfs::Env& env,
                                    const LakeOptions& lake,
                                    vfs::StopSignal* stop) {
  LiveSource live;
  VFS_ASSIGN_OR_RETURN(const SourceSpec spec, ParseSourceSpec(config.ingestion.source));
  if (spec.kind != SourceSpec::Kind::kJournal) {
    VFS_ASSIGN_OR_RETURN(live.opened, OpenSource(config.ingestion.source, stop, lake));
    return live;
  }
  VFS_ASSIGN_OR_RETURN(
      live.journal,
      TailedLedgerJournal::Open(env, {.directory = RootsOf(config).journal,
                                      .holder = std::to_string(::getpid()),
                                      .writer = JournalOptionsOf(config),
                                      .boot_id = vfs::ReadBootId().value_or(vfs::BootId{})}));
  VFS_ASSIGN_OR_RETURN(
      live.opened.source,
      JournalSource::Attach(live.journal.get(),
                            {.wait = [stop](std::uint64_t nanos) { return stop->Wait(nanos); }}));
  return live;
}

absl::Status Serve(const Config& config, vfs::StopSignal& stop) {
  VFS_ASSIGN_OR_RETURN(auto fs, vfs::PosixFileSystem::Open(config.storage.default_data_dir));
  RealWorld world(std::move(fs), DrawSeed());
  LakeOptions expected{.network_passphrase = NetworkPassphrase(config.storage.network)};
  VFS_ASSIGN_OR_RETURN(const LiveSource opened, OpenLive(config, world.Env(), expected, &stop));
  LedgerSource& live = *opened.opened.source;
  const DatastoreConfig& datastore = config.backfill.datastore;
  OpenedSource lake;
  if (!datastore.type.empty()) {
    expected.ledgers_per_batch = static_cast<std::uint32_t>(datastore.ledgers_per_file);
    expected.batches_per_partition = static_cast<std::uint32_t>(datastore.files_per_partition);
    VFS_ASSIGN_OR_RETURN(lake, OpenSource(fmt::format("lake:{}", datastore.path), &stop, expected));
  }
  VFS_ASSIGN_OR_RETURN(const std::optional<Pins> pins, FindPins(world.Env(), RootsOf(config)));
  LedgerSource* const bulk = lake.source != nullptr ? lake.source.get()
                             : live.is_bulk()       ? &live
                                                    : nullptr;

  Metrics metrics;
  Health health;
  vfs::NativeExecutor listening;
  std::unique_ptr<AdminEndpoint> endpoint;
  if (!config.service.admin_endpoint.empty()) {
    VFS_ASSIGN_OR_RETURN(endpoint, AdminEndpoint::Listen(config.service.admin_endpoint, &metrics,
                                                         &health, &listening));
    fmt::print(stderr, "permafrost: metrics and health on port {}\n", endpoint->port());
  }
  VFS_ASSIGN_OR_RETURN(const LedgerSeq earliest, EarliestOf(config, pins, live, bulk));
  ServeOptions options;
  options.store = StoreOptionsOf(config, earliest);
  options.store.holder = std::to_string(::getpid());
  options.wait = [&stop](std::uint64_t nanos) { return stop.Wait(nanos); };
  vfs::NativeExecutor background;
  Daemon daemon(world.Env(), std::move(options), &live, bulk, &background, &metrics, &health);
  return daemon.Run();
}

}  // namespace

CommandResult ServeCommand(const LoadedConfig& loaded) {
  vfs::StopSignal stop;
  const absl::Status status = Serve(loaded.config(), stop);
  if (status.ok() || absl::IsCancelled(status)) return {};
  // Only a journal that somebody else writes: of the store it would be tried again.
  return absl::IsUnavailable(status) ? JournalFailure(status) : StoreFailure(status);
}

}  // namespace permafrost::engine
