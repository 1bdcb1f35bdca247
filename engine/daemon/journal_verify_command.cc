// Each segment by itself, then each beside the next one, then what a recovery would say of all.
#include "engine/daemon/journal_verify_command.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "engine/journal/journal_format.h"
#include "engine/journal/journal_state.h"
#include "engine/journal/segment_file.h"
#include "engine/journal/segment_scan.h"
#include "vfs/base/hex.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

using journal::HashCheck;
using journal::Lsn;
using Json = nlohmann::ordered_json;

// One segment as it was read.
struct Checked {
  std::uint64_t base = 0;
  std::string path;
  absl::Status status;       // not OK: it cannot be opened or read
  journal::Segment segment;  // if OK, and what follows
  bool is_spent = false;     // wholly below what is needed; not read
  std::uint64_t limit = 0;   // global offset at which the next one begins, or the end of the file
  journal::ScanEnd end;
  journal::Beyond beyond;     // of the last segment
  Lsn first_lsn = 0;          // of the first record that is needed
  std::uint64_t records = 0;  // not the journal's own
  std::uint64_t bytes = 0;    // of all records
};

struct Damage {
  std::string file;
  std::uint64_t offset = 0;  // global
  std::string finding;
  friend bool operator==(const Damage&, const Damage&) = default;
};

struct Verdict {
  std::vector<Checked> segments;
  std::vector<Damage> damages;
  journal::RecoveryReport report;  // without damage
};

class Verifying {
 public:
  Verifying(const vfs::Env& env,
            const std::string& directory,
            const journal::JournalOptions& options,
            HashCheck hash)
      : env_(env), directory_(directory), options_(options), hash_(hash) {}

  absl::StatusOr<Verdict> Run() {
    VFS_ASSIGN_OR_RETURN(state_, journal::ReadState(env_.fs, directory_));
    VFS_RETURN_IF_ERROR(List());
    constexpr std::size_t kJobs = 2;
    env_.executor->SetWidth(vfs::Priority::kLow, kJobs);
    for (std::size_t job = 0; job < kJobs; ++job) {
      env_.executor->Schedule({.name = "verify", .run = [this, job] {
                                 for (std::size_t i = job; i < verdict_.segments.size(); i += kJobs)
                                   Check(verdict_.segments[i]);
                               }});
    }
    env_.executor->Drain();
    for (const Checked& checked : verdict_.segments) {
      const bool is_damage = checked.status.code() == absl::StatusCode::kDataLoss;
      if (!checked.status.ok() && !is_damage) return checked.status;
    }
    for (std::size_t i = 0; i < verdict_.segments.size(); ++i) Compare(i);
    VFS_RETURN_IF_ERROR(AskRecovery());
    return std::move(verdict_);
  }

 private:
  absl::Status List() {
    VFS_ASSIGN_OR_RETURN(const auto entries, env_.fs->List(directory_));
    for (const vfs::DirEntry& entry : entries) {
      const auto base = journal::BaseOfName(entry.name);
      if (!base.has_value()) continue;
      Checked checked;
      checked.base = *base;
      checked.path = vfs::JoinPath(directory_, entry.name);
      verdict_.segments.push_back(std::move(checked));
    }
    std::vector<Checked>& segments = verdict_.segments;
    for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
      segments[i].limit = segments[i + 1].base;
      segments[i].is_spent = segments[i].limit <= state_.first_needed.offset;
    }
    return absl::OkStatus();
  }

  void Check(Checked& checked) const {
    if (!checked.is_spent) checked.status = Read(checked);
  }

  absl::Status Read(Checked& checked) const {
    VFS_ASSIGN_OR_RETURN(checked.segment, journal::OpenSegment(env_.fs, directory_, checked.base,
                                                               options_.store_id));
    journal::SegmentReader reader(checked.segment.file.get(), checked.segment.header,
                                  checked.segment.file_bytes);
    const bool is_last = checked.limit == 0;
    if (is_last) checked.limit = reader.end();
    journal::ScanFrom from{.offset = checked.base + journal::kHeaderBytes,
                           .lsn = checked.segment.header.first_lsn};
    if (state_.first_needed.offset > from.offset)
      from = {.offset = state_.first_needed.offset, .lsn = state_.first_needed.lsn};
    checked.first_lsn = from.lsn;
    VFS_ASSIGN_OR_RETURN(checked.end,
                         journal::ScanSegment(reader, from, checked.limit, hash_,
                                              [&](const journal::RecordView& record) {
                                                checked.records += record.is_own() ? 0U : 1U;
                                                checked.bytes += record.end() - record.offset;
                                                return absl::OkStatus();
                                              }));
    if (is_last && !checked.end.has_trailer) {
      VFS_ASSIGN_OR_RETURN(checked.beyond, journal::LookBeyond(reader, checked.end));
    }
    return absl::OkStatus();
  }

  void Add(const Checked& checked, std::string finding) {
    const journal::ScanEnd& end = checked.end;
    verdict_.damages.push_back(
        {checked.path, end.offset,
         fmt::format("verify journal segment {}: damage at byte {} (offset {}): {}; {}",
                     checked.path, end.offset - checked.base, end.offset, end.why, finding)});
  }

  // A segment beside its successor, the last one beside what stands behind its end.
  void Compare(std::size_t i) {
    const Checked& checked = verdict_.segments[i];
    if (!checked.status.ok()) {
      verdict_.damages.push_back({checked.path, checked.base, vfs::Message(checked.status)});
      return;
    }
    if (checked.is_spent) return;
    const journal::ScanEnd& end = checked.end;
    if (checked.beyond.proved >= end.next_lsn) {
      Add(checked, fmt::format("LSN {} was durable (a record at offset {} proves it)", end.next_lsn,
                               checked.beyond.proof_at));
    }
    if (i + 1 == verdict_.segments.size()) return;
    const Checked& after = verdict_.segments[i + 1];
    const bool is_next_known = after.status.ok();
    if ((is_next_known && end.next_lsn != after.segment.header.first_lsn) ||
        (end.has_trailer && end.next_base != after.base)) {
      Add(checked,
          fmt::format("LSN {} was durable (segment {} follows)", end.next_lsn, after.path));
    }
  }

  absl::Status AskRecovery() {
    if (!verdict_.damages.empty()) return absl::OkStatus();
    const auto read = journal::Inspect(env_, directory_, options_);
    if (read.status().code() == absl::StatusCode::kDataLoss) {
      const Checked& last = verdict_.segments.back();
      verdict_.damages.push_back({last.path, last.end.offset, vfs::Message(read.status())});
      return absl::OkStatus();
    }
    VFS_RETURN_IF_ERROR(read.status());
    verdict_.report = read->report;
    // A recovery looks at the hashes of the tail only. The state was read before the segments, so
    // that what it proves was there to be read.
    const Checked& last = verdict_.segments.back();
    const journal::JournalState::Proof proof = state_.proof();
    if (proof.lsn >= last.end.next_lsn)
      Add(last, fmt::format("LSN {} was durable ({} proves it)", last.end.next_lsn, proof.by));
    return absl::OkStatus();
  }

  const vfs::Env env_;
  const std::string directory_;
  const journal::JournalOptions options_;
  const HashCheck hash_;
  journal::JournalState state_;
  Verdict verdict_;
};

// "LSN 1 to 40", "no record".
std::string Range(const Checked& checked) {
  if (checked.end.next_lsn == checked.first_lsn) return "no record";
  return fmt::format("LSN {} to {}", checked.first_lsn, checked.end.next_lsn - 1);
}

std::string Why(const Checked& checked) {
  if (checked.end.has_trailer)
    return fmt::format("a trailer names offset {}", checked.end.next_base);
  return checked.end.why;
}

std::string TextOf(const Checked& checked) {
  if (checked.is_spent) return fmt::format("{}: spent, not read\n", checked.path);
  if (!checked.status.ok()) return fmt::format("{}: damaged\n", checked.path);
  return fmt::format("{}: {}, {} bytes, ends at offset {}: {}\n", checked.path, Range(checked),
                     checked.bytes, checked.end.offset, Why(checked));
}

Json JsonOf(const Checked& checked) {
  Json json = {{"file", checked.path}, {"base", checked.base}};
  json["state"] = checked.is_spent ? "spent" : checked.status.ok() ? "read" : "damaged";
  if (checked.is_spent || !checked.status.ok()) return json;
  json["first_lsn"] = checked.first_lsn;
  json["records"] = checked.records;
  json["bytes"] = checked.bytes;
  json["end_offset"] = checked.end.offset;
  json["end"] = Why(checked);
  return json;
}

std::string TextOf(const Verdict& verdict) {
  std::string out;
  std::uint64_t records = 0;
  for (const Checked& checked : verdict.segments) {
    out += TextOf(checked);
    records += checked.records;
  }
  out += fmt::format("{} segments, {} records, {} damages\n", verdict.segments.size(), records,
                     verdict.damages.size());
  if (verdict.damages.empty()) out += journal::ToString(verdict.report) + "\n";
  return out;
}

std::string JsonOf(const Verdict& verdict, const journal::StoreId& store_id) {
  Json json = {{"store_id", vfs::HexOf(store_id)}, {"valid", verdict.damages.empty()}};
  json["segments"] = Json::array();
  for (const Checked& checked : verdict.segments) json["segments"].push_back(JsonOf(checked));
  json["damages"] = Json::array();
  for (const Damage& damage : verdict.damages) {
    json["damages"].push_back(
        {{"file", damage.file}, {"offset", damage.offset}, {"finding", damage.finding}});
  }
  json["tail"] = nullptr;
  if (verdict.damages.empty()) {
    const journal::RecoveryReport& report = verdict.report;
    json["tail"] = {{"proved_lsn", report.proved},
                    {"last_lsn", report.last},
                    {"kept_bytes", report.kept_bytes},
                    {"dropped_bytes", report.dropped_bytes},
                    {"provably_unacknowledged", report.is_provable}};
  }
  return JsonLine(json);
}

// Damage that a second reading finds elsewhere, or not at all, was a writer at work.
absl::StatusOr<Verdict> SettledVerdict(const vfs::Env& env,
                                       const std::string& directory,
                                       const journal::JournalOptions& options,
                                       HashCheck hash) {
  const auto read = [&] { return Verifying(env, directory, options, hash).Run(); };
  auto verdict = read();
  for (std::size_t i = 0; i < kReadingsMax; ++i) {
    if (verdict.ok() && verdict->damages.empty()) break;
    auto again = read();
    const bool is_settled =
        again.status() == verdict.status() && (!again.ok() || again->damages == verdict->damages);
    verdict = std::move(again);
    if (is_settled) break;
  }
  return verdict;
}

}  // namespace

CommandResult JournalVerifyCommand(const vfs::Env& env,
                                   const JournalPlaceOptions& options,
                                   HashCheck hash) {
  const auto found = ExistingOptions(env, options);
  if (!found.ok()) return JournalFailure(found.status());
  const auto verdict = SettledVerdict(env, options.directory, *found, hash);
  if (!verdict.ok()) return JournalFailure(verdict.status());
  CommandResult result;
  result.out =
      options.form == OutputForm::kJson ? JsonOf(*verdict, found->store_id) : TextOf(*verdict);
  for (const Damage& damage : verdict->damages) {
    result.code = ExitCode::kDataLoss;
    result.err += fmt::format("permafrost: {}\n", damage.finding);
  }
  return result;
}

}  // namespace permafrost::engine
