// Probes the directory with a scratch directory of its own; writes files whole or not at all.
#include "sim/cli/findings.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "sim/cli/host_file.h"
#include "sim/cli/output.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

absl::Status MakeDirs(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string prefix = path.substr(0, end);
    if (mkdir(prefix.c_str(), 0777) != 0 && errno != EEXIST)
      return vfs::ErrnoToStatus(errno, "make directory", prefix);
    if (end == std::string::npos) return absl::OkStatus();
  }
}

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

}  // namespace

absl::Status CheckOut(const std::string& directory) {
  if (directory.empty()) return BadOut(directory, "the name is empty");
  const std::string existing = NearestExisting(directory);
  struct stat info = {};
  if (stat(existing.c_str(), &info) != 0)
    return BadOut(directory, fmt::format("'{}': {}", existing, std::strerror(errno)));
  if (!S_ISDIR(info.st_mode))
    return BadOut(directory, fmt::format("'{}' is not a directory", existing));
  std::string scratch = existing + "/.powercut-XXXXXX";
  absl::Status status;
  if (mkdtemp(scratch.data()) == nullptr) {
    status = BadOut(
        directory, fmt::format("cannot make anything in '{}': {}", existing, std::strerror(errno)));
  } else {
    const std::string probe = scratch + "/probe";
    const absl::Status written = WriteNewFile(probe, "x");
    if (!written.ok()) {
      status = BadOut(directory, fmt::format("cannot write in '{}': {}", existing,
                                             std::strerror(vfs::ErrnoOf(written))));
    }
    unlink(probe.c_str());
    rmdir(scratch.c_str());
  }
  return status;
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
