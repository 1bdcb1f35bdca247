// Lines and JSON of what was read, and of what was removed.
#include "engine/daemon/journal_verify_command.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "engine/daemon/journal_verdict.h"
#include "engine/journal/journal_format.h"
#include "engine/journal/truncation.h"
#include "vfs/base/hex.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/durable.h"

namespace permafrost::engine {
namespace {

using journal::HashCheck;
using journal::Lsn;
using Json = nlohmann::ordered_json;

// "LSN 1 to 40", "no record".
std::string Range(const CheckedSegment& checked) {
  if (checked.end.next_lsn == checked.first_lsn) return "no record";
  return fmt::format("LSN {} to {}", checked.first_lsn, checked.end.next_lsn - 1);
}

std::string Why(const CheckedSegment& checked) {
  if (checked.end.has_trailer)
    return fmt::format("a trailer names offset {}", checked.end.next_base);
  return checked.end.why;
}

std::string TextOf(const CheckedSegment& checked) {
  if (checked.is_spent) return fmt::format("{}: spent, not read\n", checked.path);
  if (!checked.status.ok()) return fmt::format("{}: damaged\n", checked.path);
  return fmt::format("{}: {}, {} bytes, ends at offset {}: {}\n", checked.path, Range(checked),
                     checked.bytes, checked.end.offset, Why(checked));
}

Json JsonOf(const CheckedSegment& checked) {
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

std::string TextOf(const JournalVerdict& verdict) {
  std::string out;
  std::uint64_t records = 0;
  for (const CheckedSegment& checked : verdict.segments) {
    out += TextOf(checked);
    records += checked.records;
  }
  out += fmt::format("{} segments, {} records, {} damages\n", verdict.segments.size(), records,
                     verdict.damages.size());
  if (verdict.damages.empty()) out += journal::ToString(verdict.report) + "\n";
  return out;
}

std::string JsonOf(const JournalVerdict& verdict, const journal::StoreId& store_id) {
  Json json = {{"store_id", vfs::HexOf(store_id)}, {"valid", verdict.damages.empty()}};
  json["segments"] = Json::array();
  for (const CheckedSegment& checked : verdict.segments)
    json["segments"].push_back(JsonOf(checked));
  json["damages"] = Json::array();
  for (const JournalDamage& damage : verdict.damages) {
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
absl::StatusOr<JournalVerdict> SettledVerdict(const vfs::Env& env,
                                              const std::string& directory,
                                              const journal::JournalOptions& options,
                                              HashCheck hash) {
  const auto read = [&] { return ReadVerdict(env, directory, options, hash); };
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

// With the boot, so that what its writer had synced is missed too.
absl::StatusOr<journal::JournalOptions> OptionsForVerdict(const vfs::Env& env,
                                                          const JournalPlaceOptions& options) {
  VFS_ASSIGN_OR_RETURN(journal::JournalOptions found, ExistingOptions(env, options));
  found.boot_id = options.boot_id;
  return found;
}

std::string TextOf(const JournalVerdict& verdict, const journal::Truncation& done, Lsn at) {
  std::string out;
  for (const JournalDamage& damage : verdict.damages) out += damage.finding + "\n";
  const std::string known =
      verdict.known_lsn > at ? fmt::format(" to {} at least", verdict.known_lsn) : "";
  out += fmt::format("removed LSN {}{}; the log ends with LSN {}\n", at, known, done.last);
  for (const journal::RemovedBytes& removed : done.removed) {
    out += fmt::format("removed {} bytes of {} from byte {} on; kept as {}\n", removed.bytes,
                       removed.file, removed.position, removed.kept_as);
  }
  for (const auto& [name, lsn] : done.cursors)
    out += fmt::format("removed cursor '{}' (LSN {})\n", name, lsn);
  for (const journal::JournalPlace& place : done.checkpoints)
    out += fmt::format("removed the checkpoint at LSN {}\n", place.lsn);
  return out + fmt::format("LSN {} is given again: who has applied it must be made anew\n",
                           done.last + 1);
}

std::string JsonOf(const JournalVerdict& verdict, const journal::Truncation& done, Lsn at) {
  Json json = {
      {"removed_lsn", at}, {"known_lsn", std::max(verdict.known_lsn, at)}, {"last_lsn", done.last}};
  json["findings"] = Json::array();
  for (const JournalDamage& damage : verdict.damages) json["findings"].push_back(damage.finding);
  json["removed"] = Json::array();
  for (const journal::RemovedBytes& removed : done.removed) {
    json["removed"].push_back({{"file", removed.file},
                               {"position", removed.position},
                               {"bytes", removed.bytes},
                               {"kept_as", removed.kept_as}});
  }
  json["cursors"] = done.cursors;
  json["checkpoints"] = Json::array();
  for (const journal::JournalPlace& place : done.checkpoints)
    json["checkpoints"].push_back(place.lsn);
  return JsonLine(json);
}

absl::StatusOr<std::string> Truncate(const vfs::Env& env,
                                     const JournalPlaceOptions& options,
                                     HashCheck hash,
                                     const JournalTruncateOptions& truncate) {
  VFS_ASSIGN_OR_RETURN(const journal::JournalOptions found, OptionsForVerdict(env, options));
  VFS_ASSIGN_OR_RETURN(const auto lock,
                       env.fs->Lock(vfs::JoinPath(options.directory, journal::kLockName),
                                    {.content = options.holder}));
  VFS_ASSIGN_OR_RETURN(const JournalVerdict verdict,
                       ReadVerdict(env, options.directory, found, hash));
  if (!verdict.readable_end.has_value()) {
    return vfs::InvalidArgument("--truncate-at {}: journal {} has no damage; nothing was removed",
                                truncate.at, options.directory);
  }
  const journal::LogEnd& end = *verdict.readable_end;
  if (end.place.lsn != truncate.at) {
    return vfs::InvalidArgument(
        "--truncate-at {}: the first damaged record of journal {} is LSN {}; nothing was removed",
        truncate.at, options.directory, end.place.lsn);
  }
  journal::JournalOptions unmarked = found;  // what the mark says is part of what goes
  unmarked.boot_id = {};
  VFS_ASSIGN_OR_RETURN(
      const journal::Truncation done,
      journal::TruncateAt(env, options.directory, unmarked, end, truncate.remove_cursors));
  return options.form == OutputForm::kJson ? JsonOf(verdict, done, truncate.at)
                                           : TextOf(verdict, done, truncate.at);
}

}  // namespace

CommandResult JournalVerifyCommand(const vfs::Env& env,
                                   const JournalPlaceOptions& options,
                                   HashCheck hash) {
  const auto found = OptionsForVerdict(env, options);
  if (!found.ok()) return JournalFailure(found.status());
  const auto verdict = SettledVerdict(env, options.directory, *found, hash);
  if (!verdict.ok()) return JournalFailure(verdict.status());
  CommandResult result;
  result.out =
      options.form == OutputForm::kJson ? JsonOf(*verdict, found->store_id) : TextOf(*verdict);
  for (const JournalDamage& damage : verdict->damages) {
    result.code = ExitCode::kDataLoss;
    result.err += fmt::format("permafrost: {}\n", damage.finding);
  }
  return result;
}

CommandResult JournalTruncateCommand(const vfs::Env& env,
                                     const JournalPlaceOptions& options,
                                     HashCheck hash,
                                     const JournalTruncateOptions& truncate) {
  const auto text = Truncate(env, options, hash, truncate);
  if (!text.ok()) return JournalFailure(text.status());
  return {.code = ExitCode::kOk, .out = *text, .err = ""};
}

}  // namespace permafrost::engine
