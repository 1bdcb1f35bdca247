// Compares whole trees: they are small.
#include "sim/kill/landing.h"

#include <algorithm>
#include <string>

#include "sim/oracle/store_predicates.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"

namespace permafrost::sim {
namespace {

Tree LiveTree(const DiskState& disk) {
  const SimFileSystem fs{disk};
  const absl::StatusOr<Tree> tree = ReadTree(fs);
  VFS_CHECK(tree.ok(), "a simulated disk can be read: {}", vfs::Message(tree.status()));
  return *tree;
}

std::string Bytes(const Tree& tree, const std::string& path) {
  const auto found = tree.find(path);
  return found == tree.end() ? "" : found->second.value_or("");
}

// Whether a write was stopped on its way: up to some byte the new content, from there on the old.
bool IsHalfWritten(const std::string& real, const std::string& before, const std::string& after) {
  const auto written = static_cast<std::size_t>(
      std::mismatch(real.begin(), real.end(), after.begin(), after.end()).first - real.begin());
  return real.substr(written) == before.substr(std::min(written, before.size()));
}

// Makes the file hold these bytes, as a write would.
DiskState WithBytes(const DiskState& disk, const std::string& path, const std::string& bytes) {
  SimFileSystem fs(disk);
  auto file = fs.Open(path, vfs::OpenMode::kReadWrite);
  if (!file.ok()) file = fs.Create(path);
  VFS_CHECK(file.ok(), "{}", vfs::Message(file.status()));
  const auto old_bytes = ReadWholeFile(fs, path);
  VFS_CHECK(old_bytes.ok(), "{}", vfs::Message(old_bytes.status()));
  const auto same = static_cast<std::size_t>(
      std::mismatch(bytes.begin(), bytes.end(), old_bytes->begin(), old_bytes->end()).first -
      bytes.begin());
  absl::Status status = (*file)->Write(same, std::string_view(bytes).substr(same));
  if (bytes.size() < old_bytes->size()) status.Update((*file)->Truncate(bytes.size()));
  VFS_CHECK(status.ok(), "{}", vfs::Message(status));
  file->reset();
  return fs.state();
}

}  // namespace

absl::StatusOr<Landing> FindLanding(const std::vector<CrashPoint>& points,
                                    std::uint64_t finished,
                                    std::string_view in_flight,
                                    const Tree& real) {
  VFS_CHECK(finished < points.size(), "{} calls of a run of {}", finished, points.size() - 1);
  const DiskState& disk = points[finished].snapshot;
  const Tree before = LiveTree(disk);
  if (real == before) return Landing{.disk = disk, .point = finished};
  const std::string difference = Difference(real, "on the real disk", before, "in the simulator");
  if (in_flight.empty()) {
    return vfs::DataLoss("after call {}: {}", finished, difference);
  }
  const DiskState& disk_after = points[finished + 1].snapshot;
  const Tree after = LiveTree(disk_after);
  if (real == after) return Landing{.disk = disk_after, .point = finished + 1};

  // A lock file is made, emptied and filled; an append or a write may stop at any page.
  const std::string path(in_flight.substr(in_flight.find(' ') + 1));
  Tree with_path = before;
  with_path[path] = Bytes(real, path);
  const bool is_half =
      in_flight.starts_with("lock ")
          ? Bytes(real, path).empty()
          : IsHalfWritten(Bytes(real, path), Bytes(before, path), Bytes(after, path));
  if (real == with_path && is_half) {
    return Landing{
        .disk = WithBytes(disk, path, Bytes(real, path)), .point = finished, .is_torn = true};
  }
  return vfs::DataLoss("inside call {}, {}: {}", finished + 1, in_flight, difference);
}

}  // namespace permafrost::sim
