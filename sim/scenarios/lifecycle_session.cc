// Drives engine::Store and writes down what it promises.
#include "sim/scenarios/lifecycle_session.h"

#include <algorithm>
#include <cerrno>
#include <sstream>

#include <fmt/format.h>

#include "engine/store/failure.h"
#include "sim/oracle/expectation.h"
#include "sim/scenarios/ledger_model.h"
#include "sim/scenarios/lifecycle_source.h"
#include "sim/scenarios/lifecycle_texts.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"

namespace permafrost::sim {
namespace {

using engine::ArtifactKind;
using engine::ChunkArtifact;
using engine::ChunkId;
using lifecycle::CountText;
using lifecycle::Domain;
using lifecycle::Id;
using lifecycle::kFull;
using lifecycle::Number;
using lifecycle::ToNumber;

constexpr int kStartAttempts = 3;
constexpr int kWorkers = 2;
const std::string kFullText = kFull;      // NOLINT(cert-err58-cpp)
const std::string kAbsentText = kAbsent;  // NOLINT(cert-err58-cpp)

}  // namespace

std::string ToString(const LifecycleConfig& config) {
  return fmt::format("retention={} lake={}{}{}{}", config.retention_chunks, config.lake_chunks,
                     config.has_rot ? " rot=1" : "",
                     config.store_id.empty() ? "" : " id=", config.store_id);
}

LifecycleConfig ParseLifecycleConfig(std::string_view text) {
  LifecycleConfig config;
  std::istringstream words{std::string(text)};
  std::string word;
  while (words >> word) {
    const std::size_t equals = word.find('=');
    VFS_CHECK(equals != std::string::npos, "config '{}'", text);
    const std::string key = word.substr(0, equals);
    const std::string value = word.substr(equals + 1);
    if (key == "id") {
      config.store_id = value;
    } else if (key == "rot") {
      config.has_rot = true;
    } else {
      VFS_CHECK(key == "lake" || key == "retention", "config '{}'", text);
      (key == "lake" ? config.lake_chunks : config.retention_chunks) = ToNumber(value);
    }
  }
  return config;
}

engine::StoreOptions LifecycleStoreOptions(const LifecycleConfig& config,
                                           const vfs::RocksOptions& rocks) {
  const auto geometry = engine::Geometry::Create({.ledgers_per_chunk = kModelLedgersPerChunk,
                                                  .chunks_per_window = kModelChunksPerWindow,
                                                  .chunks_per_bucket = kModelChunksPerBucket});
  VFS_CHECK(geometry.ok(), "geometry");
  return {.geometry = *geometry,
          .retention_chunks = config.retention_chunks,
          .rocks = rocks,
          .holder = "1"};
}

vfs::RocksOptions RocksIn(const World& world, vfs::RocksOptions rocks) {
  rocks.queued_jobs = !world.has_threads();
  if (world.has_threads()) rocks.spins_before_waiting = false;
  return rocks;
}

LifecycleSession::LifecycleSession(World& world, History& history, const vfs::RocksOptions& rocks)
    : world_(world),
      history_(history),
      rocks_(RocksIn(world, rocks)),
      config_(ParseLifecycleConfig(history.config())),
      source_(std::make_unique<Source>(*this)) {}

LifecycleSession::~LifecycleSession() = default;

bool LifecycleSession::Start() {
  for (int attempt = 1; attempt <= kStartAttempts; ++attempt) {
    const std::size_t faults_before = world_.faulty().Injected().size();
    const absl::Status status = Open();
    if (status.ok()) {
      ServeAll();
      return true;
    }
    Die();
    if (world_.faulty().Injected().size() == faults_before) {
      history_.Violate("27-start-is-possible", vfs::Message(status));
      return false;
    }
    CheckClass("start", status);
  }
  return false;
}

void LifecycleSession::CheckClass(std::string_view what, const absl::Status& status) {
  const bool is_read_only = vfs::ErrnoOf(status) == EROFS;
  if (engine::ClassOf(status) != engine::FaultClass::kPermanent || is_read_only) return;
  history_.Violate(
      "failure-class",
      fmt::format("{}: a fault that passes is answered as permanent: {}", what, status.ToString()));
}

absl::Status LifecycleSession::Open() {
  engine::StoreOptions options = LifecycleStoreOptions(config_, rocks_);
  if (world_.has_threads()) options.workers = kWorkers;
  VFS_ASSIGN_OR_RETURN(store_, engine::Store::Open(world_.env(), options));
  floor_ = 0;
  const std::string& id = store_->pins().store_id;
  if (config_.store_id.empty()) {
    config_.store_id = id;
    history_.Configure(ToString(config_));
  } else if (config_.store_id != id) {
    history_.Violate("43-identity-persists",
                     fmt::format("the store was {}, now it is {}", config_.store_id, id));
  }
  VFS_ASSIGN_OR_RETURN(const engine::CatalogView view, store_->View());
  RaiseFloor(view);
  return absl::OkStatus();
}

void LifecycleSession::Stop() {
  if (store_ == nullptr) return;
  if (!store_->Close().ok()) world_.KillProcess();
  store_.reset();
}

void LifecycleSession::Die() {
  store_.reset();
  world_.KillProcess();
}

engine::ArtifactSource& LifecycleSession::source() { return *source_; }

bool LifecycleSession::ServeAfterThreads() {
  if (store_->needs_reopen()) {
    Die();
    return Start();
  }
  const auto view = store_->View();
  if (!view.ok()) {
    Die();
    return Start();
  }
  RaiseFloor(*view);
  RaiseFloorToComplete();
  ServeAll();
  return true;
}

bool LifecycleSession::Execute(const std::string& op) {
  std::istringstream stream(op);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  if (words.empty()) return true;
  history_.Note(op);
  if (words[0] == "die" || words[0] == "restart") {
    if (words[0] == "die") {
      Die();
    } else {
      Stop();
    }
    return Start();
  }
  // A failed operation is tried again in the running process, then after a restart, then given up.
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const std::size_t faults_before = world_.faulty().Injected().size();
    const absl::Status status = ExecuteOnce(words);
    if (status.ok() || absl::IsUnavailable(status)) return true;
    // What cannot be built from damaged files stays undone; what is answered is judged.
    if (config_.has_rot && !store_->needs_reopen()) return true;
    if (world_.faulty().Injected().size() == faults_before && world_.faulty().Injected().empty()) {
      history_.Violate("32-operation-succeeds", fmt::format("{}: {}", op, vfs::Message(status)));
      return false;
    }
    if (!store_->needs_reopen()) {
      CheckClass(op, status);
      // The same step again, in the same process and without another fault: it must succeed.
      if (attempt > 1 && world_.faulty().Injected().size() == faults_before) {
        history_.Violate("failure-class", fmt::format("{}: fails again without a fault: {}", op,
                                                      vfs::Message(status)));
      }
    }
    if (store_->needs_reopen() || attempt >= 2) {
      Die();
      if (!Start()) return false;
    }
  }
  return true;
}

absl::Status LifecycleSession::ExecuteOnce(const std::vector<std::string>& words) {
  const auto number = [&](std::size_t i) { return i < words.size() ? ToNumber(words[i]) : 0; };
  const std::string& verb = words[0];
  if (verb == "lake") return Lake(number(1));
  if (verb == "retain") return Retain(number(1));
  if (verb == "freeze") return Freeze(number(1), false);
  if (verb == "freeze-failing") return Freeze(number(1), true);
  if (verb == "index") return Index(number(1), number(2));
  if (verb == "hot") return Hot(number(1));
  if (verb == "ingest") return Ingest(number(1), number(2));
  if (verb == "remake-hot") return RemakeHot(number(1));
  if (verb == "run") return RunLifecycle();
  return vfs::InvalidArgument("run catalog/lifecycle: unknown operation '{}'", verb);
}

absl::Status LifecycleSession::Lake(std::uint32_t chunks) {
  config_.lake_chunks = std::max(config_.lake_chunks, std::min(chunks, kLifecycleChunksMax));
  history_.Configure(ToString(config_));
  return absl::OkStatus();
}

absl::Status LifecycleSession::Retain(std::uint32_t chunks) {
  // From now on a restart may hide or bring back anything near either floor: both answers are
  // allowed until the next run has settled the question.
  // What is answered now is judged before it is allowed.
  ServeAll();
  VFS_ASSIGN_OR_RETURN(const Answers answers, ReadEverything());
  for (const auto& [domain, now] : answers) {
    const std::string& other = now == kAbsent ? kFullText : kAbsentText;
    history_.Attempt(domain, now);
    history_.Attempt(domain, other);
    history_.Attempt(domain, now);
  }
  config_.retention_chunks = chunks;
  history_.Configure(ToString(config_));
  store_->SetRetention(chunks);
  return absl::OkStatus();
}

absl::Status LifecycleSession::Freeze(std::uint32_t chunk, bool is_failing) {
  const bool is_at_hand = chunk < config_.lake_chunks || HotCount(chunk) == kModelLedgersPerChunk;
  if (static_cast<std::int64_t>(chunk) < floor_ || !is_at_hand) return absl::OkStatus();
  if (!is_failing) {
    history_.Attempt(Domain("ledgers", chunk), kFull);
    history_.Attempt(Domain("events", chunk), kFull);
  }
  // A finished window needs no hash runs any more, and the lifecycle freezes none there.
  VFS_ASSIGN_OR_RETURN(const engine::CatalogView view, store_->View());
  VFS_ASSIGN_OR_RETURN(const auto coverage,
                       view.FrozenCoverage(LifecycleStoreOptions(config_, rocks_).geometry,
                                           engine::WindowId{chunk / kModelChunksPerWindow}));
  const bool is_finished =
      coverage.has_value() &&
      Number(coverage->chunks.last) % kModelChunksPerWindow == kModelChunksPerWindow - 1;
  std::vector<ArtifactKind> kinds{ArtifactKind::kLedgers, ArtifactKind::kEvents};
  if (!is_finished) kinds.push_back(ArtifactKind::kTxHash);
  VFS_RETURN_IF_ERROR(AllowHiding(chunk));
  source_->set_failing(is_failing);
  const absl::Status status = store_->FreezeChunk(Id(chunk), kinds, *source_);
  source_->set_failing(false);
  if (!status.ok()) return status;
  history_.Acknowledge(Domain("ledgers", chunk));
  history_.Acknowledge(Domain("events", chunk));
  return absl::OkStatus();
}

absl::Status LifecycleSession::Index(std::uint32_t first, std::uint32_t last) {
  VFS_ASSIGN_OR_RETURN(const engine::CatalogView view, store_->View());
  const engine::WindowId window{first / kModelChunksPerWindow};
  if (first > last || last / kModelChunksPerWindow != window.value()) return absl::OkStatus();
  for (std::uint32_t c = first; c <= last; ++c) {
    if (view.StateOf(ChunkArtifact{.chunk = Id(c), .kind = ArtifactKind::kTxHash}) !=
        engine::ArtifactState::kFrozen)
      return absl::OkStatus();
  }
  // An index that covers less than its predecessor is nothing that the lifecycle would build.
  VFS_ASSIGN_OR_RETURN(
      const auto frozen,
      view.FrozenCoverage(LifecycleStoreOptions(config_, rocks_).geometry, window));
  if (frozen.has_value() && (frozen->chunks.first < Id(first) || Id(last) < frozen->chunks.last))
    return absl::OkStatus();
  for (std::uint32_t c = first; c <= last; ++c) {
    if (static_cast<std::int64_t>(c) >= floor_) history_.Attempt(Domain("lookup", c), kFull);
  }
  VFS_RETURN_IF_ERROR(
      store_->BuildIndex({.window = window, .chunks = {Id(first), Id(last)}}, *source_));
  for (std::uint32_t c = first; c <= last; ++c) {
    if (static_cast<std::int64_t>(c) >= floor_) history_.Acknowledge(Domain("lookup", c));
  }
  return absl::OkStatus();
}

absl::Status LifecycleSession::Hot(std::uint32_t chunk) {
  VFS_ASSIGN_OR_RETURN(const engine::CatalogView view, store_->View());
  const bool is_taken =
      view.StateOf(Id(chunk)) == engine::HotState::kReady ||
      view.StateOf(ChunkArtifact{.chunk = Id(chunk), .kind = ArtifactKind::kLedgers}).has_value();
  if (is_taken || static_cast<std::int64_t>(chunk) < floor_ || chunk >= kLifecycleChunksMax)
    return absl::OkStatus();
  VFS_RETURN_IF_ERROR(AllowHiding(std::int64_t{chunk} - 1));
  return store_->CreateHot(Id(chunk));
}

// A newer complete chunk moves the floor at the next start: what it hides may be hidden from now
// on.
absl::Status LifecycleSession::AllowHiding(std::int64_t last_complete) {
  if (config_.retention_chunks == 0) return absl::OkStatus();
  const std::int64_t floor = last_complete - config_.retention_chunks + 1;
  VFS_ASSIGN_OR_RETURN(const Answers answers, ReadEverything());
  for (const auto& [domain, now] : answers) {
    const auto chunk = static_cast<std::int64_t>(ToNumber(domain.substr(domain.find('/') + 1)));
    if (chunk >= floor || now == kAbsent) continue;
    history_.Attempt(domain, kAbsentText);
    history_.Attempt(domain, now);
  }
  return absl::OkStatus();
}

absl::Status LifecycleSession::Ingest(std::uint32_t chunk, std::uint32_t count) {
  VFS_ASSIGN_OR_RETURN(const engine::CatalogView view, store_->View());
  if (view.StateOf(Id(chunk)) != engine::HotState::kReady ||
      static_cast<std::int64_t>(chunk) < floor_)
    return absl::OkStatus();
  if (view.StateOf(ChunkArtifact{.chunk = Id(chunk), .kind = ArtifactKind::kLedgers}).has_value())
    return absl::OkStatus();
  for (std::uint32_t i = 0; i < count; ++i) {
    VFS_ASSIGN_OR_RETURN(const std::uint32_t have, CountHot(chunk));
    if (have >= kModelLedgersPerChunk) return absl::OkStatus();
    const std::uint32_t sequence = FirstLedgerOf(chunk) + have;
    vfs::RocksBatch batch;
    for (const char* kind : {"ledgers", "events", "txhash"}) {
      batch.Put(vfs::kDefaultFamily, fmt::format("{}:{:08}", kind, sequence),
                LedgerRow(kind, sequence));
    }
    for (const char* what : {"ledgers", "events", "lookup"})
      history_.Attempt(Domain(what, chunk), CountText(have + 1));
    const vfs::Step step("client.write");
    VFS_RETURN_IF_ERROR(store_->CommitLedger(engine::LedgerSeq{sequence}, batch));
    for (const char* what : {"ledgers", "events", "lookup"})
      history_.Acknowledge(Domain(what, chunk));
  }
  return absl::OkStatus();
}

absl::Status LifecycleSession::RemakeHot(std::uint32_t chunk) {
  VFS_ASSIGN_OR_RETURN(const engine::CatalogView view, store_->View());
  const auto state = view.StateOf(Id(chunk));
  const bool is_frozen_or_marked =
      view.StateOf(ChunkArtifact{.chunk = Id(chunk), .kind = ArtifactKind::kLedgers}).has_value();
  if (!state.has_value() || is_frozen_or_marked || static_cast<std::int64_t>(chunk) < floor_)
    return absl::OkStatus();
  for (const char* what : {"ledgers", "events", "lookup"})
    history_.Attempt(Domain(what, chunk), kAbsent);
  if (state == engine::HotState::kReady) VFS_RETURN_IF_ERROR(store_->DemoteHot(Id(chunk)));
  VFS_RETURN_IF_ERROR(store_->CreateHot(Id(chunk)));
  for (const char* what : {"ledgers", "events", "lookup"})
    history_.Acknowledge(Domain(what, chunk));
  // Nothing of what was discarded may be found again.
  ServeAll();
  return absl::OkStatus();
}

}  // namespace permafrost::sim
