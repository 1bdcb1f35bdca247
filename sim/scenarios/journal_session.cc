// Open, serve, try, open again.
#include "sim/scenarios/journal_session.h"

#include <utility>

#include <fmt/format.h>

#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {

namespace journal = engine::journal;

namespace {

constexpr int kOpenAttempts = 3;
constexpr int kTries = 2;

}  // namespace

journal::JournalOptions JournalOptionsOf(std::uint64_t segment_bytes) {
  journal::JournalOptions options;
  options.store_id.fill(0x11);
  options.segment_bytes = segment_bytes;
  options.batch_size = 3;
  options.max_checkpoints = 2;
  return options;
}

JournalSession::JournalSession(World& world,
                               History& history,
                               const journal::JournalOptions& options,
                               Serve serve)
    : world_(world), history_(history), options_(options), serve_(std::move(serve)) {}

JournalSession::~JournalSession() = default;

bool JournalSession::Start() {
  for (int attempt = 1; attempt <= kOpenAttempts; ++attempt) {
    const std::size_t faults_before = world_.faulty().Injected().size();
    auto opened = journal::Journal::Open(world_.env(), kJournalPath, options_);
    absl::Status status = opened.status();
    if (status.ok()) {
      journal_ = *std::move(opened);
      status = serve_(*journal_);
    }
    if (status.ok()) return true;
    Die();
    if (world_.faulty().Injected().size() == faults_before) {
      history_.Violate("12-journal-opens", vfs::Message(status));
      return false;
    }
  }
  return false;
}

void JournalSession::Stop() {
  if (journal_ == nullptr) return;
  if (!journal_->Close().ok()) return Die();
  journal_.reset();
}

void JournalSession::Die() {
  journal_.reset();
  world_.KillProcess();
}

bool JournalSession::Try(const std::function<absl::Status()>& step) {
  for (int attempt = 1; attempt <= kTries; ++attempt) {
    if (step().ok()) return true;
    Die();
    if (!Start()) return false;
  }
  return true;
}

absl::StatusOr<std::vector<engine::JournalRecord>> ReadJournal(const journal::Journal& journal) {
  std::vector<engine::JournalRecord> records;
  journal::Lsn next = 0;
  VFS_RETURN_IF_ERROR(journal.Replay([&](const engine::JournalRecord& record) -> absl::Status {
    if (next != 0 && record.lsn != next)
      return vfs::Internal("LSN {} follows LSN {}", record.lsn, next - 1);
    if (record.hash != journal::ContentAddressOf(record.type, record.body))
      return vfs::Internal("LSN {}: hash {} of another content", record.lsn, record.hash.Hex());
    next = record.lsn + 1;
    records.push_back(record);
    return absl::OkStatus();
  }));
  const journal::Lsn last = records.empty() ? journal.state().first_needed.lsn - 1 : next - 1;
  if (last != journal.LastFlushedLsn()) {
    return vfs::Internal("the records end with LSN {}, the journal says {}", last,
                         journal.LastFlushedLsn());
  }
  return records;
}

std::string JournalStateText(const journal::Journal& journal) {
  const auto records = ReadJournal(journal);
  if (!records.ok()) return "does not read: " + vfs::Message(records.status());
  const journal::JournalState state = journal.state();
  std::string text = fmt::format("needed={};", state.first_needed.lsn);
  for (const auto& [name, lsn] : state.cursors) text += fmt::format("{}={};", name, lsn);
  for (const auto& place : state.checkpoints) text += fmt::format("checkpoint={};", place.lsn);
  for (const engine::JournalRecord& record : *records) {
    if (record.lsn >= state.first_needed.lsn)
      text += fmt::format("{}:{};", record.lsn, record.body);
  }
  return text;
}

std::string JournalStateText(World& clone, std::uint64_t segment_bytes) {
  const auto opened =
      journal::Journal::Open(clone.env(), kJournalPath, JournalOptionsOf(segment_bytes));
  return opened.ok() ? JournalStateText(**opened)
                     : "does not open: " + vfs::Message(opened.status());
}

std::uint64_t OpenJournals(World& clone, std::uint64_t segment_bytes) {
  const auto opened =
      journal::Journal::Open(clone.env(), kJournalPath, JournalOptionsOf(segment_bytes));
  return opened.ok() && ReadJournal(**opened).ok() ? 1 : 0;
}

}  // namespace permafrost::sim
