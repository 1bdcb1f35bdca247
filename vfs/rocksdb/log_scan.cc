// First everything is read and judged, then cuts are made: what is refused stays untouched.
#include "vfs/rocksdb/log_scan.h"

#include <map>
#include <optional>
#include <span>
#include <utility>

#include <absl/functional/function_ref.h>

#include "vfs/base/bytes.h"
#include "vfs/base/parse_number.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"
#include "vfs/rocksdb/batch_parse.h"
#include "vfs/rocksdb/log_parse.h"
#include "vfs/rocksdb/manifest_parse.h"
#include "vfs/rocksdb/rocks_labels.h"

namespace permafrost::vfs {
namespace {

absl::StatusOr<std::string> ReadWhole(FileSystem& fs, const std::string& path) {
  const Step step(kRocksLabelScanRead);
  VFS_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, fs.Open(path, OpenMode::kRead));
  VFS_ASSIGN_OR_RETURN(const std::uint64_t size, file->Size());
  std::string bytes(size, '\0');
  VFS_ASSIGN_OR_RETURN(const std::size_t got, file->Read(0, std::span<char>(bytes)));
  bytes.resize(got);
  return bytes;
}

// One log as it was read, and where it shall end.
struct Log {
  std::string path;
  std::string bytes;
  ParsedLog parsed;
};

std::string At(const LogDamage& damage) {
  return fmt::format("{} at byte {}", damage.finding, damage.offset);
}

class Scan {
 public:
  Scan(FileSystem& fs, std::string_view path, LogRule rule) : fs_(fs), path_(path), rule_(rule) {}

  absl::StatusOr<LogScanReport> Run() {
    VFS_ASSIGN_OR_RETURN(const std::optional<std::string> manifest, FindManifest());
    if (!manifest.has_value()) return report_;
    report_.manifest = *manifest;
    VFS_RETURN_IF_ERROR(JudgeManifest(*manifest));
    report_.min_log = state_.MinLog();
    VFS_RETURN_IF_ERROR(ReadLogs());
    VFS_RETURN_IF_ERROR(rule_ == LogRule::kCutTornTail ? JudgeSynced() : JudgeUnsynced());
    return Apply();
  }

 private:
  // The MANIFEST that CURRENT names; nothing if there is no CURRENT.
  absl::StatusOr<std::optional<std::string>> FindManifest() {
    const std::string current = JoinPath(path_, "CURRENT");
    const auto text = ReadWhole(fs_, current);
    if (text.status().code() == absl::StatusCode::kNotFound) return std::optional<std::string>();
    VFS_RETURN_IF_ERROR(text.status());
    constexpr std::string_view kPrefix = "MANIFEST-";
    std::string_view name = *text;
    const bool ends = name.ends_with('\n');
    if (ends) name.remove_suffix(1);
    const bool begins = name.starts_with(kPrefix);
    if (!ends || !begins || !ParseNumber<std::uint64_t>(name.substr(kPrefix.size())).has_value()) {
      return DataLoss("scan {}: it does not name a MANIFEST; the database cannot be read", current);
    }
    return std::optional<std::string>(JoinPath(path_, name));
  }

  absl::Status JudgeManifest(const std::string& manifest) {
    auto bytes = ReadWhole(fs_, manifest);
    if (bytes.status().code() == absl::StatusCode::kNotFound) {
      return DataLoss("scan {}: {} names it and it does not exist", manifest,
                      JoinPath(path_, "CURRENT"));
    }
    VFS_RETURN_IF_ERROR(bytes.status());
    const ParsedLog parsed = ParseLog(*bytes, 0);
    std::uint64_t group_begin = 0;  // where the open atomic group begins
    for (const LogRecord& record : parsed.records) {
      const auto edit = DecodeVersionEdit(record.payload);
      if (!edit.ok()) {
        return DataLoss("scan {}: record at byte {}: {}", manifest, record.begin,
                        Message(edit.status()));
      }
      if (!state_.in_group()) group_begin = record.begin;
      state_.Apply(*edit);
    }
    if (parsed.damage.has_value()) {
      const auto next = FindLater(*bytes, *parsed.damage, 0, [&](const RecordStart& start) {
        if (!start.is_whole) return true;
        const auto edit = DecodeVersionEdit(start.payload);
        return edit.ok() && edit->next_file.value_or(state_.next_file()) >= state_.next_file();
      });
      if (next.has_value()) return Refuse(manifest, *parsed.damage, *next);
    }
    if (state_.in_group()) {
      VFS_PROBE("rocksdb/manifest_group_cut");
      Cut(manifest, bytes->size(), group_begin, "the last atomic group is not complete");
      return ReplayUntil(parsed, group_begin);
    }
    if (parsed.damage.has_value()) {
      VFS_PROBE("rocksdb/manifest_tail_cut");
      Cut(manifest, bytes->size(), parsed.damage->begin, At(*parsed.damage));
    }
    return absl::OkStatus();
  }

  // The state without the group that begins at `end`.
  absl::Status ReplayUntil(const ParsedLog& parsed, std::uint64_t end) {
    state_ = ManifestState();
    for (const LogRecord& record : parsed.records) {
      if (record.begin >= end) break;
      VFS_ASSIGN_OR_RETURN(const VersionEdit edit, DecodeVersionEdit(record.payload));
      state_.Apply(edit);
    }
    return absl::OkStatus();
  }

  absl::Status ReadLogs() {
    std::vector<DirEntry> entries;
    {
      const Step step(kRocksLabelScanRead);
      VFS_ASSIGN_OR_RETURN(entries, fs_.List(path_));
    }
    for (const DirEntry& entry : entries) {
      const std::string_view name = entry.name;
      if (entry.kind != FileKind::kFile || !name.ends_with(".log")) continue;
      const auto number = ParseNumber<std::uint64_t>(name.substr(0, name.size() - 4));
      if (!number.has_value() || *number < report_.min_log) continue;
      Log log;
      log.path = JoinPath(path_, entry.name);
      VFS_ASSIGN_OR_RETURN(log.bytes, ReadWhole(fs_, log.path));
      log.parsed = ParseLog(log.bytes, *number);
      report_.records += log.parsed.records.size();
      logs_.emplace(*number, std::move(log));
    }
    report_.logs = logs_.size();
    return absl::OkStatus();
  }

  // Why a batch does not continue the ones before it.
  struct Break {
    LogDamage damage;
    bool is_gap =
        false;  // batches before it are missing; else it is not a batch of this log at all
  };

  // Nothing if the batch continues; it is then followed.
  std::optional<Break> Follow(const LogRecord& record) {
    const auto broken = [&](bool is_gap, std::string finding) {
      return Break{{record.begin, record.begin, std::move(finding)}, is_gap};
    };
    const auto batch = ParseBatch(record.payload);
    if (!batch.has_value()) return broken(false, "a record that is no write batch");
    // The logs go back at most to what the tables hold, and exactly there if all of that was
    // flushed at once.
    const std::uint64_t next = expected_.value_or(state_.last_sequence() + 1);
    const bool exact = expected_.has_value() || state_.LogsContinueTables();
    if (batch->sequence > next) {
      return broken(true,
                    fmt::format("sequence gap (expected {}, found {})", next, batch->sequence));
    }
    if (batch->sequence < next && exact) {
      return broken(false, fmt::format("a batch of another log (expected {}, found {})", next,
                                       batch->sequence));
    }
    expected_ = batch->sequence + batch->count;
    return std::nullopt;
  }

  // Follows the batches of a log up to the first that does not continue.
  std::optional<Break> FollowAll(const Log& log) {
    for (const LogRecord& record : log.parsed.records) {
      if (auto broken = Follow(record); broken.has_value()) return broken;
    }
    return std::nullopt;
  }

  // A batch that this log may have held behind the damage: its number lies ahead, by no more
  // operations than fit.
  bool IsLaterBatch(const LogDamage& damage, const RecordStart& start) const {
    if (start.payload.size() < kWriteBatchHeaderBytes) return !start.is_whole;
    if (start.is_whole && !ParseBatch(start.payload).has_value()) return false;
    const auto sequence = LoadLittleEndian<std::uint64_t>(start.payload, 0);
    const std::uint64_t next = expected_.value_or(state_.last_sequence() + 1);
    const std::uint64_t first = expected_.has_value() || state_.LogsContinueTables() ? next : 1;
    return sequence >= first && sequence <= next + (start.offset - damage.begin);
  }

  // A record behind the damage that shows the damage to be no torn end. The search begins at the
  // first invalid fragment itself: a valid FULL may stand where a LAST had to be.
  static std::optional<std::uint64_t> FindLater(
      std::string_view bytes,
      const LogDamage& damage,
      std::uint64_t number,
      absl::FunctionRef<bool(const RecordStart&)> is_plausible) {
    const bool last_append = LooksLikeTheLastAppend(bytes, damage.begin);
    return FindRecordStart(bytes, damage.offset, number, [&](const RecordStart& start) {
      return is_plausible(start) &&
             (!last_append || FragmentsReachTheEnd(bytes, start.offset, number));
    });
  }

  absl::Status JudgeSynced() {
    const Log* newest = nullptr;
    for (const auto& [number, log] : logs_) {
      if (!log.bytes.empty()) newest = &log;
    }
    for (const auto& [number, log] : logs_) {
      const std::optional<Break> broken = FollowAll(log);
      if (broken.has_value() && broken->is_gap) {
        return DataLoss("scan {}: {}; synced records are missing", log.path, At(broken->damage));
      }
      if (!broken.has_value() && !log.parsed.damage.has_value()) continue;
      const LogDamage& damage = broken.has_value() ? broken->damage : *log.parsed.damage;
      if (&log != newest) {
        return DataLoss("scan {}: {}, and a newer log is not empty; synced records are damaged",
                        log.path, At(damage));
      }
      const auto next = FindLater(log.bytes, damage, number, [&](const RecordStart& start) {
        return IsLaterBatch(damage, start);
      });
      if (next.has_value()) return Refuse(log.path, damage, *next);
      VFS_PROBE("rocksdb/log_tail_cut");
      Cut(log.path, log.bytes.size(), damage.begin, At(damage));
    }
    return absl::OkStatus();
  }

  absl::Status JudgeUnsynced() {
    const std::string* hole_path = nullptr;
    for (const auto& [number, log] : logs_) {
      if (hole_path != nullptr) {
        if (log.bytes.empty()) continue;
        VFS_PROBE("rocksdb/log_behind_hole_cut");
        Cut(log.path, log.bytes.size(), 0, fmt::format("behind the hole in {}", *hole_path));
        continue;
      }
      const std::optional<Break> broken = FollowAll(log);
      const std::optional<LogDamage> hole = broken.has_value() ? broken->damage : log.parsed.damage;
      if (!hole.has_value()) continue;
      VFS_PROBE("rocksdb/log_hole_cut");
      Cut(log.path, log.bytes.size(), hole->begin, At(*hole));
      hole_path = &log.path;
    }
    return absl::OkStatus();
  }

  static absl::Status Refuse(const std::string& path, const LogDamage& damage, std::uint64_t next) {
    return DataLoss(
        "scan {}: {}, and a whole record begins at byte {}; the damage is not a torn end", path,
        At(damage), next);
  }

  void Cut(const std::string& path, std::uint64_t from, std::uint64_t to, std::string finding) {
    if (from > to) report_.cuts.push_back({path, to, from - to, std::move(finding)});
  }

  // The last log first: while a hole stands, what lies behind it is known to be cut.
  absl::StatusOr<LogScanReport> Apply() {
    for (auto cut = report_.cuts.rbegin(); cut != report_.cuts.rend(); ++cut) {
      std::unique_ptr<File> file;
      {
        const Step step(kRocksLabelScanCut);
        VFS_ASSIGN_OR_RETURN(file, fs_.Open(cut->path, OpenMode::kReadWrite));
        VFS_RETURN_IF_ERROR(file->Truncate(cut->kept_bytes));
      }
      const Step step(kRocksLabelScanSync);
      VFS_RETURN_IF_ERROR(file->Sync());
    }
    return std::move(report_);
  }

  FileSystem& fs_;
  const std::string path_;
  const LogRule rule_;
  LogScanReport report_;
  ManifestState state_;
  std::map<std::uint64_t, Log> logs_;
  std::optional<std::uint64_t> expected_;  // the sequence number of the next batch
};

}  // namespace

std::string ToString(const LogCut& cut) {
  return fmt::format("cut {} from {} to {} bytes: {}", cut.path, cut.kept_bytes + cut.cut_bytes,
                     cut.kept_bytes, cut.finding);
}

absl::StatusOr<LogScanReport> ScanLogs(FileSystem& fs, std::string_view path, LogRule rule) {
  return Scan(fs, path, rule).Run();
}

absl::StatusOr<std::string> FindWrittenFile(FileSystem& fs, std::string_view path) {
  constexpr std::string_view kSuffix = ".log";
  std::vector<DirEntry> entries;
  {
    const Step step(kRocksLabelScanRead);
    VFS_ASSIGN_OR_RETURN(entries, fs.List(path));
  }
  for (const DirEntry& entry : entries) {
    std::string file = JoinPath(path, entry.name);
    if (entry.name.ends_with(".sst")) return file;
    if (!entry.name.ends_with(kSuffix)) continue;
    const std::string_view digits =
        std::string_view(entry.name).substr(0, entry.name.size() - kSuffix.size());
    VFS_ASSIGN_OR_RETURN(const std::string bytes, ReadWhole(fs, file));
    const auto number = ParseNumber<std::uint64_t>(digits);
    if (!ParseLog(bytes, number.value_or(0)).records.empty()) return file;
  }
  return std::string();
}

}  // namespace permafrost::vfs
