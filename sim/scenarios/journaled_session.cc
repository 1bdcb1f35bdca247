// Push, drain, truncate, and what must be where.
#include "sim/scenarios/journaled_session.h"

#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "engine/ingest/journal_source.h"
#include "engine/journal/record_types.h"
#include "sim/oracle/expectation.h"
#include "sim/scenarios/journal_session.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"

namespace permafrost::sim {
namespace {

using engine::LedgerSeq;
using engine::RecordType;
using engine::journal::Journal;
using engine::journal::Lsn;

constexpr char kLog[] = "log";
constexpr std::size_t kCursorRecords = 3;

bool IsForeign(Lsn lsn) { return lsn % 4 == 0; }
bool IsAgain(Lsn lsn) { return lsn % 5 == 0; }

std::string LogValue(Lsn lsn) { return lsn == 0 ? std::string(kAbsent) : fmt::format("{}", lsn); }

}  // namespace

// Tells the memory of each ledger before it is handed over.
class JournaledSession::Announced final : public engine::LedgerSource {
 public:
  Announced(JournaledSession* session, engine::LedgerSource* source)
      : session_(*session), source_(*source) {}

  const engine::LedgerDecoder& decoder() const override { return source_.decoder(); }
  std::string name() const override { return source_.name(); }
  bool is_bulk() const override { return source_.is_bulk(); }
  absl::StatusOr<Range> Available() override { return source_.Available(); }
  absl::StatusOr<std::unique_ptr<engine::LedgerStream>> Open(
      std::optional<LedgerSeq> first) override {
    VFS_ASSIGN_OR_RETURN(auto stream, source_.Open(first));
    return std::make_unique<Stream>(&session_, std::move(stream));
  }
  absl::Status Committed(LedgerSeq last) override { return source_.Committed(last); }

 private:
  class Stream final : public engine::LedgerStream {
   public:
    Stream(JournaledSession* session, std::unique_ptr<engine::LedgerStream> stream)
        : session_(*session), stream_(std::move(stream)) {}
    absl::StatusOr<std::optional<engine::SourcedLedger>> Next() override {
      session_.ReadLatest();
      auto ledger = stream_->Next();
      if (ledger.ok() && ledger->has_value()) session_.AttemptLedger((*ledger)->sequence);
      return ledger;
    }

   private:
    JournaledSession& session_;
    const std::unique_ptr<engine::LedgerStream> stream_;
  };

  JournaledSession& session_;
  engine::LedgerSource& source_;
};

absl::Status JournaledSession::Open() {
  VFS_ASSIGN_OR_RETURN(journal_, Journal::Open(world().env(), kJournalPath,
                                               JournalOptionsOf(kJournaledSegmentBytes)));
  VFS_RETURN_IF_ERROR(EngineSession::Open());
  return CheckJournal();
}

absl::Status JournaledSession::ExecuteOnce(const std::vector<std::string>& words) {
  const std::string& verb = words[0];
  if (verb == "drain") return Drain();
  if (verb == "truncate") return Truncate();
  if (verb != "push") return EngineSession::ExecuteOnce(words);
  std::uint64_t count = 1;
  if (words.size() > 1) std::from_chars(words[1].data(), words[1].data() + words[1].size(), count);
  return Push(count);
}

absl::Status JournaledSession::Push(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const Lsn lsn = journal_->LastLsn() + 1;
    if (!model().Has(LastThrough(lsn))) return absl::OkStatus();
    const auto [type, body] = ContentOf(lsn);
    const vfs::Step step("client.write");
    history().Attempt(kLog, LogValue(lsn));
    VFS_RETURN_IF_ERROR(journal_->Append(type, body).status());
    history().Acknowledge(kLog);
  }
  return absl::OkStatus();
}

absl::Status JournaledSession::Drain() {
  engine::WrittenLedgerJournal ledgers(journal_.get());
  VFS_ASSIGN_OR_RETURN(const auto source,
                       engine::JournalSource::Attach(&ledgers, {.cursor_records = kCursorRecords}));
  Announced announced(this, source.get());
  AttemptSettled(false);
  VFS_RETURN_IF_ERROR(IngestFrom(announced));
  const Lsn last = journal_->LastFlushedLsn();
  VFS_ASSIGN_OR_RETURN(const LedgerSeq next, store().Next());
  if (next <= LastThrough(last)) {
    history().Violate("what-was-pushed-arrives",
                      fmt::format("the journal ends with ledger {}, the store wants ledger {}",
                                  LastThrough(last).value(), next.value()));
  }
  const auto cursor = engine::LedgerCursorIn(journal_->state());
  if (cursor != last + 1) {
    history().Violate("what-was-pushed-arrives",
                      fmt::format("all is taken up to LSN {}, the cursor is {}", last,
                                  cursor.has_value() ? LogValue(*cursor) : "not there"));
  }
  return CheckJournal();
}

absl::Status JournaledSession::Truncate() {
  if (!engine::LedgerCursorIn(journal_->state()).has_value()) return absl::OkStatus();
  VFS_ASSIGN_OR_RETURN(const Lsn applied, journal_->CreateCheckpoint());
  VFS_RETURN_IF_ERROR(journal_->TruncateBefore(applied + 1));
  return CheckJournal();
}

absl::Status JournaledSession::CheckJournal() {
  VFS_ASSIGN_OR_RETURN(const auto records, ReadJournal(*journal_));
  for (const engine::JournalRecord& record : records) {
    if (std::pair(record.type, record.body) == ContentOf(record.lsn)) continue;
    history().Violate("25-records-are-whole-and-in-order",
                      fmt::format("LSN {} is of another record", record.lsn));
  }
  history().Serve(kLog, LogValue(journal_->LastFlushedLsn()));
  VFS_ASSIGN_OR_RETURN(const LedgerSeq next, store().Next());
  const engine::journal::JournalState state = journal_->state();
  const auto check = [&](std::string_view what, Lsn lsn) {
    if (LastThrough(lsn - 1) < next) return;
    history().Violate("journal-keeps-what-the-store-lacks",
                      fmt::format("{} is LSN {}, behind ledger {}, and the store wants ledger {}",
                                  what, lsn, LastThrough(lsn - 1).value(), next.value()));
  };
  check("the first record that is there", state.first_needed.lsn);
  if (const auto cursor = engine::LedgerCursorIn(state)) check("the cursor", *cursor);
  return absl::OkStatus();
}

LedgerSeq JournaledSession::LastThrough(Lsn lsn) const {
  std::uint32_t last = model().first().value() - 1;
  for (Lsn at = 1; at <= lsn; ++at)
    if (!IsForeign(at) && !IsAgain(at)) ++last;
  return LedgerSeq{last};
}

std::pair<std::uint8_t, std::string> JournaledSession::ContentOf(Lsn lsn) const {
  if (IsForeign(lsn)) {
    const auto epoch = engine::RecordFactory::FromJson(
        engine::ToString(RecordType::kEpoch),
        fmt::format(R"({{"epochId":"AAAA","firstLedger":{}}})", lsn));
    VFS_CHECK(epoch.ok(), "{}", vfs::Message(epoch.status()));
    return {static_cast<std::uint8_t>(RecordType::kEpoch), epoch->Encode()};
  }
  const ModelLedger& ledger = model().Of(LastThrough(lsn));
  const auto view = model().decoder().Decode(ledger.bytes);
  VFS_CHECK(view.ok(), "{}", vfs::Message(view.status()));
  return {static_cast<std::uint8_t>(RecordType::kLedger),
          engine::LedgerRecordBody(*view, ledger.bytes)};
}

}  // namespace permafrost::sim
