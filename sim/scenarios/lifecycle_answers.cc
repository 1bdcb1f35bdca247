// What reading the store answers, through the engine's own code, as values of domains.
#include <absl/functional/function_ref.h>
#include <fmt/format.h>

#include "sim/oracle/expectation.h"
#include "sim/scenarios/ledger_model.h"
#include "sim/scenarios/lifecycle_session.h"
#include "sim/scenarios/lifecycle_texts.h"
#include "vfs/base/status.h"

namespace permafrost::sim {
namespace {

using lifecycle::CountText;
using lifecycle::Domain;
using lifecycle::Id;
using lifecycle::kFull;

// Errors of reading become values: an answer that no attempt allows is a violation.
std::string ErrorValue(const absl::Status& status) {
  return absl::IsNotFound(status) ? std::string(kAbsent) : "error: " + vfs::Message(status);
}

}  // namespace

void LifecycleSession::ServeAll() {
  const std::int64_t floor = store_->floor().value();
  if (floor > floor_) {
    history_.Violate(
        "4-retention-bound",
        fmt::format("the floor is {}, the retained range begins at {}", floor, floor_));
  }
  for (const auto& [domain, answer] : ReadAll()) {
    const std::size_t slash = domain.find('/');
    const auto chunk = static_cast<std::int64_t>(lifecycle::ToNumber(domain.substr(slash + 1)));
    if (chunk >= floor) {
      history_.Serve(domain, answer);
      continue;
    }
    // Hidden is not gone: a wider retention may show it again, unless it was pruned meanwhile.
    if (answer != kAbsent) {
      history_.Violate("36-nothing-below-the-floor", fmt::format("{}: {}", domain, answer));
    }
    history_.Attempt(domain, kAbsent);
  }
}

LifecycleSession::Answers LifecycleSession::ReadAll() {
  constexpr int kTries = 2;
  Answers answers;
  // What an injected fault made of a read says nothing about the store: it is read again.
  const auto ask = [&](const std::string& domain, absl::FunctionRef<std::string()> read) {
    for (int i = 0; i < kTries; ++i) {
      const std::size_t faults_before = world_.faulty().Injected().size();
      std::string answer = read();
      if (store_->needs_reopen()) return;
      if (world_.faulty().Injected().size() != faults_before) continue;
      answers[domain] = std::move(answer);
      return;
    }
  };
  std::map<std::uint32_t, absl::StatusOr<engine::IndexContent>> windows;
  for (std::uint32_t c = 0; c < kLifecycleChunksMax; ++c) {
    for (const char* kind : {"ledgers", "events"})
      ask(Domain(kind, c), [&] { return ReadRows(kind, c); });
    ask(Domain("lookup", c), [&] {
      const std::uint32_t window = c / kModelChunksPerWindow;
      const auto [it, is_new] = windows.try_emplace(window, absl::UnknownError(""));
      if (!it->second.ok()) it->second = store_->LookupWindow(engine::WindowId{window});
      return LookUp(c, it->second);
    });
    CheckFamilies(c);
  }
  return answers;
}

absl::StatusOr<LifecycleSession::Answers> LifecycleSession::ReadEverything() {
  Answers answers = ReadAll();
  if (answers.size() == std::size_t{3} * kLifecycleChunksMax) return answers;
  return vfs::FailedPrecondition("read every chunk: an injected fault is in the way");
}

void LifecycleSession::CheckFamilies(std::uint32_t chunk) {
  if (HotCount(chunk) == 0) return;
  const auto db = store_->OpenHot(Id(chunk));
  if (!db.ok()) return;
  const auto count = [&](std::string_view prefix) {
    const auto rows = (*db)->Scan(vfs::kDefaultFamily, vfs::PrefixRange(prefix));
    return rows.ok() ? rows->size() : 0;
  };
  const std::size_t ledgers = count("ledgers:");
  const std::size_t events = count("events:");
  const std::size_t hashes = count("txhash:");
  if (ledgers == events && events == hashes) return;
  history_.Violate("25-all-families-or-none",
                   fmt::format("hot chunk {} holds {} ledgers, {} events rows, {} hash rows", chunk,
                               ledgers, events, hashes));
}

std::string LifecycleSession::ReadRows(std::string_view kind, std::uint32_t chunk) {
  const auto parsed = engine::ParseArtifactKind(kind);
  const auto content = store_->ReadArtifact({.chunk = Id(chunk), .kind = *parsed});
  if (!content.ok()) return ErrorValue(content.status());
  if (content->home == engine::Home::kHot) return ValueOfHotRows(kind, chunk, content->hot_rows);
  for (std::size_t file = 0; file < content->files.size(); ++file) {
    const auto payload = DecodeBlocks(content->files[file]);
    if (!payload.ok()) return "wrong: " + vfs::Message(payload.status());
    if (content->files[file] != FrozenFileBytes(kind, chunk, file))
      return fmt::format("wrong: file {} of chunk {} holds other bytes", file, chunk);
  }
  return kFull;
}

std::string LifecycleSession::ValueOfHotRows(std::string_view kind,
                                             std::uint32_t chunk,
                                             const std::vector<vfs::RocksDb::Row>& rows) const {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint32_t sequence = FirstLedgerOf(chunk) + static_cast<std::uint32_t>(i);
    if (rows[i].first != fmt::format("{}:{:08}", kind, sequence) ||
        rows[i].second != LedgerRow(kind, sequence)) {
      return fmt::format("wrong: row {} of {} is {}", i, Domain(kind, chunk), rows[i].first);
    }
  }
  return rows.size() > kModelLedgersPerChunk ? "wrong: too many rows"
                                             : CountText(static_cast<std::uint32_t>(rows.size()));
}

std::string LifecycleSession::LookUp(std::uint32_t chunk,
                                     const absl::StatusOr<engine::IndexContent>& index) {
  if (static_cast<std::int64_t>(chunk) < store_->floor().value()) return kAbsent;
  if (!index.ok() && !absl::IsNotFound(index.status())) return ErrorValue(index.status());
  if (index.ok()) {
    const auto payload = DecodeBlocks(index->bytes);
    if (!payload.ok()) return "wrong: " + vfs::Message(payload.status());
    const bool is_covered =
        index->coverage.chunks.first <= Id(chunk) && Id(chunk) <= index->coverage.chunks.last;
    const std::string line = IndexLine(chunk, FrozenFileBytes("txhash", chunk, 0));
    const bool is_there = payload->find(line) != std::string::npos;
    if (is_covered && !is_there) return fmt::format("wrong: the index lacks chunk {}", chunk);
    if (is_covered) return kFull;
  }
  const auto state = store_->catalog().Find(engine::HotChunkKey{Id(chunk)});
  if (!state.ok()) return ErrorValue(state.status());
  if (*state != engine::HotState::kReady) return kAbsent;
  const auto db = store_->OpenHot(Id(chunk));
  if (!db.ok()) return ErrorValue(db.status());
  const auto rows = (*db)->Scan(vfs::kDefaultFamily, vfs::PrefixRange("txhash:"));
  return rows.ok() ? ValueOfHotRows("txhash", chunk, *rows) : ErrorValue(rows.status());
}

std::uint32_t LifecycleSession::HotCount(std::uint32_t chunk) {
  const auto state = store_->catalog().Find(engine::HotChunkKey{Id(chunk)});
  if (!state.ok() || *state != engine::HotState::kReady) return 0;
  const auto db = store_->OpenHot(Id(chunk));
  if (!db.ok()) return 0;
  const auto rows = (*db)->Scan(vfs::kDefaultFamily, vfs::PrefixRange("ledgers:"));
  return rows.ok() ? static_cast<std::uint32_t>(rows->size()) : 0;
}

}  // namespace permafrost::sim
