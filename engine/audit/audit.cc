// Each invariant as one function over the parsed rows and the listed tree.
#include "engine/audit/audit.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <variant>

#include <fmt/format.h>

#include "engine/catalog/database_options.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::engine {
namespace {

class Auditor {
 public:
  Auditor(const vfs::Env& env, const Layout& layout, const AuditOptions& options)
      : env_(env), layout_(layout), geometry_(layout.geometry()), options_(options) {}

  absl::StatusOr<AuditReport> Run(const CatalogRows& rows) {
    report_.keys = rows.size();
    Parse(rows);
    report_.floor = FloorAt(options_.retention, view_.LastCompleteChunk());
    for (const auto& [name, root] : layout_.roots().Configured()) {
      VFS_RETURN_IF_ERROR(ListFiles(root));
    }
    CheckCoverages();
    CheckStates();
    CheckSpentInputs();
    CheckFilesHaveKeys();
    CheckKeysHaveFiles();
    CheckHotDatabases();
    VFS_RETURN_IF_ERROR(CheckHotDirectories());
    CheckFloor();
    std::sort(report_.violations.begin(), report_.violations.end());
    return std::move(report_);
  }

 private:
  void Report(int number, std::string finding) { report_.Add(number, std::move(finding)); }
  void Checked(int number, std::size_t things) { report_.checked[number] += things; }

  void ReportOrphan(const std::string& path, std::string finding) {
    report_.orphans.insert(path);
    Report(10, std::move(finding));
  }

  // (9) Keeps what parses; a key with a malformed value still owns its files.
  void Parse(const CatalogRows& rows) {
    for (const auto& [key_text, value] : rows) {
      const absl::StatusOr<Key> key = ParseKey(geometry_, key_text);
      if (!key.ok()) {
        Report(9, vfs::Message(key.status()));
        continue;
      }
      if (const auto* artifact = std::get_if<ChunkArtifact>(&*key)) {
        Keep(ParseArtifactValue(layout_, *artifact, value), view_.artifacts[*artifact]);
      } else if (const auto* coverage = std::get_if<Coverage>(&*key)) {
        Keep(ParseCoverageValue(layout_, *coverage, value), view_.coverages[*coverage]);
      } else if (const auto* hot = std::get_if<HotChunkKey>(&*key)) {
        Keep(ParseHotValue(hot->chunk, value), view_.hot[hot->chunk]);
      }
    }
    const absl::StatusOr<Pins> pins = ParsePins(rows);
    if (pins.ok()) {
      view_.pins = *pins;
    } else {
      Report(9, vfs::Message(pins.status()));
    }
    Checked(9, rows.size());
  }

  template <typename Value>
  void Keep(const absl::StatusOr<Value>& parsed, Value& kept) {
    if (parsed.ok()) {
      kept = *parsed;
    } else {
      Report(9, vfs::Message(parsed.status()));
    }
  }

  absl::Status ListFiles(const std::string& directory) {
    const absl::StatusOr<std::vector<vfs::DirEntry>> entries = env_.fs->List(directory);
    if (entries.status().code() == absl::StatusCode::kNotFound) return absl::OkStatus();
    VFS_RETURN_IF_ERROR(entries.status());
    for (const vfs::DirEntry& entry : *entries) {
      const std::string path = vfs::JoinPath(directory, entry.name);
      if (entry.kind == vfs::FileKind::kDirectory) {
        VFS_RETURN_IF_ERROR(ListFiles(path));
      } else {
        files_.insert(path);
      }
    }
    report_.files = files_.size();
    return absl::OkStatus();
  }

  // (5)
  void CheckCoverages() {
    std::set<WindowId> windows;
    for (const auto& [coverage, record] : view_.coverages) windows.insert(coverage.window);
    Checked(5, windows.size());
    for (const WindowId window : windows) {
      const auto frozen = view_.FrozenCoverage(geometry_, window);
      if (!frozen.ok()) Report(5, vfs::Message(frozen.status()));
    }
  }

  // (6)
  void CheckStates() {
    Checked(6, view_.artifacts.size() + view_.coverages.size());
    for (const auto& [artifact, record] : view_.artifacts) CheckState(KeyText(artifact), record);
    for (const auto& [coverage, record] : view_.coverages) CheckState(KeyText(coverage), record);
  }

  void CheckState(const std::string& key, const ArtifactRecord& record) {
    if (record.state == ArtifactState::kFrozen) return;
    if (!record.is_tainted()) {
      Report(6, fmt::format("{} is {}", key, ToString(record.state)));
      return;
    }
    Report(6, fmt::format("{} is tainted and waits to be made again", key));
    report_.tainted.insert(key);
  }

  // (8)
  void CheckSpentInputs() {
    std::set<WindowId> finished;
    for (const auto& [coverage, record] : view_.coverages) {
      const bool is_final =
          record.state == ArtifactState::kFrozen && geometry_.IsTerminal(coverage.chunks.last);
      if (is_final) finished.insert(coverage.window);
    }
    for (const auto& [artifact, record] : view_.artifacts) {
      if (artifact.kind != ArtifactKind::kTxHash) continue;
      Checked(8, 1);
      const WindowId window = geometry_.WindowOf(artifact.chunk);
      if (finished.contains(window)) {
        Report(8,
               fmt::format("{} is left in finished window {}", KeyText(artifact), window.value()));
      }
    }
  }

  // (10) and (14): a path that no key could name is a duplicate if it sits in an artifact's
  // directory.
  void CheckFilesHaveKeys() {
    Checked(10, files_.size());
    Checked(14, files_.size());
    for (const std::string& path : files_) {
      const absl::StatusOr<FileOwner> owner = layout_.OwnerOf(path);
      if (!owner.ok()) {
        ReportOrphan(path, fmt::format("{} is named by no key", path));
        CheckDuplicate(path);
      } else if (const auto* file = std::get_if<ArtifactFile>(&*owner)) {
        if (view_.artifacts.contains(file->artifact)) continue;
        ReportOrphan(path, fmt::format("{} has no key {}", path, KeyText(file->artifact)));
      } else if (const auto* coverage = std::get_if<Coverage>(&*owner)) {
        if (view_.coverages.contains(*coverage)) continue;
        ReportOrphan(path, fmt::format("{} has no key {}", path, KeyText(*coverage)));
      } else if (const auto* hot = std::get_if<HotFile>(&*owner)) {
        if (view_.hot.contains(hot->chunk)) continue;
        ReportOrphan(path, fmt::format("{} has no key {}", path, KeyText(HotChunkKey{hot->chunk})));
      }
    }
  }

  // (14) The same file name in another bucket or window is a second copy of an artifact that has
  // its place.
  void CheckDuplicate(const std::string& path) {
    for (const std::string& other : files_) {
      const bool is_copy =
          other != path && vfs::NameOf(other) == vfs::NameOf(path) && layout_.OwnerOf(other).ok() &&
          vfs::NameOf(path) != kLockFileName &&
          vfs::ParentOf(vfs::ParentOf(other)) == vfs::ParentOf(vfs::ParentOf(path));
      if (is_copy) Report(14, fmt::format("{} is a second copy of {}", path, other));
    }
  }

  // (11)
  void CheckKeysHaveFiles() {
    for (const auto& [artifact, record] : view_.artifacts) {
      if (record.state != ArtifactState::kFrozen) continue;
      CheckFiles(KeyText(artifact), layout_.PathsOf(artifact), record);
    }
    for (const auto& [coverage, record] : view_.coverages) {
      if (record.state != ArtifactState::kFrozen) continue;
      CheckFiles(KeyText(coverage), {layout_.PathOf(coverage)}, record);
    }
  }

  void CheckFiles(const std::string& key,
                  const std::vector<std::string>& paths,
                  const ArtifactRecord& record) {
    Checked(11, paths.size());
    const std::size_t before = report_.violations.size();
    for (std::size_t file = 0; file < paths.size(); ++file) {
      const absl::StatusOr<vfs::FileInfo> info = env_.fs->Stat(paths[file]);
      if (!info.ok() || info->kind != vfs::FileKind::kFile) {
        Report(11, fmt::format("{} is frozen but {} is missing", key, paths[file]));
      } else if (info->bytes != record.files[file].bytes) {
        Report(11, fmt::format("{} is frozen with {} bytes but {} has {}", key,
                               record.files[file].bytes, paths[file], info->bytes));
      }
    }
    if (report_.violations.size() > before) report_.tainted.insert(key);
  }

  // (12)
  void CheckHotDatabases() {
    for (const auto& [chunk, state] : view_.hot) {
      if (state != HotState::kReady) continue;
      Checked(12, 1);
      const auto db = vfs::RocksDb::OpenReadOnly(
          env_, layout_.HotDir(chunk), DatabaseOptions(options_.rocks, vfs::OpenRule::kMustExist));
      if (!db.ok()) {
        Report(12, fmt::format("{} is ready but {} does not open: {}", KeyText(HotChunkKey{chunk}),
                               layout_.HotDir(chunk), vfs::Message(db.status())));
        continue;
      }
      const absl::Status closed = (*db)->Close();
      if (!closed.ok()) Report(12, vfs::Message(closed));
    }
  }

  // (13)
  absl::Status CheckHotDirectories() {
    const std::string& root = layout_.roots().hot;
    const absl::StatusOr<std::vector<vfs::DirEntry>> entries = env_.fs->List(root);
    if (entries.status().code() == absl::StatusCode::kNotFound) return absl::OkStatus();
    VFS_RETURN_IF_ERROR(entries.status());
    for (const vfs::DirEntry& entry : *entries) {
      if (entry.kind != vfs::FileKind::kDirectory) continue;
      Checked(13, 1);
      const std::string path = vfs::JoinPath(root, entry.name);
      const std::optional<ChunkId> chunk = layout_.HotChunkOfDir(path);
      if (chunk.has_value() && view_.hot.contains(*chunk)) continue;
      if (IsOtherRoot(path)) continue;
      Report(13, fmt::format("directory {} has no hot key", path));
    }
    return absl::OkStatus();
  }

  bool IsOtherRoot(std::string_view path) const {
    const auto roots = layout_.roots().Configured();
    return std::any_of(roots.begin(), roots.end(), [&](const auto& root) {
      return root.second == path || root.second.starts_with(std::string(path) + "/");
    });
  }

  // (15) and (16)
  void CheckFloor() {
    const ChunkId floor = report_.floor;
    Checked(15, view_.artifacts.size() + view_.hot.size());
    Checked(16, view_.coverages.size());
    for (const auto& [artifact, record] : view_.artifacts) {
      if (artifact.chunk < floor) Report(15, BelowFloor(KeyText(artifact)));
    }
    for (const auto& [chunk, state] : view_.hot) {
      if (chunk < floor) Report(15, BelowFloor(KeyText(HotChunkKey{chunk})));
    }
    for (const auto& [coverage, record] : view_.coverages) {
      const bool is_below = geometry_.LastChunk(coverage.window) < floor;
      if (is_below) Report(16, BelowFloor(KeyText(coverage)));
    }
  }

  std::string BelowFloor(std::string_view key) const {
    return fmt::format("{} is below the floor, chunk {}", key, report_.floor.value());
  }

  const vfs::Env& env_;
  const Layout& layout_;
  const Geometry& geometry_;
  const AuditOptions& options_;
  std::set<std::string> files_;
  AuditReport report_;
  CatalogView& view_ = report_.view;
};

}  // namespace

void AuditReport::Add(int number, std::string finding) {
  const std::vector<Invariant>& audited = AuditedInvariants();
  const auto it = std::find_if(audited.begin(), audited.end(), [&](const Invariant& invariant) {
    return invariant.number == number;
  });
  VFS_CHECK(it != audited.end(), "invariant {} is not audited", number);
  violations.push_back({.number = number, .when = it->when, .finding = std::move(finding)});
}

std::string_view ToString(WhenTrue when) {
  switch (when) {
    case WhenTrue::kAlways: return "always";
    case WhenTrue::kSettled: return "settled";
  }
  VFS_CHECK(false, "when {}", static_cast<int>(when));
}

const std::vector<Invariant>& AuditedInvariants() {
  static const std::vector<Invariant> kAudited = {
      {5, WhenTrue::kAlways, "at most one coverage of a window is frozen"},
      {6, WhenTrue::kSettled, "no chunk or index key is freezing or pruning"},
      {8, WhenTrue::kSettled, "no txhash key in a window whose frozen coverage is terminal"},
      {9, WhenTrue::kAlways, "every key and value parses"},
      {10, WhenTrue::kAlways, "every file under a root is named by a key"},
      {11, WhenTrue::kAlways, "the files of every frozen key exist with the recorded length"},
      {12, WhenTrue::kAlways, "the database of every ready key opens"},
      {13, WhenTrue::kAlways, "every directory in the hot root has a key"},
      {14, WhenTrue::kAlways, "no second copy of an artifact's file"},
      {15, WhenTrue::kSettled, "no chunk or hot key below the floor"},
      {16, WhenTrue::kSettled, "no index key of a window below the floor"},
      {18, WhenTrue::kAlways, "the contents of every frozen file are those that were recorded"},
  };
  return kAudited;
}

absl::StatusOr<AuditReport> Audit(const vfs::Env& env,
                                  const Layout& layout,
                                  const CatalogRows& rows,
                                  const AuditOptions& options) {
  return Auditor(env, layout, options).Run(rows);
}

}  // namespace permafrost::engine
