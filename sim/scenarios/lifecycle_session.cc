// Drives engine::Store and writes down what it promises.
#include "sim/scenarios/lifecycle_session.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "sim/oracle/expectation.h"
#include "sim/scenarios/ledger_model.h"
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
const std::string kFullText = kFull;      // NOLINT(cert-err58-cpp)
const std::string kAbsentText = kAbsent;  // NOLINT(cert-err58-cpp)

engine::ArtifactWriter WriterOf(std::string bytes) {
  return [bytes = std::move(bytes)](vfs::File& file) -> absl::Status {
    // Several appends, so that a cut can fall between the blocks of a file.
    constexpr std::size_t kPiece = 900;
    for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
      VFS_RETURN_IF_ERROR(file.Append(std::string_view(bytes).substr(at, kPiece)));
    }
    return absl::OkStatus();
  };
}

engine::ArtifactWriter FailingWriterOf(std::string bytes) {
  return [bytes = std::move(bytes)](vfs::File& file) -> absl::Status {
    VFS_RETURN_IF_ERROR(file.Append(std::string_view(bytes).substr(0, bytes.size() / 2)));
    return vfs::Unavailable("read the lake: the object ended early");
  };
}

bool IsFrozenLedgers(const ChunkArtifact& artifact, const engine::ArtifactRecord& record) {
  return artifact.kind == ArtifactKind::kLedgers && record.state == engine::ArtifactState::kFrozen;
}

}  // namespace

// What can be frozen: the lake's chunks, hot chunks that are whole, and what is derived from frozen
// ledgers.
class LifecycleSession::Source final : public engine::ArtifactSource {
 public:
  explicit Source(LifecycleSession& session) : session_(session) {}

  void set_failing(bool is_failing) { is_failing_ = is_failing; }

  std::vector<ChunkId> CompleteChunks() override {
    std::set<ChunkId> complete;
    for (std::uint32_t c = 0; c < session_.config_.lake_chunks; ++c) complete.insert(Id(c));
    const auto view = session_.store_->View();
    if (view.ok()) {
      for (const auto& [chunk, state] : view->hot) {
        const bool is_ready = state == engine::HotState::kReady;
        if (is_ready && session_.HotCount(Number(chunk)) == kModelLedgersPerChunk)
          complete.insert(chunk);
      }
      for (const auto& [artifact, record] : view->artifacts) {
        if (IsFrozenLedgers(artifact, record)) complete.insert(artifact.chunk);
      }
    }
    return {complete.begin(), complete.end()};
  }

  absl::StatusOr<engine::ArtifactWriter> ChunkWriter(const ChunkArtifact& artifact,
                                                     std::size_t file) override {
    const std::uint32_t chunk = Number(artifact.chunk);
    const bool is_at_hand =
        chunk < session_.config_.lake_chunks || session_.HotCount(chunk) == kModelLedgersPerChunk;
    if (!is_at_hand && session_.ReadRows("ledgers", chunk) != kFull) {
      return vfs::NotFound(
          "freeze chunk {}: neither in the lake nor whole in the hot tier nor in a frozen file",
          chunk);
    }
    std::string bytes = FrozenFileBytes(engine::ToString(artifact.kind), chunk, file);
    return is_failing_ ? FailingWriterOf(std::move(bytes)) : WriterOf(std::move(bytes));
  }

  absl::StatusOr<engine::ArtifactWriter> IndexWriter(const engine::Coverage& coverage,
                                                     engine::HashRunReader inputs) override {
    return [coverage, inputs = std::move(inputs)](vfs::File& file) mutable -> absl::Status {
      std::string payload;
      for (std::int32_t c = coverage.chunks.first.value(); c <= coverage.chunks.last.value(); ++c) {
        VFS_ASSIGN_OR_RETURN(const std::string run, inputs(ChunkId{c}));
        payload += IndexLine(static_cast<std::uint32_t>(c), run);
      }
      return WriterOf(EncodeBlocks(PaddedIndex(std::move(payload))))(file);
    };
  }

 private:
  LifecycleSession& session_;
  bool is_failing_ = false;
};

std::string ToString(const LifecycleConfig& config) {
  return fmt::format("retention={} lake={}{}{}", config.retention_chunks, config.lake_chunks,
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

LifecycleSession::LifecycleSession(World& world, History& history, const vfs::RocksOptions& rocks)
    : world_(world),
      history_(history),
      rocks_(rocks),
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
  }
  return false;
}

absl::Status LifecycleSession::Open() {
  VFS_ASSIGN_OR_RETURN(store_,
                       engine::Store::Open(world_.env(), LifecycleStoreOptions(config_, rocks_)));
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
    if (world_.faulty().Injected().size() == faults_before && world_.faulty().Injected().empty()) {
      history_.Violate("32-operation-succeeds", fmt::format("{}: {}", op, vfs::Message(status)));
      return false;
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
  for (const auto& [domain, now] : ReadAll()) {
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
  AllowHiding(chunk);
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
  AllowHiding(std::int64_t{chunk} - 1);
  return store_->CreateHot(Id(chunk));
}

// A newer complete chunk moves the floor at the next start: what it hides may be hidden from now
// on.
void LifecycleSession::AllowHiding(std::int64_t last_complete) {
  if (config_.retention_chunks == 0) return;
  const std::int64_t floor = last_complete - config_.retention_chunks + 1;
  for (const auto& [domain, now] : ReadAll()) {
    const auto chunk = static_cast<std::int64_t>(ToNumber(domain.substr(domain.find('/') + 1)));
    if (chunk >= floor || now == kAbsent) continue;
    history_.Attempt(domain, kAbsentText);
    history_.Attempt(domain, now);
  }
}

absl::Status LifecycleSession::Ingest(std::uint32_t chunk, std::uint32_t count) {
  VFS_ASSIGN_OR_RETURN(const engine::CatalogView view, store_->View());
  if (view.StateOf(Id(chunk)) != engine::HotState::kReady ||
      static_cast<std::int64_t>(chunk) < floor_)
    return absl::OkStatus();
  if (view.StateOf(ChunkArtifact{.chunk = Id(chunk), .kind = ArtifactKind::kLedgers}).has_value())
    return absl::OkStatus();
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t have = HotCount(chunk);
    if (have >= kModelLedgersPerChunk) return absl::OkStatus();
    VFS_ASSIGN_OR_RETURN(vfs::RocksDb* const db, store_->OpenHot(Id(chunk)));
    const std::uint32_t sequence = FirstLedgerOf(chunk) + have;
    vfs::RocksBatch batch;
    for (const char* kind : {"ledgers", "events", "txhash"}) {
      batch.Put(vfs::kDefaultFamily, fmt::format("{}:{:08}", kind, sequence),
                LedgerRow(kind, sequence));
    }
    for (const char* what : {"ledgers", "events", "lookup"})
      history_.Attempt(Domain(what, chunk), CountText(have + 1));
    const vfs::Step step("client.write");
    VFS_RETURN_IF_ERROR(db->Write(batch, vfs::SyncWrite::kYes));
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

// The floor by the oracle's own arithmetic: the newest complete chunk that anything proves, less
// the retention.
void LifecycleSession::RaiseFloor(const engine::CatalogView& view) {
  std::int64_t last = -1;
  for (const auto& [artifact, record] : view.artifacts) {
    if (IsFrozenLedgers(artifact, record))
      last = std::max<std::int64_t>(last, artifact.chunk.value());
  }
  for (const auto& [chunk, state] : view.hot) {
    if (state == engine::HotState::kReady) last = std::max<std::int64_t>(last, chunk.value() - 1);
  }
  if (config_.retention_chunks > 0) floor_ = std::max(floor_, last - config_.retention_chunks + 1);
}

void LifecycleSession::AttemptSettled(const engine::CatalogView& view) {
  RaiseFloor(view);
  std::set<std::uint32_t> complete;
  for (const ChunkId chunk : source_->CompleteChunks()) complete.insert(Number(chunk));
  if (config_.retention_chunks > 0 && !complete.empty()) {
    floor_ = std::max<std::int64_t>(
        floor_, std::int64_t{*complete.rbegin()} - config_.retention_chunks + 1);
  }
  const Answers now = ReadAll();
  const auto settled = [&](std::uint32_t c, const char* what) {
    const bool is_hidden = static_cast<std::int64_t>(c) < floor_;
    return is_hidden ? kAbsentText : complete.contains(c) ? kFullText : now.at(Domain(what, c));
  };
  unsettled_.clear();
  for (std::uint32_t c = 0; c < kLifecycleChunksMax; ++c) {
    history_.Attempt(Domain("ledgers", c), settled(c, "ledgers"));
    history_.Attempt(Domain("events", c), settled(c, "events"));
    const std::string lookup = Domain("lookup", c);
    const auto covered = CoveredOnceSettled(c / kModelChunksPerWindow, view, complete);
    if (static_cast<std::int64_t>(c) >= floor_) {
      history_.Attempt(lookup, covered.contains(c) ? kFullText : now.at(lookup));
      continue;
    }
    // The index of a window that is retained in part keeps answering for its hidden chunks: a
    // restart with a wider retention shows them again.
    if (covered.contains(c)) {
      history_.Attempt(lookup, kFullText);
      unsettled_.insert(lookup);
    }
    history_.Attempt(lookup, kAbsentText);
  }
}

std::set<std::uint32_t> LifecycleSession::CoveredOnceSettled(
    std::uint32_t window,
    const engine::CatalogView& view,
    const std::set<std::uint32_t>& complete) const {
  const std::uint32_t first = window * kModelChunksPerWindow;
  const std::uint32_t end = first + kModelChunksPerWindow;
  if (std::int64_t{end} <= floor_) return {};
  std::set<std::uint32_t> covered;
  for (const auto& [coverage, record] : view.coverages) {
    if (coverage.window.value() != window || record.state != engine::ArtifactState::kFrozen)
      continue;
    for (std::uint32_t c = Number(coverage.chunks.first); c <= Number(coverage.chunks.last); ++c)
      covered.insert(c);
  }
  // A new index runs from the first retained chunk through the last at hand without a gap, and is
  // not built if it would uncover a retained chunk.
  std::set<std::uint32_t> built;
  for (auto c = static_cast<std::uint32_t>(std::max<std::int64_t>(first, floor_)); c < end; ++c) {
    const bool has_hash_run =
        view.StateOf(ChunkArtifact{.chunk = Id(c), .kind = ArtifactKind::kTxHash}) ==
        engine::ArtifactState::kFrozen;
    if (!complete.contains(c) && !has_hash_run) break;
    built.insert(c);
  }
  const bool loses_none = std::all_of(covered.begin(), covered.end(), [&](std::uint32_t c) {
    return static_cast<std::int64_t>(c) < floor_ || built.contains(c);
  });
  const bool adds = !std::includes(covered.begin(), covered.end(), built.begin(), built.end());
  return loses_none && adds ? built : covered;
}

void LifecycleSession::AcknowledgeAll() {
  for (std::uint32_t c = 0; c < kLifecycleChunksMax; ++c) {
    for (const char* what : {"ledgers", "events", "lookup"}) {
      if (!unsettled_.contains(Domain(what, c))) history_.Acknowledge(Domain(what, c));
    }
  }
}

absl::Status LifecycleSession::RunLifecycle() {
  VFS_ASSIGN_OR_RETURN(const engine::CatalogView view, store_->View());
  AttemptSettled(view);
  VFS_RETURN_IF_ERROR(store_->RunLifecycle(*source_).status());
  AcknowledgeAll();
  ServeAll();
  VFS_ASSIGN_OR_RETURN(const engine::Plan again, store_->PlanNow(*source_));
  if (!again.empty())
    history_.Violate("33-quiescence", "the plan after a settled run is not empty");
  return absl::OkStatus();
}

bool LifecycleSession::SettleAndContinue() {
  if (!Execute("run")) return false;
  // The epilogue continues where the hot tier stands, or opens the next chunk.
  const auto view = store_->View();
  if (!view.ok()) return Execute("restart");
  std::uint32_t next = config_.lake_chunks;
  for (const auto& [artifact, record] : view->artifacts)
    next = std::max(next, Number(artifact.chunk) + 1);
  for (const auto& [chunk, state] : view->hot) {
    next =
        std::max(next, Number(chunk) + (HotCount(Number(chunk)) == kModelLedgersPerChunk ? 1 : 0));
  }
  return Execute(fmt::format("hot {}", next)) && Execute(fmt::format("ingest {} 1", next));
}

}  // namespace permafrost::sim
