// Threads, what they promise, and what readers hold them to.
#include "sim/scenarios/concurrent_phase.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "sim/oracle/expectation.h"
#include "sim/scenarios/ledger_model.h"
#include "sim/scenarios/lifecycle_texts.h"
#include "sim/scenarios/view_answers.h"
#include "sim/sched/threads.h"
#include "vfs/base/status.h"
#include "vfs/base/step.h"

namespace permafrost::sim {
namespace {

using engine::ArtifactKind;
using lifecycle::CountText;
using lifecycle::Domain;
using lifecycle::Id;
using lifecycle::kFull;
using lifecycle::Number;

constexpr const char* kDomains[] = {"ledgers", "events", "lookup"};

struct ThreadOp {
  std::string verb;
  std::uint32_t first = 0;
  std::uint32_t second = 0;
};

ThreadOp Parse(const std::string& op) {
  ThreadOp parsed;
  std::istringstream words(op);
  words >> parsed.verb >> parsed.first >> parsed.second;
  return parsed;
}

}  // namespace

bool IsThreadOp(std::string_view op) {
  const std::string_view verb = op.substr(0, op.find(' '));
  return verb == "freeze" || verb == "index" || verb == "ingest" || verb == "run" || verb == "read";
}

ConcurrentPhase::ConcurrentPhase(World& world, History& history, LifecycleSession& session)
    : world_(world), history_(history), session_(session), store_(*session.store()) {}

ConcurrentPhase::~ConcurrentPhase() {
  for (std::thread& thread : threads_) thread.join();
}

void ConcurrentPhase::Run(const Script& ops) {
  if (!AllowOutcomes(ops)) return;
  for (const std::string& text : ops) {
    history_.Note(text);
    threads_.emplace_back([this, text] {
      SetCurrentThreadName(text);
      const ThreadOp op = Parse(text);
      if (op.verb == "freeze") Freeze(op.first);
      if (op.verb == "index") Index(op.first, op.second);
      if (op.verb == "ingest") Ingest(op.first);
      if (op.verb == "run") RunLifecycle(op.first);
      if (op.verb == "read") Read(op.first);
    });
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

bool ConcurrentPhase::AllowOutcomes(const Script& ops) {
  const LifecycleConfig& config = session_.config();
  const auto answers = session_.ReadEverything();
  const auto view = store_.View();
  if (!answers.ok() || !view.ok()) return false;
  for (const auto& [chunk, state] : view->hot) {
    if (state != engine::HotState::kReady) continue;
    tip_ = Number(chunk);
    // What the lake has is not ingested too: of a domain one operation is under way at a time.
    has_tip_ = tip_ >= config.lake_chunks;
  }
  std::uint32_t ingested = 0;
  bool has_run = false;
  for (const std::string& text : ops) {
    const ThreadOp op = Parse(text);
    if (op.verb == "ingest") ingested += op.first;
    if (op.verb == "run") has_run = true;
  }
  // The newest chunk that may be complete when the phase ends, and the floor that it may bring.
  std::uint32_t complete_end = config.lake_chunks;
  for (const auto& [artifact, record] : view->artifacts)
    complete_end = std::max(complete_end, Number(artifact.chunk) + 1);
  if (has_tip_) {
    const std::uint32_t have = CountOf(answers->at(Domain("ledgers", tip_)));
    complete_end = std::max(complete_end, tip_ + (have + ingested) / kModelLedgersPerChunk);
  }
  if (config.retention_chunks > 0 && complete_end > config.retention_chunks)
    floor_max_ = complete_end - config.retention_chunks;

  const vfs::MutexLock lock(&mu_);
  for (std::uint32_t c = 0; c < kLifecycleChunksMax; ++c) {
    for (const char* what : kDomains) {
      const std::string domain = Domain(what, c);
      const bool may_freeze = has_run && c < config.lake_chunks;
      if (may_freeze) history_.Attempt(domain, kFull);
      if (c < floor_max_) history_.Attempt(domain, kAbsent);
      // Also of what may be pruned: until a view's floor has passed it, it is there.
      acknowledged_[domain] = CountOf(answers->at(domain));
    }
  }
  return true;
}

bool ConcurrentPhase::Went(const absl::Status& status, std::string_view what) {
  if (status.ok()) return true;
  if (absl::IsAborted(status) || !world_.faulty().Injected().empty()) return false;
  history_.Violate("32-operation-succeeds", fmt::format("{}: {}", what, vfs::Message(status)));
  return false;
}

void ConcurrentPhase::Acknowledge(std::string_view what, std::uint32_t chunk, std::uint32_t count) {
  const std::string domain = Domain(what, chunk);
  const vfs::MutexLock lock(&mu_);
  history_.Acknowledge(domain);
  acknowledged_[domain] = count;
}

bool ConcurrentPhase::IsAtHand(std::uint32_t chunk) {
  if (chunk < floor_max_) return false;
  if (chunk < session_.config().lake_chunks) return true;
  const vfs::MutexLock lock(&mu_);
  return acknowledged_[Domain("ledgers", chunk)] == kModelLedgersPerChunk;
}

void ConcurrentPhase::Freeze(std::uint32_t chunk) {
  if (!IsAtHand(chunk)) return;
  history_.Attempt(Domain("ledgers", chunk), kFull);
  history_.Attempt(Domain("events", chunk), kFull);
  const absl::Status status =
      store_.FreezeChunk(Id(chunk), engine::kAllArtifactKinds, session_.source());
  if (!Went(status, "freeze")) return;
  Acknowledge("ledgers", chunk, kModelLedgersPerChunk);
  Acknowledge("events", chunk, kModelLedgersPerChunk);
}

void ConcurrentPhase::Index(std::uint32_t first, std::uint32_t last) {
  const engine::WindowId window{first / kModelChunksPerWindow};
  if (first > last || last / kModelChunksPerWindow != window.value()) return;
  for (std::uint32_t c = first; c <= last; ++c) {
    if (!IsAtHand(c)) return;
  }
  for (std::uint32_t c = first; c <= last; ++c) history_.Attempt(Domain("lookup", c), kFull);
  const absl::Status status =
      store_.BuildIndex({.window = window, .chunks = {Id(first), Id(last)}}, session_.source());
  if (!Went(status, "index")) return;
  for (std::uint32_t c = first; c <= last; ++c) Acknowledge("lookup", c, kModelLedgersPerChunk);
}

void ConcurrentPhase::Ingest(std::uint32_t count) {
  if (!has_tip_ || tip_ < floor_max_) return;
  std::uint32_t chunk = tip_;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint32_t have = 0;
    {
      const vfs::MutexLock lock(&mu_);
      have = acknowledged_[Domain("ledgers", chunk)];
    }
    if (have == kModelLedgersPerChunk) {
      if (chunk + 1 >= kLifecycleChunksMax) return;
      // The next chunk is ready before its first ledger is committed.
      if (!Went(store_.CreateHot(Id(++chunk)), "create hot")) return;
      have = 0;
    }
    const std::uint32_t sequence = FirstLedgerOf(chunk) + have;
    vfs::RocksBatch batch;
    for (const char* kind : {"ledgers", "events", "txhash"}) {
      batch.Put(vfs::kDefaultFamily, fmt::format("{}:{:08}", kind, sequence),
                LedgerRow(kind, sequence));
    }
    for (const char* what : kDomains) history_.Attempt(Domain(what, chunk), CountText(have + 1));
    const vfs::Step step("client.write");
    if (!Went(store_.CommitLedger(engine::LedgerSeq{sequence}, batch), "ingest")) return;
    for (const char* what : kDomains) Acknowledge(what, chunk, have + 1);
    const vfs::MutexLock lock(&mu_);
    committed_ = sequence;
  }
}

void ConcurrentPhase::RunLifecycle(std::uint32_t times) {
  for (std::uint32_t i = 0; i < times; ++i) {
    if (!Went(store_.RunLifecycle(session_.source()).status(), "run")) return;
  }
}

void ConcurrentPhase::Read(std::uint32_t times) {
  for (std::uint32_t i = 0; i < times; ++i) {
    std::map<std::string, std::uint32_t> promised;
    std::uint32_t committed = 0;
    {
      const vfs::MutexLock lock(&mu_);
      promised = acknowledged_;
      committed = committed_;
    }
    const engine::ReadView view = store_.OpenView();
    const std::uint32_t latest = view.latest().value();
    if (latest < committed) {
      history_.Violate("37-views-are-current", fmt::format("the latest ledger is {}, {} was "
                                                           "acknowledged before the view",
                                                           latest, committed));
    }
    // What the view shows at once, and what it still shows when others went on.
    for (int pass = 0; pass < 2; ++pass) {
      for (std::uint32_t c = 0; c < kLifecycleChunksMax; ++c) ReadChunk(view, c, promised);
    }
  }
}

void ConcurrentPhase::ReadChunk(const engine::ReadView& view,
                                std::uint32_t chunk,
                                const std::map<std::string, std::uint32_t>& promised) {
  const bool is_below = Id(chunk) < view.floor();
  const auto judge = [&](const char* what, const std::string& answer) {
    if (!world_.faulty().Injected().empty()) return;
    const std::string domain = Domain(what, chunk);
    const std::uint32_t count = CountOf(answer);
    if (count == 0 && answer != kAbsent) {
      history_.Violate("35-views-read-clean", fmt::format("{}: {}", domain, answer));
      return;
    }
    if (is_below) {
      if (count > 0)
        history_.Violate("36-nothing-below-the-floor", fmt::format("{}: {}", domain, answer));
      return;
    }
    const auto it = promised.find(domain);
    const std::uint32_t least = it == promised.end() ? 0 : it->second;
    if (count < least) {
      history_.Violate("37-views-are-current",
                       fmt::format("{}: a view reads {}, {} was acknowledged before it was opened",
                                   domain, answer, CountText(least)));
    }
    // Of the latest ledger's chunk everything up to it is there.
    const std::uint32_t latest = view.latest().value();
    const bool holds_latest = latest >= FirstLedgerOf(chunk) && latest < FirstLedgerOf(chunk + 1);
    if (holds_latest && count < latest - FirstLedgerOf(chunk) + 1) {
      history_.Violate(
          "40-latest-is-served",
          fmt::format("{}: a view reads {}, its latest ledger is {}", domain, answer, latest));
    }
  };
  judge("ledgers", AnswerOf(view, "ledgers", chunk));
  judge("events", AnswerOf(view, "events", chunk));
  const auto index = view.LookupWindow(engine::WindowId{chunk / kModelChunksPerWindow});
  judge("lookup", LookUp(view, chunk, index));
}

}  // namespace permafrost::sim
