// Copies first, then what would contradict the new end, then the new end itself (one rename), then
// the segments behind it. Until the last of them is gone, the log is damaged at the same place.
#include "engine/journal/truncation.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "engine/journal/journal_format.h"
#include "engine/journal/tailer.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"
#include "vfs/durable.h"

namespace permafrost::engine::journal {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

class Truncating {
 public:
  Truncating(const vfs::Env& env,
             const std::string& directory,
             const JournalOptions& options,
             const LogEnd& end)
      : env_(env), directory_(directory), options_(options), end_(end) {}

  absl::StatusOr<Truncation> Run(const std::vector<std::string>& cursors) {
    VFS_ASSIGN_OR_RETURN(const std::optional<std::string> tailer, FindTailer(env_.fs, directory_));
    if (tailer.has_value()) {
      return vfs::FailedPrecondition("truncate journal {}: tailer '{}' follows it; end that first",
                                     directory_, *tailer);
    }
    VFS_ASSIGN_OR_RETURN(JournalState state, ReadState(env_.fs, directory_));
    VFS_RETURN_IF_ERROR(Forget(state, cursors));
    VFS_RETURN_IF_ERROR(List());
    VFS_RETURN_IF_ERROR(CopyWhatIsReplaced());
    if (!out_.cursors.empty() || !out_.checkpoints.empty())
      VFS_RETURN_IF_ERROR(WriteState(env_.fs, directory_, state));
    // It says that records were durable which are not there any more.
    VFS_RETURN_IF_ERROR(vfs::UnlinkIfExists(env_.fs, vfs::JoinPath(directory_, kDurableName)));
    vfs::Prng prng = env_.prng->Fork("journal");
    prng = prng.Fork(env_.clock->NowNanos());
    VFS_ASSIGN_OR_RETURN(const Recovered recovered,
                         RecoverUpTo(env_, directory_, options_, prng.Next(), end_));
    out_.last = recovered.report.last;
    VFS_RETURN_IF_ERROR(SetAside(recovered.segments.back().header.base));
    return std::move(out_);
  }

 private:
  // Takes out of the state what the log will not hold.
  absl::Status Forget(JournalState& state, const std::vector<std::string>& names) {
    const Lsn next = end_.place.lsn;
    std::string others;
    for (const auto& [name, lsn] : state.cursors) {
      if (lsn <= next) continue;
      const bool may_go = std::find(names.begin(), names.end(), name) != names.end();
      if (may_go) out_.cursors[name] = lsn;
      if (!may_go) others += fmt::format("{}'{}' (LSN {})", others.empty() ? "" : ", ", name, lsn);
    }
    if (!others.empty()) {
      return vfs::FailedPrecondition(
          "truncate journal {} at LSN {}: cursor {} stands behind it: its owner has applied "
          "records "
          "that would be gone, and must be made anew; then name the cursor with --remove-cursor",
          directory_, next, others);
    }
    for (const auto& [name, lsn] : out_.cursors) state.cursors.erase(name);
    const auto is_behind = [&](const JournalPlace& place) {
      return place.lsn > next || place.offset > end_.place.offset;
    };
    std::copy_if(state.checkpoints.begin(), state.checkpoints.end(),
                 std::back_inserter(out_.checkpoints), is_behind);
    std::erase_if(state.checkpoints, is_behind);
    return absl::OkStatus();
  }

  absl::Status List() {
    VFS_ASSIGN_OR_RETURN(const auto entries, env_.fs->List(directory_));
    for (const vfs::DirEntry& entry : entries) {
      taken_.push_back(entry.name);
      const auto base = BaseOfName(entry.name);
      if (base.has_value() && !end_.Keeps(*base)) behind_.push_back(*base);
    }
    return absl::OkStatus();
  }

  // The rest of the segment that is cut, and a segment whose name the new one may take.
  absl::Status CopyWhatIsReplaced() {
    const vfs::Step step("journal.remove");
    if (end_.base.has_value()) VFS_RETURN_IF_ERROR(Copy(*end_.base, end_.place.offset));
    const bool is_taken =
        std::find(behind_.begin(), behind_.end(), end_.place.offset) != behind_.end();
    if (is_taken) VFS_RETURN_IF_ERROR(Copy(end_.place.offset, end_.place.offset));
    return vfs::SettleDir(env_.fs, directory_, "journal.sync.dir");
  }

  // Copies a segment from a global offset on, up to the last byte that is not zero.
  absl::Status Copy(std::uint64_t base, std::uint64_t offset) {
    const std::string path = vfs::JoinPath(directory_, SegmentName(base));
    VFS_ASSIGN_OR_RETURN(const auto from, env_.fs->Open(path, vfs::OpenMode::kRead));
    RemovedBytes removed{.file = path, .position = offset - base};
    const auto read = [&](auto visit) -> absl::Status {
      std::string block(kBlockBytes, '\0');
      for (std::uint64_t at = 0;; at += block.size()) {
        VFS_ASSIGN_OR_RETURN(const std::size_t count,
                             from->Read(removed.position + at, std::span<char>(block)));
        if (count == 0) return absl::OkStatus();
        block.resize(count);
        VFS_RETURN_IF_ERROR(visit(at, std::string_view(block)));
      }
    };
    VFS_RETURN_IF_ERROR(read([&](std::uint64_t at, std::string_view block) {
      const std::size_t last = block.find_last_not_of('\0');
      if (last != std::string_view::npos) removed.bytes = at + last + 1;
      return absl::OkStatus();
    }));
    if (removed.bytes == 0) return absl::OkStatus();
    removed.kept_as = FreeName(offset);
    VFS_ASSIGN_OR_RETURN(const auto to, env_.fs->Create(removed.kept_as));
    VFS_RETURN_IF_ERROR(read([&](std::uint64_t at, std::string_view block) {
      const std::uint64_t left = removed.bytes - std::min(at, removed.bytes);
      return to->Append(block.substr(0, std::min<std::uint64_t>(left, block.size())));
    }));
    VFS_RETURN_IF_ERROR(to->Sync());
    VFS_RETURN_IF_ERROR(to->Close());
    out_.removed.push_back(std::move(removed));
    return absl::OkStatus();
  }

  // The segments behind the end, from the last; but for the one in whose place the log goes on.
  absl::Status SetAside(std::uint64_t live_base) {
    const vfs::Step step("journal.remove");
    for (auto base = behind_.rbegin(); base != behind_.rend(); ++base) {
      if (*base == live_base) continue;
      VFS_PROBE("journal/segment_set_aside");
      RemovedBytes removed{.file = vfs::JoinPath(directory_, SegmentName(*base)),
                           .kept_as = FreeName(*base)};
      VFS_ASSIGN_OR_RETURN(const vfs::FileInfo info, env_.fs->Stat(removed.file));
      removed.bytes = info.bytes;
      VFS_RETURN_IF_ERROR(env_.fs->Rename(removed.file, removed.kept_as));
      out_.removed.push_back(std::move(removed));
    }
    return vfs::SettleDir(env_.fs, directory_, "journal.sync.dir");
  }

  // By the global offset of the first byte; what an earlier truncation set aside stays.
  std::string FreeName(std::uint64_t offset) {
    std::string name = fmt::format("{:020d}{}", offset, kRemovedSuffix);
    for (int n = 2; std::find(taken_.begin(), taken_.end(), name) != taken_.end(); ++n)
      name = fmt::format("{:020d}-{}{}", offset, n, kRemovedSuffix);
    taken_.push_back(name);
    return vfs::JoinPath(directory_, name);
  }

  const vfs::Env env_;
  const std::string directory_;
  const JournalOptions options_;
  const LogEnd end_;
  std::vector<std::uint64_t> behind_;  // bases of segments, ascending
  std::vector<std::string> taken_;     // names in the directory
  Truncation out_;
};

}  // namespace

absl::StatusOr<Truncation> TruncateAt(const vfs::Env& env,
                                      const std::string& directory,
                                      const JournalOptions& options,
                                      const LogEnd& end,
                                      const std::vector<std::string>& cursors) {
  return Truncating(env, directory, options, end).Run(cursors);
}

}  // namespace permafrost::engine::journal
