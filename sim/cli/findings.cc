// Probes the directory with a scratch directory of its own; writes files whole or not at all.
#include "sim/cli/findings.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "sim/cli/host_file.h"
#include "sim/cli/output.h"
#include "sim/explore/interrupt.h"
#include "sim/repro/shrink.h"
#include "sim/sched/sched.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/posix/progress.h"

namespace permafrost::sim {
namespace {

absl::Status BadOut(const std::string& directory, std::string_view finding) {
  return vfs::InvalidArgument("--out '{}': {}; name a directory that can be written", directory,
                              finding);
}

// The path itself or the nearest one above it that exists; "." and "/" end the way up.
std::string NearestExisting(std::string path) {
  struct stat info = {};
  while (lstat(path.c_str(), &info) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
    const std::size_t slash = path.find_last_of('/');
    if (slash == std::string::npos) return ".";
    if (slash == 0) return "/";
    path.resize(slash);
  }
  return path;
}

// Findings that may take their full time.
constexpr double kFindingsInTime = 3;

absl::StatusOr<Shrunk> ShrunkOf(const Repro& repro, double seconds_max, vfs::Progress& progress) {
  VFS_ASSIGN_OR_RETURN(const ReproSetup setup, SetupOf(repro));
  ShrinkLimits limits{.seconds_max = seconds_max, .progress = {}};
  limits.progress = [&](const ReproSize& now, std::uint64_t replays, double share) {
    progress.Update(share, fmt::format("minimizing {}: {} operations, {} lost units, {} replays",
                                       repro.expect, now.ops, now.lost_units, replays));
  };
  return Shrink(*setup.scenario, setup.options, repro, limits);
}

}  // namespace

absl::Status CheckOut(const std::string& directory) {
  if (directory.empty()) return BadOut(directory, "the name is empty");
  const std::string existing = NearestExisting(directory);
  struct stat info = {};
  if (stat(existing.c_str(), &info) != 0)
    return BadOut(directory, fmt::format("'{}': {}", existing, std::strerror(errno)));
  if (!S_ISDIR(info.st_mode))
    return BadOut(directory, fmt::format("'{}' is not a directory", existing));
  const auto scratch = MakeUniqueDir(existing + "/.powercut-");
  if (!scratch.ok()) {
    return BadOut(directory, fmt::format("cannot make anything in '{}': {}", existing,
                                         std::strerror(vfs::ErrnoOf(scratch.status()))));
  }
  const std::string probe = *scratch + "/probe";
  const absl::Status written = WriteNewFile(probe, "x");
  unlink(probe.c_str());
  rmdir(scratch->c_str());
  if (written.ok()) return written;
  return BadOut(directory, fmt::format("cannot write in '{}': {}", existing,
                                       std::strerror(vfs::ErrnoOf(written))));
}

void MinimizeFindings(const CommonFlags& flags, Certificate& certificate) {
  double left = kFindingsInTime * flags.minimize_seconds;
  vfs::Progress progress(flags.is_quiet, RealNanos);
  for (auto& [place, found] : certificate.violations) {
    if (left <= 0 || IsInterrupted()) return;
    const std::uint64_t start = RealNanos();
    const auto shrunk = ShrunkOf(found.repro, std::min(left, flags.minimize_seconds), progress);
    if (shrunk.ok()) {
      found.repro = shrunk->repro;
      found.text = shrunk->repro.text;
      found.fingerprint = FingerprintOf(found);
      found.minimized = fmt::format("minimized: {}{}", Compared(shrunk->before, shrunk->after),
                                    shrunk->is_cut_short ? " (the time was over)" : "");
    } else if (!IsInterrupted()) {
      found.minimized = "not minimized: " + vfs::Message(shrunk.status());
    }
    left -= static_cast<double>(RealNanos() - start) * 1e-9;
  }
}

absl::Status WriteFindings(const CommonFlags& flags, const Certificate& certificate) {
  if (certificate.violations.empty()) return absl::OkStatus();
  absl::Status first = MakeDirs(flags.out);
  constexpr std::size_t kBlocksMax = 8;
  std::size_t shown = 0;
  for (const auto& [place, violation] : certificate.violations) {
    const std::string name =
        vfs::HashBytes(certificate.scenario + certificate.personality + violation.fingerprint)
            .Hex()
            .substr(0, 12);
    const std::string path = fmt::format("{}/{}-{}.repro", flags.out, violation.invariant, name);
    const absl::Status written = WriteWhole(path, ToString(violation.repro));
    first.Update(written);
    if (++shown <= kBlocksMax) {
      Say(flags, FailureBlock(certificate, violation,
                              written.ok() ? path : path + " (could not be written)"));
    }
  }
  if (shown > kBlocksMax)
    Say(flags, fmt::format("... and {} more, all in {}\n", shown - kBlocksMax, flags.out));
  return first;
}

std::string_view VerdictOf(const Certificate& certificate) {
  const int code = certificate.ExitCode();
  if (code == kExitClean) return "clean";
  return certificate.is_interrupted && code != kExitViolation ? "interrupted" : "NOT CLEAN";
}

}  // namespace permafrost::sim
