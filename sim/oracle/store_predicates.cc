// Raw keys and raw files against each other.
#include "sim/oracle/store_predicates.h"

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "sim/oracle/catalog_row.h"
#include "vfs/base/crc32c.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::sim {
namespace {

constexpr char kCatalogDir[] = "catalog/rocksdb";
// How whole files end. Source: engine/FORMATS.md "Cold files", "Window index"
constexpr std::size_t kTrailerBytes = 64;
constexpr std::string_view kTrailerMagic = "PFCOLD\r\n";
constexpr std::size_t kFooterBytes = 4096;
constexpr std::string_view kFooterMagic = "PFWIDX\r\n";
// Source: engine/FORMATS.md "Hot rows"
constexpr char kLedgerRow = 'L';

constexpr std::string_view kArtifactRoots[] = {"ledgers", "events", "txhash/raw", "txhash/index",
                                               "hot"};

// Whether the last so many bytes begin with `magic`.
bool EndsWith(std::string_view file, std::size_t bytes, std::string_view magic) {
  return file.size() >= bytes && file.substr(file.size() - bytes).starts_with(magic);
}

// One judgement of one store.
class Inspection {
 public:
  Inspection(const vfs::Env& env, const StoreFacts& facts, StoreImage& image)
      : env_(env), facts_(facts), image_(image) {}

  std::vector<Violation> Run(Moment moment, std::int64_t floor) {
    DescribeRoots();
    const auto rows = CatalogRowsAtRest(env_, facts_.rocks);
    if (!rows.ok()) {
      Report("12-database-opens", "catalog: " + vfs::Message(rows.status()));
      return std::move(found_);
    }
    for (const auto& [key, value] : *rows) ParseRow(key, value);
    CheckOneFrozenCoverage();
    CheckTerminalCommit();
    image_.is_pinned = rows->contains("config:store_id");
    for (const ChunkRow& row : chunks_) CheckChunkRow(row);
    for (const IndexRow& row : indexes_) CheckIndexRow(row);
    for (const HotRow& row : hot_) CheckHotRow(row);
    CheckEveryFileHasItsKey();
    if (moment == Moment::kSettled) CheckSettled(floor);
    return std::move(found_);
  }

 private:
  void Report(std::string invariant, std::string text) {
    found_.push_back({std::move(invariant), std::move(text)});
  }

  void ParseRow(const std::string& key, const std::string& value) {
    auto row = ParseCatalogRow(key, value,
                               {.chunks_per_window = facts_.chunks_per_window,
                                .chunks_per_bucket = facts_.chunks_per_bucket});
    if (!row.has_value()) {
      Report("9-every-key-parses", fmt::format("key {} = {}", key, value));
    } else if (auto* const chunk = std::get_if<ChunkRow>(&*row)) {
      chunks_.push_back(std::move(*chunk));
    } else if (auto* const index = std::get_if<IndexRow>(&*row)) {
      indexes_.push_back(std::move(*index));
    } else if (auto* const hot = std::get_if<HotRow>(&*row)) {
      hot_.push_back(std::move(*hot));
    }
  }

  std::vector<std::string> FilesOf(const ChunkRow& row) const {
    const std::string bucket = fmt::format("{:05}", row.chunk / facts_.chunks_per_bucket);
    if (row.kind == "ledgers") return {fmt::format("ledgers/{}/{:08}.pack", bucket, row.chunk)};
    if (row.kind == "txhash") return {fmt::format("txhash/raw/{}/{:08}.bin", bucket, row.chunk)};
    const std::string stem = fmt::format("events/{}/{:08}", bucket, row.chunk);
    return {stem + "-events.pack", stem + "-index.pack", stem + "-index.hash"};
  }
  static std::string FileOf(const IndexRow& row) {
    return fmt::format("txhash/index/{:08}/{:08}-{:08}.idx", row.window, row.first, row.last);
  }

  void DescribeRoots() {
    image_.has_catalog = Exists("catalog/rocksdb/CURRENT");
    image_.has_all_roots = Exists("catalog");
    for (const std::string_view root : kArtifactRoots)
      image_.has_all_roots = image_.has_all_roots && Exists(std::string(root));
    const auto windows = env_.fs->List("txhash/index");
    if (!windows.ok()) return;
    for (const vfs::DirEntry& window : *windows) {
      const auto files = env_.fs->List("txhash/index/" + window.name);
      if (files.ok() && files->empty()) image_.empty_windows.insert(window.name);
    }
  }

  bool Exists(const std::string& path) const {
    const auto entries = env_.fs->List(std::string(vfs::ParentOf(path)));
    if (!entries.ok()) return false;
    return std::any_of(entries->begin(), entries->end(),
                       [&](const vfs::DirEntry& entry) { return entry.name == vfs::NameOf(path); });
  }

  FilesImage Describe(const std::vector<std::string>& files) const {
    FilesImage image{.named = static_cast<std::uint32_t>(files.size())};
    image.has_directory = Exists(std::string(vfs::ParentOf(files.front())));
    for (const std::string& file : files) {
      const auto bytes = ReadWholeFile(*env_.fs, file);
      if (!bytes.ok()) continue;
      ++image.there;
      if (EndsWith(*bytes, kTrailerBytes, kTrailerMagic) ||
          EndsWith(*bytes, kFooterBytes, kFooterMagic))
        ++image.whole;
    }
    return image;
  }

  // The file is there, with the length and checksum that its key records, and with the bytes it
  // must have.
  void CheckFrozenFile(const std::string& key,
                       const std::string& path,
                       const std::string& value,
                       const std::string& expected) {
    const auto bytes = ReadWholeFile(*env_.fs, path);
    if (!bytes.ok()) {
      Report("11-frozen-file-exists",
             fmt::format("{} is frozen, {}", key, vfs::Message(bytes.status())));
      return;
    }
    const std::string name(vfs::NameOf(path));
    const std::string record =
        fmt::format(" {}={}:{:08x}", name, bytes->size(), vfs::Crc32c(*bytes));
    if (value.find(record) == std::string::npos) {
      Report("18-frozen-is-durable",
             fmt::format("{} is frozen and {} has {} bytes with checksum {:08x}, recorded is {}",
                         key, path, bytes->size(), vfs::Crc32c(*bytes), value));
    } else if (!expected.empty() && *bytes != expected) {
      Report("18-frozen-is-durable",
             fmt::format("{} is frozen and {} does not hold what its writer wrote", key, path));
    }
  }

  void CheckChunkRow(const ChunkRow& row) {
    const std::string key = fmt::format("chunk:{:08}:{}", row.chunk, row.kind);
    const std::vector<std::string> files = FilesOf(row);
    image_.chunks[row.chunk].rows.emplace(row.kind, row);
    image_.chunks[row.chunk].files.emplace(row.kind, Describe(files));
    for (std::size_t i = 0; i < files.size(); ++i) {
      owned_.insert(files[i]);
      if (row.state != "frozen") continue;
      CheckFrozenFile(key, files[i], row.value,
                      facts_.chunk_file ? facts_.chunk_file(row.kind, row.chunk, i) : "");
    }
  }

  void CheckIndexRow(const IndexRow& row) {
    owned_.insert(FileOf(row));
    image_.indexes.push_back({.row = row, .files = Describe({FileOf(row)})});
    if (row.state != "frozen") return;
    const std::string key = fmt::format("index:{:08}:{:08}:{:08}", row.window, row.first, row.last);
    CheckFrozenFile(key, FileOf(row), row.value,
                    facts_.index_file ? facts_.index_file(row.first, row.last) : "");
  }

  void CheckHotRow(const HotRow& row) {
    const std::string dir = fmt::format("hot/{:08}", row.chunk);
    hot_dirs_.insert(dir);
    HotImage& image = image_.hot[row.chunk];
    image.state = row.state;
    const auto entries = env_.fs->List(dir);
    image.has_directory = entries.ok();
    if (entries.ok())
      for (const vfs::DirEntry& entry : *entries) image.names.insert(entry.name);
    if (row.state != "ready") return;
    const std::uint64_t cuts_before = LogCuts();
    vfs::RocksDbOptions options;
    options.rocks = facts_.rocks;
    options.rule = vfs::OpenRule::kMustExist;
    options.dir_owner = vfs::DirOwner::kCaller;
    const auto db = vfs::RocksDb::Open(env_, dir, options);
    if (!db.ok()) {
      Report("12-database-opens",
             fmt::format("hot:chunk:{:08} is ready: {}", row.chunk, vfs::Message(db.status())));
      return;
    }
    image.was_log_cut = LogCuts() != cuts_before;
    const auto content = (*db)->Scan(vfs::kDefaultFamily, {});
    if (!content.ok()) return;
    for (const auto& [key, value] : *content)
      if (key.starts_with(kLedgerRow)) ++image.ledgers;
  }

  static std::uint64_t LogCuts() {
    std::uint64_t cuts = 0;
    for (const auto& [name, count] : vfs::ProbeCounts())
      if (name.starts_with("rocksdb/log_")) cuts += count;
    return cuts;
  }

  void CheckOneFrozenCoverage() {
    std::map<std::uint32_t, std::string> frozen;
    for (const IndexRow& row : indexes_) {
      if (row.state != "frozen") continue;
      const std::string text = fmt::format("[{},{}]", row.first, row.last);
      const auto [it, is_first] = frozen.emplace(row.window, text);
      if (!is_first)
        Report("5-one-frozen-coverage",
               fmt::format("window {} has {} and {} frozen", row.window, it->second, text));
    }
  }

  // The batch that freezes a window's last index demotes its inputs too: one that is still frozen
  // was left out. Only of an index over the whole window can that be said at any instant: runs
  // under a partial one may be the inputs of a wider one (the retention was widened).
  void CheckTerminalCommit() {
    for (const IndexRow& index : indexes_) {
      const bool is_whole = index.first == index.window * facts_.chunks_per_window &&
                            index.last == (index.window + 1) * facts_.chunks_per_window - 1;
      if (index.state != "frozen" || !is_whole) continue;
      for (const ChunkRow& row : chunks_) {
        const bool is_input =
            row.kind == "txhash" && index.first <= row.chunk && row.chunk <= index.last;
        if (is_input && row.state == "frozen") {
          Report("21-commit-is-atomic",
                 fmt::format("window {} is finished, chunk:{:08}:txhash is frozen", index.window,
                             row.chunk));
        }
      }
    }
  }

  void CheckEveryFileHasItsKey() {
    for (const std::string_view root : kArtifactRoots) {
      const auto files = FilesBelow(*env_.fs, std::string(root));
      if (!files.ok()) continue;  // the root is not there yet
      for (const std::string& file : *files) {
        if (vfs::NameOf(file) == "permafrost.lock" || owned_.contains(file)) continue;
        if (root == "hot" && hot_dirs_.contains(file.substr(0, file.find('/', 4)))) continue;
        Report("10-every-file-has-a-key", fmt::format("{} has no key", file));
      }
    }
    const auto children = env_.fs->List("hot");
    if (!children.ok()) return;
    for (const vfs::DirEntry& entry : *children) {
      const std::string dir = "hot/" + entry.name;
      if (entry.kind == vfs::FileKind::kDirectory && !hot_dirs_.contains(dir))
        Report("13-every-hot-directory-has-a-key", dir + " has no key");
    }
  }

  void CheckSettled(std::int64_t floor) {
    std::map<std::uint32_t, std::set<std::string>> frozen_kinds;
    for (const ChunkRow& row : chunks_) {
      const std::string key = fmt::format("chunk:{:08}:{} = {}", row.chunk, row.kind, row.state);
      if (row.state != "frozen") Report("6-no-transient-when-settled", key);
      if (row.chunk < floor)
        Report("15-nothing-below-the-floor", fmt::format("{}, floor is {}", key, floor));
      if (row.state == "frozen") frozen_kinds[row.chunk].insert(row.kind);
    }
    std::map<std::uint32_t, const IndexRow*> coverage;
    for (const IndexRow& row : indexes_) {
      const std::string key =
          fmt::format("index:{:08}:{:08}:{:08} = {}", row.window, row.first, row.last, row.state);
      if (row.state != "frozen") Report("6-no-transient-when-settled", key);
      if (static_cast<std::int64_t>((row.window + 1) * facts_.chunks_per_window) - 1 < floor)
        Report("16-no-index-below-the-floor", key);
      if (row.state == "frozen") coverage[row.window] = &row;
    }
    for (const auto& [chunk, kinds] : frozen_kinds) {
      const auto it = coverage.find(chunk / facts_.chunks_per_window);
      const bool is_terminal = it != coverage.end() &&
                               it->second->last == (it->first + 1) * facts_.chunks_per_window - 1;
      if (is_terminal && kinds.contains("txhash"))
        Report("8-no-inputs-of-a-finished-window", fmt::format("chunk:{:08}:txhash", chunk));
    }
    for (const HotRow& row : hot_) {
      const std::string key = fmt::format("hot:chunk:{:08} = {}", row.chunk, row.state);
      if (row.state != "ready") Report("6-no-transient-when-settled", key);
      if (row.chunk < floor)
        Report("15-nothing-below-the-floor", fmt::format("{}, floor is {}", key, floor));
      const auto kinds = frozen_kinds.find(row.chunk);
      const auto it = coverage.find(row.chunk / facts_.chunks_per_window);
      const bool is_covered =
          it != coverage.end() && it->second->first <= row.chunk && row.chunk <= it->second->last;
      if (is_covered && kinds != frozen_kinds.end() && kinds->second.contains("ledgers") &&
          kinds->second.contains("events")) {
        Report("7-no-hot-when-cold-serves", key);
      }
    }
  }

  const vfs::Env& env_;
  const StoreFacts& facts_;
  StoreImage& image_;
  std::vector<Violation> found_;
  std::vector<ChunkRow> chunks_;
  std::vector<IndexRow> indexes_;
  std::vector<HotRow> hot_;
  std::set<std::string> owned_;
  std::set<std::string> hot_dirs_;
};

}  // namespace

std::vector<Violation> CheckStore(const vfs::Env& env,
                                  const StoreFacts& facts,
                                  Moment moment,
                                  std::int64_t floor,
                                  StoreImage* image) {
  StoreImage nobodys;
  return Inspection(env, facts, image != nullptr ? *image : nobodys).Run(moment, floor);
}

absl::StatusOr<std::vector<std::string>> FilesBelow(const vfs::FileSystem& fs,
                                                    const std::string& path) {
  std::vector<std::string> files;
  VFS_ASSIGN_OR_RETURN(const auto entries, fs.List(path));
  for (const vfs::DirEntry& entry : entries) {
    const std::string child = vfs::JoinPath(path, entry.name);
    if (entry.kind == vfs::FileKind::kFile) {
      files.push_back(child);
      continue;
    }
    VFS_ASSIGN_OR_RETURN(const auto below, FilesBelow(fs, child));
    files.insert(files.end(), below.begin(), below.end());
  }
  return files;
}

absl::StatusOr<std::map<std::string, std::string>> CatalogRowsAtRest(
    const vfs::Env& env, const vfs::RocksOptions& rocks) {
  vfs::RocksDbOptions options;
  options.rocks = rocks;
  options.rule = vfs::OpenRule::kMustExist;
  options.dir_owner = vfs::DirOwner::kCaller;
  auto db = vfs::RocksDb::Open(env, kCatalogDir, options);
  if (absl::IsNotFound(db.status())) return std::map<std::string, std::string>();
  if (!db.ok()) return db.status();
  VFS_ASSIGN_OR_RETURN(const auto rows, (*db)->Scan(vfs::kDefaultFamily, {}));
  std::map<std::string, std::string> map(rows.begin(), rows.end());
  VFS_RETURN_IF_ERROR((*db)->Close());
  return map;
}

absl::StatusOr<std::string> ReadWholeFile(const vfs::FileSystem& fs, const std::string& path) {
  // Opening for reading changes nothing; the interface has no const open.
  VFS_ASSIGN_OR_RETURN(const auto file,
                       const_cast<vfs::FileSystem&>(fs).Open(path, vfs::OpenMode::kRead));
  VFS_ASSIGN_OR_RETURN(const std::uint64_t bytes, file->Size());
  std::string content(bytes, '\0');
  VFS_ASSIGN_OR_RETURN(const std::size_t count, file->Read(0, content));
  if (count != bytes) return vfs::DataLoss("read {}: {} of {} bytes", path, count, bytes);
  return content;
}

}  // namespace permafrost::sim
