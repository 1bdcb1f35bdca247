// dump, replay, checkpoint.
#include "engine/daemon/journal_commands.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "engine/journal/journal_reader.h"
#include "engine/journal/segment_scan.h"
#include "engine/records/record_store.h"
#include "vfs/base/escape.h"
#include "vfs/base/parse_number.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/durable.h"

namespace permafrost::engine {
namespace {

using journal::Enough;
using journal::HashCheck;
using journal::Journal;
using journal::Lsn;
using journal::RecordView;

constexpr std::size_t kBatchRecords = 256;
constexpr std::size_t kBatchBytes = std::size_t{4} << 20;

// The records of a replay: as a reader sees them, or, to journal skip marks, as their writer.
struct ReplaySource {
  std::unique_ptr<Journal> journal;  // null: read only
  std::vector<journal::Segment> segments;
  Lsn first = 1;
  Lsn last = 0;  // durable
  Lsn left = 0;  // behind it, not provably durable
};

absl::Status AppendSkipMarks(Journal& journal, const JournalReplayOptions& replay) {
  for (const Lsn lsn : replay.skip) {
    const nlohmann::ordered_json mark = {{"skipped_lsn", std::to_string(lsn)},
                                         {"reason", "permafrost journal replay --skip-lsn"},
                                         {"operator_name", replay.operator_name}};
    VFS_ASSIGN_OR_RETURN(const Record record, RecordFactory::FromJson("skip_mark", mark.dump()));
    VFS_RETURN_IF_ERROR(
        journal.Append(static_cast<std::uint8_t>(record.type()), record.Encode()).status());
  }
  return absl::OkStatus();
}

absl::Status CheckSkips(const std::vector<Lsn>& skip, Lsn cursor, Lsn last) {
  for (const Lsn lsn : skip) {
    if (lsn >= cursor && lsn <= last) continue;
    return vfs::InvalidArgument("--skip-lsn {}: not between the cursor {} and the last LSN {}", lsn,
                                cursor, last);
  }
  return absl::OkStatus();
}

absl::StatusOr<ReplaySource> OpenSource(const vfs::Env& env,
                                        const JournalPlaceOptions& options,
                                        const JournalReplayOptions& replay,
                                        Lsn cursor) {
  ReplaySource source;
  VFS_ASSIGN_OR_RETURN(JournalOnDisk disk, InspectJournal(env, options));
  VFS_RETURN_IF_ERROR(CheckSkips(replay.skip, cursor, disk.last));
  source.first = disk.first;
  if (replay.skip.empty()) {
    source.segments = std::move(disk.segments);
    source.last = disk.report.proved;
    source.left = disk.last - disk.report.proved;
    return source;
  }
  disk.segments.clear();
  VFS_ASSIGN_OR_RETURN(source.journal, OpenJournal(env, options, IfMissing::kRefuse));
  VFS_RETURN_IF_ERROR(AppendSkipMarks(*source.journal, replay));
  source.segments = source.journal->segments();
  source.last = source.journal->LastFlushedLsn();
  return source;
}

absl::Status ApplyAll(const ReplaySource& source,
                      const std::vector<Lsn>& skip,
                      RecordStore& store) {
  if (store.cursor() > source.last + source.left + 1) {
    return vfs::DataLoss(
        "replay into record store: its cursor is {}, the journal ends with LSN {}; it is another "
        "journal's, or the journal lost records",
        store.cursor(), source.last + source.left);
  }
  if (store.cursor() < source.first) {
    return vfs::OutOfRange(
        "replay into record store: its cursor is {}, the journal begins with LSN {}; restore a "
        "record store that is further",
        store.cursor(), source.first);
  }
  std::vector<JournalRecord> batch;
  std::size_t bytes = 0;
  const auto apply = [&]() -> absl::Status {
    if (batch.empty()) return absl::OkStatus();
    VFS_RETURN_IF_ERROR(store.Apply(batch, batch.back().lsn + 1, {.skipped_lsns = skip}));
    batch.clear();
    bytes = 0;
    return absl::OkStatus();
  };
  if (store.cursor() > source.last) return absl::OkStatus();
  VFS_RETURN_IF_ERROR(journal::ReadRecords(
      source.segments, store.cursor(), source.last, HashCheck::kYes, [&](const RecordView& record) {
        batch.push_back(journal::CopyOf(record));
        bytes += record.body.size();
        const bool is_full = batch.size() >= kBatchRecords || bytes >= kBatchBytes;
        return is_full ? apply() : absl::OkStatus();
      }));
  return apply();
}

absl::StatusOr<std::string> Replay(const vfs::Env& env,
                                   const JournalPlaceOptions& options,
                                   const vfs::Env& records_env,
                                   const JournalReplayOptions& replay) {
  VFS_RETURN_IF_ERROR(ExistingOptions(env, options).status());
  VFS_RETURN_IF_ERROR(
      vfs::MakeDirs(records_env.fs, {.leaf = replay.records, .anchor = ""}, "roots.sync"));
  VFS_ASSIGN_OR_RETURN(const auto store, RecordStore::Open(records_env, replay.records, {}));
  const Lsn before = store->cursor();
  VFS_ASSIGN_OR_RETURN(const ReplaySource source, OpenSource(env, options, replay, before));
  VFS_RETURN_IF_ERROR(ApplyAll(source, replay.skip, *store));
  const Lsn cursor = store->cursor();
  VFS_RETURN_IF_ERROR(store->Close());
  if (source.journal != nullptr) VFS_RETURN_IF_ERROR(source.journal->Close());
  if (options.form == OutputForm::kJson) {
    return JsonLine({{"applied", cursor - before},
                     {"skipped", replay.skip.size()},
                     {"cursor", cursor},
                     {"not_provably_durable", source.left}});
  }
  std::string text = fmt::format("{} records applied, {} of them skipped; the cursor is {}\n",
                                 cursor - before, replay.skip.size(), cursor);
  if (source.left > 0)
    text += fmt::format("{} records behind it are not provably durable; left\n", source.left);
  return text;
}

absl::StatusOr<std::string> Checkpoint(const vfs::Env& env,
                                       const JournalPlaceOptions& options,
                                       const std::vector<CursorSetting>& cursors) {
  VFS_ASSIGN_OR_RETURN(const auto journal, OpenJournal(env, options, IfMissing::kRefuse));
  for (const auto& [name, next] : cursors) VFS_RETURN_IF_ERROR(journal->SetCursor(name, next));
  const std::size_t before = journal->segments().size();
  VFS_ASSIGN_OR_RETURN(const Lsn applied, journal->CreateCheckpoint());
  VFS_RETURN_IF_ERROR(journal->TruncateBefore(applied + 1));
  const std::size_t after = journal->segments().size();
  const journal::JournalPlace needed = journal->state().first_needed;
  VFS_RETURN_IF_ERROR(journal->Close());
  if (options.form == OutputForm::kJson) {
    return JsonLine({{"applied", applied},
                     {"first_needed_lsn", needed.lsn},
                     {"first_needed_offset", needed.offset},
                     {"segments_removed", before - after},
                     {"segments", after}});
  }
  return fmt::format(
      "applied up to LSN {}; needed from LSN {} at offset {}; {} segments removed, {} left\n",
      applied, needed.lsn, needed.offset, before - after, after);
}

CommandResult Answered(const absl::StatusOr<std::string>& text) {
  if (!text.ok()) return JournalFailure(text.status());
  return {.code = ExitCode::kOk, .out = *text, .err = ""};
}

}  // namespace

CommandResult JournalDumpCommand(const vfs::Env& env,
                                 const JournalPlaceOptions& options,
                                 const JournalDumpOptions& dump,
                                 Output output) {
  std::optional<std::uint8_t> type;
  if (dump.type.has_value()) {
    const auto known = ParseRecordType(*dump.type);
    if (!known.ok()) return JournalFailure(known.status());
    type = *known;
  }
  const auto disk = InspectJournal(env, options);
  if (!disk.ok()) return JournalFailure(disk.status());
  const auto first = FirstToRead(disk->first, dump.from);
  if (!first.ok()) return JournalFailure(first.status());
  if (dump.limit == 0) return {};
  std::uint64_t count = 0;
  const absl::Status read =
      journal::ReadRecords(disk->segments, *first, disk->last, HashCheck::kYes,
                           [&](const RecordView& view) -> absl::Status {
                             if (type.has_value() && view.type != *type) return absl::OkStatus();
                             JournalRecord record = journal::CopyOf(view);
                             record.is_durable = record.lsn <= disk->report.proved;
                             VFS_RETURN_IF_ERROR(output(RecordLine(record, options.form)));
                             return ++count == dump.limit ? journal::Enough() : absl::OkStatus();
                           });
  if (!read.ok() && !journal::IsEnough(read)) return JournalFailure(read);
  CommandResult result;
  if (disk->last > disk->report.proved || disk->report.dropped_bytes > 0)
    result.err = fmt::format("permafrost: {}\n", journal::ToString(disk->report));
  return result;
}

absl::StatusOr<std::string> JournalRawRecord(const vfs::Env& env,
                                             const JournalPlaceOptions& options,
                                             Lsn lsn) {
  VFS_ASSIGN_OR_RETURN(const JournalOnDisk disk, InspectJournal(env, options));
  VFS_RETURN_IF_ERROR(FirstToRead(disk.first, lsn).status());
  if (lsn > disk.last) {
    return vfs::OutOfRange("read journal: LSN {} is behind the end of the log, LSN {}", lsn,
                           disk.last);
  }
  std::string bytes;
  VFS_RETURN_IF_ERROR(
      journal::ReadRecords(disk.segments, lsn, lsn, HashCheck::kYes, [&](const RecordView& record) {
        bytes = static_cast<char>(record.type);
        bytes += record.body;
        return absl::OkStatus();
      }));
  return bytes;
}

CommandResult JournalReplayCommand(const vfs::Env& env,
                                   const JournalPlaceOptions& options,
                                   const vfs::Env& records_env,
                                   const JournalReplayOptions& replay) {
  return Answered(Replay(env, options, records_env, replay));
}

absl::StatusOr<CursorSetting> ParseCursorSetting(std::string_view text) {
  const std::size_t equals = text.find('=');
  const auto lsn = equals == std::string_view::npos
                       ? std::nullopt
                       : vfs::ParseNumber<std::uint64_t>(text.substr(equals + 1));
  if (!lsn.has_value() || *lsn == 0) {
    return vfs::InvalidArgument("--cursor {}: expected NAME=LSN, the next LSN that NAME needs",
                                vfs::EscapedForError(text));
  }
  return CursorSetting(text.substr(0, equals), *lsn);
}

CommandResult JournalCheckpointCommand(const vfs::Env& env,
                                       const JournalPlaceOptions& options,
                                       const std::vector<CursorSetting>& cursors) {
  return Answered(Checkpoint(env, options, cursors));
}

}  // namespace permafrost::engine
