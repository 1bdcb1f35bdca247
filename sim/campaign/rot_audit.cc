// Damages, one world each, and the comparison of answers.
#include "sim/campaign/rot_audit.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "faults/glob.h"
#include "sim/disk/crash_images.h"
#include "sim/explore/interrupt.h"
#include "sim/explore/worker_pool.h"
#include "sim/oracle/store_predicates.h"
#include "vfs/base/check.h"
#include "vfs/base/parse_number.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/rocksdb/log_parse.h"

namespace permafrost::sim {
namespace {

constexpr std::size_t kDamagesPerWorker = 256;
constexpr std::size_t kDamagesPerRound = 8192;
constexpr std::array<std::pair<DamageKind, std::string_view>, 3> kKinds = {
    {{DamageKind::kFlip, "flip"},
     {DamageKind::kZero, "zero"},
     {DamageKind::kMisdirect, "misdirect"}}};

enum class Outcome { kUnchanged, kNamed, kLastCommit, kViolation };

// The files of the settled disk, what it answers, and where the last commit of each log begins.
struct Subject {
  DiskState disk;
  std::string config;
  Scenario::Answers answers;
  std::map<std::string, std::string> files;
  std::map<std::string, std::uint64_t> last_commits;
};

// "hot .sst": the root, and the kind by suffix or by name without its number.
std::string KindOf(std::string_view path) {
  const std::string_view root = path.substr(0, path.find('/'));
  const std::string_view name = vfs::NameOf(path);
  const std::size_t dot = name.find('.');
  std::string kind(dot == std::string_view::npos ? name.substr(0, name.find_first_of("-0123456789"))
                                                 : name.substr(dot));
  return fmt::format("{} {}", root, kind);
}

std::optional<std::uint64_t> LastCommitOf(std::string_view path, std::string_view bytes) {
  const std::string_view name = vfs::NameOf(path);
  const bool is_log = name.ends_with(".log");
  if (!is_log && !name.starts_with("MANIFEST-")) return std::nullopt;
  const std::string_view digits = is_log ? name.substr(0, name.find('.')) : name.substr(9);
  const auto number = vfs::ParseNumber<std::uint64_t>(digits);
  const vfs::ParsedLog log = vfs::ParseLog(bytes, number.value_or(0));
  if (log.records.empty()) return 0;
  return log.records.back().begin;
}

absl::StatusOr<Subject> SubjectOf(const Scenario& scenario, const ExploreOptions& base) {
  const Workload workload = RunWorkload(scenario, base);
  const CrashPoint& end = workload.points.back();
  Subject subject{.disk = KeptImage(end.snapshot), .config = end.config};
  World world(subject.disk, {.seed = 1, .plan = {}}, nullptr);
  VFS_ASSIGN_OR_RETURN(const std::vector<std::string> paths, FilesBelow(world.disk(), ""));
  for (const std::string& path : paths) {
    VFS_ASSIGN_OR_RETURN(std::string bytes, ReadWholeFile(world.disk(), path));
    if (const auto begin = LastCommitOf(path, bytes); begin.has_value())
      subject.last_commits[path] = *begin;
    subject.files[path] = std::move(bytes);
  }
  subject.answers = scenario.AnswersOf(world, subject.config);
  if (subject.answers.empty())
    return vfs::InvalidArgument("rot: {} offers no answers to compare", scenario.name());
  for (const auto& [domain, answer] : subject.answers) {
    if (!answer.starts_with(kErrorAnswer)) continue;
    return vfs::Internal("rot: without damage {} answers '{}'", domain, answer);
  }
  return subject;
}

// Every damage to the files that the glob names.
std::vector<Damage> DamagesOf(const Subject& subject, const RotOptions& options) {
  if (!options.only.empty()) return options.only;
  std::vector<Damage> damages;
  std::uint64_t counter = 0;
  const auto add = [&](DamageKind kind, const std::string& path, std::uint64_t at) {
    if (counter++ % options.every == 0) damages.push_back({kind, path, at});
  };
  for (const auto& [path, bytes] : subject.files) {
    if (!faults::GlobMatches(options.files, path)) continue;
    for (std::uint64_t at = 0; at < bytes.size(); ++at) add(DamageKind::kFlip, path, at);
    for (std::uint64_t at = 0; at * kSectorBytes < bytes.size(); ++at) {
      add(DamageKind::kZero, path, at);
      if ((at + 1) * kSectorBytes < bytes.size()) add(DamageKind::kMisdirect, path, at);
    }
  }
  return damages;
}

// The file with the damage in it. Its size stays.
std::string Damaged(const std::string& bytes, const Damage& damage) {
  std::string damaged = bytes;
  if (damage.kind == DamageKind::kFlip) {
    char& byte = damaged[damage.at];
    byte = static_cast<char>(byte ^ (1 << (damage.at % 8)));
    return damaged;
  }
  const std::size_t first = damage.at * kSectorBytes;
  const std::size_t count = std::min<std::size_t>(kSectorBytes, damaged.size() - first);
  if (damage.kind == DamageKind::kMisdirect) {
    const std::size_t next = first + kSectorBytes;
    const std::size_t fits = std::min<std::size_t>(kSectorBytes, damaged.size() - next);
    damaged.replace(next, fits, bytes, first, fits);
  }
  damaged.replace(first, count, count, '\0');
  return damaged;
}

// The byte at which a damage begins.
std::uint64_t FirstByteOf(const Damage& damage) {
  return damage.kind == DamageKind::kFlip ? damage.at : damage.at * kSectorBytes;
}

// The byte after its last.
std::uint64_t EndOf(const Damage& damage) {
  switch (damage.kind) {
    case DamageKind::kFlip: return damage.at + 1;
    case DamageKind::kZero: return (damage.at + 1) * kSectorBytes;
    case DamageKind::kMisdirect: return (damage.at + 2) * kSectorBytes;
  }
  VFS_CHECK(false, "bad DamageKind {}", static_cast<int>(damage.kind));
}

struct Judged {
  Outcome outcome = Outcome::kUnchanged;
  std::string text;  // of a violation
};

Judged Judge(const Scenario& scenario, const Subject& subject, const Damage& damage) {
  const std::string& bytes = subject.files.at(damage.path);
  const std::string damaged = Damaged(bytes, damage);
  World world(subject.disk, {.seed = 1, .plan = {}}, nullptr);
  {
    const auto file = world.disk().Open(damage.path, vfs::OpenMode::kReadWrite);
    VFS_CHECK(file.ok() && (*file)->Write(0, damaged).ok(), "damage {}", ToString(damage));
  }
  const Scenario::Answers answers = scenario.AnswersOf(world, subject.config);
  Judged judged;
  const auto last_commit = subject.last_commits.find(damage.path);
  const bool is_in_last_commit =
      last_commit != subject.last_commits.end() && EndOf(damage) > last_commit->second;
  for (const auto& [domain, before] : subject.answers) {
    const auto found = answers.find(domain);
    const std::string now = found == answers.end() ? "nothing" : found->second;
    if (now == before) continue;
    const bool is_error = now.starts_with(kErrorAnswer);
    if (is_error && now.find(damage.path) != std::string::npos) {
      judged.outcome = std::max(judged.outcome, Outcome::kNamed);
    } else if (is_in_last_commit) {
      judged.outcome = std::max(judged.outcome, Outcome::kLastCommit);
    } else {
      return {Outcome::kViolation,
              fmt::format("{}: '{}', before the damage '{}'", domain, now, before)};
    }
  }
  return judged;
}

std::string Encode(const Judged& judged) {
  return fmt::format("{}{}", static_cast<int>(judged.outcome), judged.text);
}

Judged Decode(std::string_view frame) {
  VFS_CHECK(!frame.empty() && frame[0] >= '0' && frame[0] <= '3', "frame '{}'", frame);
  return {static_cast<Outcome>(frame[0] - '0'), std::string(frame.substr(1))};
}

void Count(const Damage& damage, const Judged& judged, RotReport& report) {
  RotCounts& counts = report.by_kind[KindOf(damage.path)];
  ++counts.damages;
  switch (judged.outcome) {
    case Outcome::kUnchanged: ++counts.unchanged; return;
    case Outcome::kNamed: ++counts.named; return;
    case Outcome::kLastCommit: ++counts.last_commit; return;
    case Outcome::kViolation: break;
  }
  ++counts.violations;
  const bool is_known =
      std::any_of(report.findings.begin(), report.findings.end(), [&](const RotFinding& finding) {
        return finding.damage.kind == damage.kind &&
               KindOf(finding.damage.path) == KindOf(damage.path);
      });
  if (!is_known) report.findings.push_back({damage, judged.text});
}

}  // namespace

std::string ToString(const Damage& damage) {
  for (const auto& [kind, name] : kKinds) {
    if (kind == damage.kind) return fmt::format("{} {} {}", name, damage.path, damage.at);
  }
  VFS_CHECK(false, "bad DamageKind {}", static_cast<int>(damage.kind));
}

absl::StatusOr<Damage> ParseDamage(std::string_view text) {
  std::istringstream words{std::string(text)};
  std::string name;
  std::string path;
  std::string number;
  std::string rest;
  words >> name >> path >> number >> rest;
  const auto at = vfs::ParseNumber<std::uint64_t>(number);
  for (const auto& [kind, kind_name] : kKinds) {
    if (name == kind_name && at.has_value() && rest.empty())
      return Damage{.kind = kind, .path = path, .at = *at};
  }
  return vfs::InvalidArgument(
      "damage '{}': expected 'flip PATH BYTE', 'zero PATH SECTOR' or 'misdirect PATH SECTOR'",
      text);
}

RotCounts RotReport::total() const {
  RotCounts sum;
  for (const auto& [kind, counts] : by_kind) {
    sum.damages += counts.damages;
    sum.unchanged += counts.unchanged;
    sum.named += counts.named;
    sum.last_commit += counts.last_commit;
    sum.violations += counts.violations;
  }
  return sum;
}

absl::StatusOr<RotReport> AuditRot(const Scenario& scenario,
                                   const ExploreOptions& base,
                                   const RotOptions& options) {
  VFS_ASSIGN_OR_RETURN(const Subject subject, SubjectOf(scenario, base));
  const std::vector<Damage> damages = DamagesOf(subject, options);
  if (damages.empty())
    return vfs::InvalidArgument("rot: no file of {} matches '{}'", scenario.name(), options.files);
  for (const Damage& damage : damages) {
    const auto file = subject.files.find(damage.path);
    if (file == subject.files.end() || FirstByteOf(damage) >= file->second.size())
      return vfs::InvalidArgument("damage '{}': the disk has no such byte", ToString(damage));
  }
  RotReport report;
  std::set<std::string_view> damaged;
  for (const Damage& damage : damages) damaged.insert(damage.path);
  report.files = damaged.size();
  for (const std::string_view path : damaged)
    report.bytes += subject.files.at(std::string(path)).size();
  for (std::size_t first = 0; first < damages.size() && !IsInterrupted();
       first += kDamagesPerRound) {
    const std::size_t count = std::min(kDamagesPerRound, damages.size() - first);
    VFS_ASSIGN_OR_RETURN(const auto results,
                         RunInWorkers(count, kDamagesPerWorker, base.workers, [&](std::size_t i) {
                           return Encode(Judge(scenario, subject, damages[first + i]));
                         }));
    for (std::size_t i = 0; i < count; ++i) {
      if (results[i].is_finished) {
        Count(damages[first + i], Decode(results[i].frame), report);
      } else if (!results[i].last_words.empty()) {
        Count(damages[first + i],
              {Outcome::kViolation, "the process ended: " + results[i].last_words}, report);
      }
    }
    if (options.progress) options.progress(first + count, damages.size());
  }
  report.is_interrupted = IsInterrupted();
  return report;
}

}  // namespace permafrost::sim
