// What a session of the engine/ scenarios attempts, what was acknowledged, and what is served.
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <absl/functional/function_ref.h>
#include <fmt/format.h>

#include "sim/oracle/expectation.h"
#include "sim/scenarios/engine_answers.h"
#include "sim/scenarios/engine_session.h"
#include "vfs/base/status.h"

namespace permafrost::sim {
namespace {

using engine::ChunkId;
using engine::LedgerSeq;

constexpr std::array<std::string_view, 3> kQuestions = {"ledgers", "lookups", "events"};
constexpr std::string_view kFull = "full";

std::string Domain(std::string_view question, ChunkId chunk) {
  return fmt::format("{}/{}", question, chunk.value());
}

ChunkId ChunkOf(const std::string& domain) {
  std::int32_t chunk = 0;
  std::from_chars(domain.data() + domain.find('/') + 1, domain.data() + domain.size(), chunk);
  return ChunkId{chunk};
}

}  // namespace

void EngineSession::Attempt(const std::string& domain, const std::string& value) {
  history_.Attempt(domain, value);
  current_[domain] = value;
}

void EngineSession::AttemptLedger(LedgerSeq ledger) {
  const ChunkId chunk = geometry_.ChunkOf(ledger);
  const std::string count = EngineCountText(ledger.value() - geometry_.First(chunk).value() + 1);
  for (const std::string_view question : kQuestions) Attempt(Domain(question, chunk), count);
  if (geometry_.IsBoundary(ledger)) AllowHiding(FloorAt(chunk));
}

void EngineSession::AcknowledgeLedger(LedgerSeq ledger) {
  for (const std::string_view question : kQuestions)
    history_.Acknowledge(Domain(question, geometry_.ChunkOf(ledger)));
  acknowledged_ = ledger;
  ReadLatest();
}

std::int64_t EngineSession::FloorAt(ChunkId last_complete) const {
  const std::int64_t first = model_->chunks().first.value();
  if (config_.retention_chunks == 0) return first;
  return std::max<std::int64_t>(first,
                                std::int64_t{last_complete.value()} - config_.retention_chunks + 1);
}

ChunkId EngineSession::LastComplete(bool with_bulk) const {
  ChunkId last = geometry_.LastCompleteChunkAt(store_->store().latest());
  const auto bulk = BulkLast();
  if (with_bulk && bulk.has_value()) last = std::max(last, geometry_.LastCompleteChunkAt(*bulk));
  return last;
}

void EngineSession::AllowHiding(std::int64_t floor) {
  for (ChunkId chunk = model_->chunks().first; chunk.value() < floor; chunk = engine::Next(chunk)) {
    for (const std::string_view question : kQuestions) {
      const std::string domain = Domain(question, chunk);
      const std::string now = current_[domain];
      Attempt(domain, kAbsent);
      if (!now.empty()) Attempt(domain, now);
    }
  }
}

void EngineSession::AttemptSettled(bool with_bulk) {
  const std::int64_t floor = std::max(floor_, FloorAt(LastComplete(with_bulk)));
  // What an earlier run took from the bulk source raises the floor too.
  AllowHiding(FloorAt(LastComplete(true)));
  const auto bulk = BulkLast();
  const auto is_in_bulk = [&](ChunkId chunk) {
    return with_bulk && bulk.has_value() && chunk <= geometry_.LastCompleteChunkAt(*bulk);
  };
  const auto is_there = [&](ChunkId chunk) { return current_[Domain("ledgers", chunk)] == kFull; };
  // Nothing is taken below a hole.
  ChunkId behind_hole = geometry_.ChunkOf(store_->store().latest());
  while (behind_hole > model_->chunks().first &&
         (is_in_bulk(engine::Previous(behind_hole)) || is_there(engine::Previous(behind_hole))))
    behind_hole = engine::Previous(behind_hole);
  ForEachChunk([&](ChunkId chunk) {
    const bool is_taken = is_in_bulk(chunk) && chunk >= behind_hole;
    const bool is_whole = is_taken || is_there(chunk);
    for (const std::string_view question : kQuestions) {
      if (chunk.value() < floor) {
        Attempt(Domain(question, chunk), kAbsent);
      } else if (is_whole) {
        Attempt(Domain(question, chunk), std::string(kFull));
      }
    }
  });
}

void EngineSession::AcknowledgeSettled(const engine::LifecycleReport& report) {
  CheckFloor();
  const std::int64_t floor = FloorAt(LastComplete(false));
  if (floor_ < floor) {
    history_.Violate("4-retention-bound",
                     fmt::format("settled: the floor is {}, not {}", floor_, floor));
  }
  ForEachChunk([&](ChunkId chunk) {
    const bool is_hidden = chunk.value() < floor_;
    // Somebody reads it still.
    if (is_hidden && report.deferred > 0) return;
    if (!is_hidden && current_[Domain("ledgers", chunk)] != kFull) return;
    for (const std::string_view question : kQuestions) {
      const std::string domain = Domain(question, chunk);
      Attempt(domain, is_hidden ? kAbsent : std::string(kFull));
      history_.Acknowledge(domain);
    }
  });
  Serve();
}

void EngineSession::CheckFloor() {
  const std::int64_t floor = store_->store().floor().value();
  const std::int64_t bound = std::max(floor_, FloorAt(LastComplete(true)));
  if (floor > bound) {
    history_.Violate("4-retention-bound",
                     fmt::format("the floor is {}, the retained range begins at {}", floor, bound));
  }
  if (floor < floor_) {
    history_.Violate("28-the-floor-never-falls",
                     fmt::format("the floor was {}, now it is {}", floor_, floor));
  }
  floor_ = floor;
}

EngineSession::Answers EngineSession::ReadAll(const engine::LedgerReader& reader) {
  constexpr int kTries = 2;
  Answers answers;
  // What an injected fault made of a read says nothing about the store: it is read again.
  const auto ask = [&](std::string_view question, ChunkId chunk,
                       absl::FunctionRef<std::string()> read) {
    for (int i = 0; i < kTries; ++i) {
      const std::size_t faults_before = faults();
      std::string answer = read();
      if (store_->store().needs_reopen()) return;
      if (faults() != faults_before) continue;
      answers[Domain(question, chunk)] = std::move(answer);
      return;
    }
  };
  ForEachChunk([&](ChunkId chunk) {
    ask("ledgers", chunk, [&] { return LedgersIn(reader, *model_, chunk); });
    ask("lookups", chunk, [&] { return LookupsIn(reader, *model_, chunk); });
    ask("events", chunk, [&] { return EventsIn(reader, *model_, chunk); });
  });
  return answers;
}

void EngineSession::Serve() {
  CheckFloor();
  const std::size_t faults_before = faults();
  const engine::LedgerReader reader(store_->OpenView(), model_->decoder());
  const Answers answers = ReadAll(reader);
  for (const auto& [domain, answer] : answers) {
    const ChunkId chunk = ChunkOf(domain);
    if (chunk.value() >= floor_) {
      history_.Serve(domain, answer);
      current_[domain] = answer;
      continue;
    }
    // Hidden is not gone: a wider retention may show it again, unless it was pruned meanwhile.
    if (answer != kAbsent)
      history_.Violate("36-nothing-below-the-floor", fmt::format("{}: {}", domain, answer));
    Attempt(domain, kAbsent);
  }
  if (faults() == faults_before) CheckRange(reader, answers);
}

void EngineSession::CheckRange(const engine::LedgerReader& reader, const Answers& answers) {
  const auto next = store_->Next();
  const LedgerSeq latest = reader.latest();
  const LedgerSeq before_next = std::max(latest, LedgerSeq{model_->first().value() - 1});
  if (!next.ok() || next->value() != before_next.value() + 1) {
    history_.Violate(
        "26-the-next-ledger-is-derived",
        fmt::format("the latest ledger is {}, the next one {}", latest.value(),
                    next.ok() ? fmt::format("{}", next->value()) : vfs::Message(next.status())));
  }
  bool is_whole = true;
  ForEachChunk([&](ChunkId chunk) {
    if (chunk.value() < floor_ || latest < geometry_.First(chunk)) return;
    const LedgerSeq last = std::min(latest, geometry_.Last(chunk));
    const std::string all = EngineCountText(last.value() - geometry_.First(chunk).value() + 1);
    is_whole = is_whole && answers.at(Domain("lookups", chunk)) == all;
    if (last == latest && answers.at(Domain("ledgers", chunk)) != all) {
      history_.Violate("40-the-latest-ledger-is-there",
                       fmt::format("ledger {} is the latest, of its chunk there is {}",
                                   latest.value(), answers.at(Domain("ledgers", chunk))));
    }
  });
  const std::size_t faults_before = faults();
  std::vector<Violation> violations = AskForNothing(reader, *model_, is_whole);
  if (faults() != faults_before) return;  // an answer that met a fault may be an error
  for (Violation& violation : violations)
    history_.Violate(violation.invariant, std::move(violation.text));
}

void EngineSession::ReadLatest() {
  // What the bulk source is ahead by may have raised the floor above it.
  if (!acknowledged_.has_value() ||
      geometry_.ChunkOf(*acknowledged_).value() < FloorAt(LastComplete(true)))
    return;
  const std::size_t faults_before = faults();
  const ModelLedger& ledger = model_->Of(*acknowledged_);
  const engine::LedgerReader reader(store_->OpenView(), model_->decoder());
  const auto found = reader.Ledger(ledger.sequence);
  const auto transaction = reader.Transaction(ledger.lookups.front().hash);
  if (faults() != faults_before || store_->store().needs_reopen()) return;
  const bool is_there = found.ok() && found->bytes == ledger.bytes;
  const bool is_found =
      transaction.ok() && transaction->has_value() && (*transaction)->ledger == ledger.sequence;
  if (is_there && is_found) return;
  history_.Violate(
      "26-acknowledged-is-present",
      fmt::format("ledger {} was acknowledged in this life: {}; its transaction: {}",
                  ledger.sequence.value(), found.ok() ? "read" : vfs::Message(found.status()),
                  transaction.ok() ? "asked for" : vfs::Message(transaction.status())));
}

void EngineSession::Hold() {
  held_.reset();
  const std::size_t faults_before = faults();
  held_.reset(new Held{engine::LedgerReader(store_->OpenView(), model_->decoder()), {}, 0});
  held_->answers = ReadAll(held_->reader);
  held_->faults = faults_before;
}

void EngineSession::Release() {
  const std::unique_ptr<Held> held = std::move(held_);
  if (held == nullptr) return;
  const Answers now = ReadAll(held->reader);
  // A fault may have closed what the view held.
  if (faults() != held->faults || now == held->answers) return;
  for (const auto& [domain, answer] : held->answers) {
    const auto at = now.find(domain);
    if (at != now.end() && at->second == answer) continue;
    history_.Violate(
        "37-a-view-stays-as-it-was",
        fmt::format("{}: {}, then {}", domain, answer, at == now.end() ? "nothing" : at->second));
  }
}

}  // namespace permafrost::sim
