// Drives engine::LedgerStore and writes down what it promises.
#include "sim/scenarios/engine_session.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "engine/store/failure.h"
#include "engine/store/ledger_artifacts.h"
#include "sim/scenarios/engine_answers.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"

namespace permafrost::sim {
namespace {

using engine::ChunkId;
using engine::LedgerSeq;

constexpr int kStartAttempts = 3;

std::uint32_t ToNumber(const std::string& text) {
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::string ToString(const EngineConfig& config) {
  return fmt::format("retention={} bulk={}{}{}", config.retention_chunks, config.bulk_ledgers,
                     config.store_id.empty() ? "" : " id=", config.store_id);
}

EngineConfig ParseEngineConfig(std::string_view text) {
  EngineConfig config;
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    VFS_CHECK(equals != std::string::npos, "config '{}'", text);
    const std::string key = word.substr(0, equals);
    const std::string value = word.substr(equals + 1);
    if (key == "id") {
      config.store_id = value;
    } else {
      VFS_CHECK(key == "bulk" || key == "retention", "config '{}'", text);
      (key == "bulk" ? config.bulk_ledgers : config.retention_chunks) = ToNumber(value);
    }
  }
  return config;
}

engine::StoreOptions EngineStoreOptions(const EngineConfig& config,
                                        const EngineModel& model,
                                        const vfs::RocksOptions& rocks) {
  return {.geometry = model.geometry(),
          .earliest_ledger = model.first(),
          .retention_chunks = config.retention_chunks,
          .rocks = rocks,
          .holder = "1"};
}

EngineSession::EngineSession(World& world,
                             History& history,
                             const vfs::RocksOptions& rocks,
                             std::shared_ptr<const EngineModel> model)
    : world_(world),
      history_(history),
      rocks_([&] {
        vfs::RocksOptions queued = rocks;
        queued.queued_jobs = true;
        return queued;
      }()),
      model_(std::move(model)),
      geometry_(model_->geometry()),
      config_(ParseEngineConfig(history.config())) {}

EngineSession::~EngineSession() {
  held_.reset();
  store_.reset();
}

bool EngineSession::Start() {
  for (int attempt = 1; attempt <= kStartAttempts; ++attempt) {
    const std::size_t faults_before = faults();
    const absl::Status status = Open();
    if (status.ok()) {
      Serve();
      return true;
    }
    Die();
    if (faults() == faults_before) {
      history_.Violate("27-start-is-possible", vfs::Message(status));
      return false;
    }
    CheckClass("start", status);
  }
  return false;
}

absl::Status EngineSession::Open() {
  VFS_ASSIGN_OR_RETURN(
      store_, engine::LedgerStore::Open(world_.env(), EngineStoreOptions(config_, *model_, rocks_),
                                        model_->decoder()));
  floor_ = model_->chunks().first.value();
  acknowledged_.reset();
  current_.clear();
  const std::string& id = store_->store().pins().store_id;
  if (config_.store_id.empty()) {
    config_.store_id = id;
    history_.Configure(ToString(config_));
  } else if (config_.store_id != id) {
    history_.Violate("43-identity-persists",
                     fmt::format("the store was {}, now it is {}", config_.store_id, id));
  }
  return absl::OkStatus();
}

void EngineSession::Stop() {
  held_.reset();
  if (store_ == nullptr) return;
  const absl::Status closed = CloseOthers();
  if (!store_->Close().ok() || !closed.ok()) return Die();
  store_.reset();
}

void EngineSession::Die() {
  DropOthers();
  held_.reset();
  store_.reset();
  world_.KillProcess();
}

void EngineSession::CheckClass(std::string_view what, const absl::Status& status) {
  const bool is_read_only = vfs::ErrnoOf(status) == EROFS;
  if (engine::ClassOf(status) != engine::FaultClass::kPermanent || is_read_only) return;
  history_.Violate(
      "failure-class",
      fmt::format("{}: a fault that passes is answered as permanent: {}", what, status.ToString()));
}

bool EngineSession::Execute(const std::string& op) {
  std::istringstream stream(op);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  if (words.empty()) return true;
  history_.Note(op);
  if (words[0] == "die" || words[0] == "restart") {
    words[0] == "die" ? Die() : Stop();
    return Start();
  }
  // A failed operation is tried again in the running process, then after a restart, then given up.
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const std::size_t faults_before = faults();
    const absl::Status status = ExecuteOnce(words);
    const bool needs_reopen = NeedsReopen();
    if (status.ok()) return true;
    if (faults() == faults_before && !needs_reopen) {
      // The source has ended early: the program goes on with what it has.
      if (absl::IsUnavailable(status) && store_->Rederive().ok()) {
        Serve();
        return true;
      }
      history_.Violate("32-operation-succeeds", fmt::format("{}: {}", op, vfs::Message(status)));
      return false;
    }
    if (!needs_reopen) CheckClass(op, status);
    if (needs_reopen || attempt >= 2) {
      Die();
      if (!Start()) return false;
    }
  }
  return true;
}

absl::Status EngineSession::ExecuteOnce(const std::vector<std::string>& words) {
  const std::string& verb = words[0];
  const std::uint32_t number = words.size() > 1 ? ToNumber(words[1]) : 0;
  if (verb == "append") return Append(number);
  if (verb == "ingest") return IngestStream(number);
  if (verb == "backfill") return Backfill(std::nullopt);
  if (verb == "backfill-failing") return Backfill(number);
  if (verb == "settle") return SettleNow();
  if (verb == "retain") return Retain(number);
  if (verb == "bulk") {
    config_.bulk_ledgers = number;
    history_.Configure(ToString(config_));
    return absl::OkStatus();
  }
  if (verb == "hold") {
    Hold();
    return absl::OkStatus();
  }
  if (verb == "release") {
    Release();
    return absl::OkStatus();
  }
  return vfs::InvalidArgument("unknown operation '{}'", verb);
}

absl::Status EngineSession::Append(std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    VFS_ASSIGN_OR_RETURN(const LedgerSeq next, store_->Next());
    if (!model_->Has(next)) return absl::OkStatus();
    AttemptLedger(next);
    const vfs::Step step("client.write");
    VFS_RETURN_IF_ERROR(store_->Append(model_->Of(next).bytes, "script"));
    AcknowledgeLedger(next);
  }
  return absl::OkStatus();
}

absl::Status EngineSession::IngestStream(std::uint32_t count) {
  VFS_ASSIGN_OR_RETURN(const LedgerSeq next, store_->Next());
  const LedgerSeq last{std::min(next.value() + count - 1, model_->last().value())};
  EngineSource source(model_.get(), {next, last}, false,
                      [this](LedgerSeq ledger, EngineSource::Way) -> absl::Status {
                        ReadLatest();
                        AttemptLedger(ledger);
                        return absl::OkStatus();
                      });
  AttemptSettled(false);
  return IngestFrom(source);
}

absl::Status EngineSession::Backfill(std::optional<std::uint32_t> fails_at) {
  const auto source = BulkSource(fails_at);
  if (source == nullptr) return absl::OkStatus();
  AttemptSettled(true);
  return IngestFrom(*source);
}

absl::Status EngineSession::IngestFrom(engine::LedgerSource& source) {
  engine::IngestHooks hooks;
  hooks.on_progress = [this](const engine::IngestReport& report) {
    AcknowledgeLedger(*report.last);
  };
  VFS_ASSIGN_OR_RETURN(const engine::IngestReport report, engine::Ingest(*store_, source, hooks));
  AcknowledgeSettled(report.lifecycle);
  return absl::OkStatus();
}

absl::Status EngineSession::SettleNow() {
  const auto source = BulkSource(std::nullopt);
  AttemptSettled(source != nullptr);
  VFS_ASSIGN_OR_RETURN(const engine::LifecycleReport report, engine::Settle(*store_, source.get()));
  VFS_RETURN_IF_ERROR(store_->Rederive());
  AcknowledgeSettled(report);
  if (held_ != nullptr) return absl::OkStatus();
  engine::LedgerArtifacts artifacts(store_.get(), source.get());
  VFS_ASSIGN_OR_RETURN(const engine::Plan again, store_->store().PlanNow(artifacts));
  if (!again.empty())
    history_.Violate("33-quiescence", "the plan after a settled run is not empty");
  return absl::OkStatus();
}

absl::Status EngineSession::Retain(std::uint32_t chunks) {
  config_.retention_chunks = chunks;
  history_.Configure(ToString(config_));
  store_->store().SetRetention(chunks);
  return absl::OkStatus();
}

std::optional<LedgerSeq> EngineSession::BulkLast() const {
  if (config_.bulk_ledgers == 0) return std::nullopt;
  return LedgerSeq{
      std::min(model_->first().value() + config_.bulk_ledgers - 1, model_->last().value())};
}

void EngineSession::ForEachChunk(absl::FunctionRef<void(ChunkId)> visit) const {
  const engine::ChunkRange chunks = model_->chunks();
  for (ChunkId chunk = chunks.first; chunk <= chunks.last; chunk = engine::Next(chunk))
    visit(chunk);
}

std::unique_ptr<EngineSource> EngineSession::BulkSource(std::optional<std::uint32_t> fails_at) {
  const auto last = BulkLast();
  if (!last.has_value()) return nullptr;
  return std::make_unique<EngineSource>(
      model_.get(), engine::LedgerSource::Range{model_->first(), *last}, true,
      [this, fails_at](LedgerSeq ledger, EngineSource::Way way) -> absl::Status {
        ReadLatest();
        if (ledger.value() - model_->first().value() == fails_at) {
          absl::Status failed = vfs::Unavailable("model: read ledger {}", ledger.value());
          vfs::SetErrno(failed, EIO);  // there, but not read this time
          return failed;
        }
        if (way == EngineSource::Way::kHot) AttemptLedger(ledger);
        return absl::OkStatus();
      });
}

}  // namespace permafrost::sim
