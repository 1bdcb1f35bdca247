// Each segment by itself, then each beside the next one, then what a recovery would say of all.
#include "engine/daemon/journal_verdict.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/journal/durable_file.h"
#include "engine/journal/journal_format.h"
#include "engine/journal/journal_state.h"
#include "engine/journal/segment_file.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

using journal::HashCheck;
using journal::Lsn;

class Verifying {
 public:
  Verifying(const vfs::Env& env,
            const std::string& directory,
            const journal::JournalOptions& options,
            HashCheck hash)
      : env_(env), directory_(directory), options_(options), hash_(hash) {}

  absl::StatusOr<JournalVerdict> Run() {
    // Both before the segments: what they prove was there to be read.
    VFS_ASSIGN_OR_RETURN(state_, journal::ReadState(env_.fs, directory_));
    VFS_ASSIGN_OR_RETURN(mark_, journal::ReadDurable(env_.fs, directory_, options_.boot_id));
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
    for (const CheckedSegment& checked : verdict_.segments) {
      const bool is_damage = checked.status.code() == absl::StatusCode::kDataLoss;
      if (!checked.status.ok() && !is_damage) return checked.status;
    }
    const bool has_first =
        verdict_.segments.empty() || verdict_.segments.front().base <= state_.first_needed.offset;
    if (!has_first) verdict_.readable_end = {.place = state_.first_needed, .base = {}};
    for (std::size_t i = 0; i < verdict_.segments.size(); ++i) {
      Compare(i);
      FindEnd(i + 1);
    }
    VFS_RETURN_IF_ERROR(AskRecovery());
    FindEnd(verdict_.segments.size());
    if (verdict_.damages.empty()) verdict_.readable_end.reset();
    return std::move(verdict_);
  }

 private:
  absl::Status List() {
    VFS_ASSIGN_OR_RETURN(const auto entries, env_.fs->List(directory_));
    for (const vfs::DirEntry& entry : entries) {
      const auto base = journal::BaseOfName(entry.name);
      if (!base.has_value()) continue;
      CheckedSegment checked;
      checked.base = *base;
      checked.path = vfs::JoinPath(directory_, entry.name);
      verdict_.segments.push_back(std::move(checked));
    }
    Know(std::max(state_.proof().lsn, mark_.has_value() ? mark_->lsn : 0));
    std::vector<CheckedSegment>& segments = verdict_.segments;
    for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
      segments[i].limit = segments[i + 1].base;
      segments[i].is_spent = segments[i].limit <= state_.first_needed.offset;
    }
    return absl::OkStatus();
  }

  void Check(CheckedSegment& checked) const {
    if (!checked.is_spent) checked.status = Read(checked);
  }

  absl::Status Read(CheckedSegment& checked) const {
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
    checked.log_end = from.offset;
    VFS_ASSIGN_OR_RETURN(checked.end,
                         journal::ScanSegment(reader, from, checked.limit, hash_,
                                              [&](const journal::RecordView& record) {
                                                checked.records += record.is_own() ? 0U : 1U;
                                                checked.bytes += record.end() - record.offset;
                                                if (record.type != journal::kTrailerType)
                                                  checked.log_end = record.end();
                                                return absl::OkStatus();
                                              }));
    if (is_last && !checked.end.has_trailer) {
      VFS_ASSIGN_OR_RETURN(checked.beyond, journal::LookBeyond(reader, checked.end));
    }
    return absl::OkStatus();
  }

  void Add(const CheckedSegment& checked, std::string finding) {
    const journal::ScanEnd& end = checked.end;
    verdict_.damages.push_back(
        {checked.path, end.offset,
         fmt::format("verify journal segment {}: damage at byte {} (offset {}): {}; {}",
                     checked.path, end.offset - checked.base, end.offset, end.why, finding)});
  }

  // After damage was found in the last of so many segments, and none in those before it.
  void FindEnd(std::size_t count) {
    if (verdict_.damages.empty() || verdict_.readable_end.has_value()) return;
    verdict_.readable_end = {.place = state_.first_needed, .base = {}};
    for (std::size_t i = 0; i < count; ++i) {
      const CheckedSegment& checked = verdict_.segments[i];
      if (!checked.status.ok() || checked.is_spent) continue;
      verdict_.readable_end = {.place = {.lsn = checked.end.next_lsn, .offset = checked.log_end},
                               .base = checked.base};
    }
  }

  void Know(Lsn lsn) { verdict_.known_lsn = std::max(verdict_.known_lsn, lsn); }

  // A segment beside its successor, the last one beside what stands behind its end.
  void Compare(std::size_t i) {
    const CheckedSegment& checked = verdict_.segments[i];
    if (!checked.status.ok()) {
      verdict_.damages.push_back({checked.path, checked.base, vfs::Message(checked.status)});
      return;
    }
    if (checked.is_spent) return;
    const journal::ScanEnd& end = checked.end;
    Know(std::max(end.next_lsn - 1, checked.beyond.proved));
    if (checked.beyond.proved >= end.next_lsn) {
      Add(checked, fmt::format("LSN {} was durable (a record at offset {} proves it)", end.next_lsn,
                               checked.beyond.proof_at));
    }
    if (i + 1 == verdict_.segments.size()) return;
    const CheckedSegment& after = verdict_.segments[i + 1];
    const bool is_next_known = after.status.ok();
    if ((is_next_known && end.next_lsn != after.segment.header.first_lsn) ||
        (end.has_trailer && end.next_base != after.base)) {
      Add(checked,
          fmt::format("LSN {} was durable (segment {} follows)", end.next_lsn, after.path));
    }
  }

  absl::Status AskRecovery() {
    if (!verdict_.damages.empty()) return absl::OkStatus();
    journal::JournalOptions unmarked = options_;  // a mark that is read last is ahead of a reading
    unmarked.boot_id = {};
    const auto read = journal::Inspect(env_, directory_, unmarked);
    if (read.status().code() == absl::StatusCode::kDataLoss) {
      const CheckedSegment& last = verdict_.segments.back();
      verdict_.damages.push_back({last.path, last.end.offset, vfs::Message(read.status())});
      return absl::OkStatus();
    }
    VFS_RETURN_IF_ERROR(read.status());
    verdict_.report = read->report;
    // A recovery looks at the hashes of the tail only.
    const CheckedSegment& last = verdict_.segments.back();
    const journal::JournalState::Proof proof = state_.proof();
    if (proof.lsn >= last.end.next_lsn) {
      Add(last, fmt::format("LSN {} was durable ({} proves it)", last.end.next_lsn, proof.by));
    } else if (mark_.has_value() && mark_->lsn >= last.end.next_lsn) {
      Add(last, fmt::format("LSN {} was durable (the writer of this boot had synced it)",
                            last.end.next_lsn));
    }
    return absl::OkStatus();
  }

  const vfs::Env env_;
  const std::string directory_;
  const journal::JournalOptions options_;
  const HashCheck hash_;
  journal::JournalState state_;
  std::optional<journal::DurableMark> mark_;
  JournalVerdict verdict_;
};

}  // namespace

absl::StatusOr<JournalVerdict> ReadVerdict(const vfs::Env& env,
                                           const std::string& directory,
                                           const journal::JournalOptions& options,
                                           HashCheck hash) {
  return Verifying(env, directory, options, hash).Run();
}

}  // namespace permafrost::engine
