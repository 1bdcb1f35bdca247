// Look, open what is not there, keep what was used last.
#include "engine/store/cold_readers.h"

#include <algorithm>
#include <utility>

#include "engine/store/cold_identity.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {

absl::StatusOr<std::string> ColdLedgers::Ledger(LedgerSeq sequence) const {
  VFS_ASSIGN_OR_RETURN(const std::string stored, pack_.Stored(sequence));
  absl::StatusOr<std::string> bytes = decompressors_.Decompress(stored);
  if (!bytes.ok()) return vfs::DataLoss("read {}: {}", path_, vfs::Message(bytes.status()));
  return bytes;
}

template <typename T>
std::shared_ptr<const T> ColdReaders::Find(const std::string& key, const Version& version) {
  if (!version.has_value()) return nullptr;
  const vfs::MutexLock lock(&mu_);
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.version != version) return nullptr;
  found->second.used = ++uses_;
  return std::get<std::shared_ptr<const T>>(found->second.reader);
}

template <typename T, typename Open>
absl::StatusOr<std::shared_ptr<const T>> ColdReaders::Find(const std::string& key,
                                                           const std::vector<FileDigest>& files,
                                                           const Version& version,
                                                           const Open& open) {
  {
    const vfs::MutexLock lock(&mu_);
    const auto found = entries_.find(key);
    if (found != entries_.end() && found->second.files == files) {
      found->second.used = ++uses_;
      found->second.version = version;
      return std::get<std::shared_ptr<const T>>(found->second.reader);
    }
  }
  // Two threads may open the same: the later one's stays.
  absl::StatusOr<std::shared_ptr<const T>> reader = open();
  if (reader.ok()) Keep(key, {.files = files, .reader = *reader, .version = version});
  return reader;
}

void ColdReaders::Keep(const std::string& key, Entry entry) {
  std::vector<Entry> dropped;  // closed when the lock is given back
  const vfs::MutexLock lock(&mu_);
  const auto drop = [&](std::map<std::string, Entry>::iterator at) {
    open_files_ -= at->second.files.size();
    dropped.push_back(std::move(at->second));
    entries_.erase(at);
  };
  if (const auto before = entries_.find(key); before != entries_.end()) drop(before);
  const std::size_t files = entry.files.size();
  while (!entries_.empty() && open_files_ + files > files_max_) {
    VFS_PROBE("engine/store/cold_reader_evicted");
    drop(std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
      return a.second.used < b.second.used;
    }));
  }
  entry.used = ++uses_;
  open_files_ += files;
  entries_.emplace(key, std::move(entry));
}

absl::StatusOr<std::shared_ptr<const ColdLedgers>> ColdReaders::Ledgers(const ReadView& view,
                                                                        ChunkId chunk) {
  const ChunkArtifact artifact = {.chunk = chunk, .kind = ArtifactKind::kLedgers};
  const std::string key = KeyText(artifact);
  const Version version = view.catalog_version();
  if (auto kept = Find<ColdLedgers>(key, version); kept != nullptr) return kept;
  VFS_ASSIGN_OR_RETURN(const auto record, view.FindRecord(artifact));
  if (!record.has_value()) return nullptr;
  const auto open = [&]() -> absl::StatusOr<std::shared_ptr<const ColdLedgers>> {
    const FrozenFile file = view.FilesOf(artifact, *record).front();
    VFS_ASSIGN_OR_RETURN(LedgerPackReader pack, OpenLedgerPack(file, view.pins(), chunk));
    return std::make_shared<const ColdLedgers>(std::move(pack), file.path);
  };
  return Find<ColdLedgers>(key, record->files, version, open);
}

absl::StatusOr<std::shared_ptr<const EventSegmentReader>> ColdReaders::Events(const ReadView& view,
                                                                              ChunkId chunk) {
  const ChunkArtifact artifact = {.chunk = chunk, .kind = ArtifactKind::kEvents};
  const std::string key = KeyText(artifact);
  const Version version = view.catalog_version();
  if (auto kept = Find<EventSegmentReader>(key, version); kept != nullptr) return kept;
  VFS_ASSIGN_OR_RETURN(const auto record, view.FindRecord(artifact));
  if (!record.has_value()) return nullptr;
  const auto open = [&]() -> absl::StatusOr<std::shared_ptr<const EventSegmentReader>> {
    VFS_ASSIGN_OR_RETURN(EventSegmentReader segment,
                         OpenEventSegment(view.FilesOf(artifact, *record), view.pins(), chunk));
    return std::make_shared<const EventSegmentReader>(std::move(segment));
  };
  return Find<EventSegmentReader>(key, record->files, version, open);
}

absl::StatusOr<std::optional<ColdReaders::FoundIndex>> ColdReaders::Index(const ReadView& view,
                                                                          WindowId window) {
  VFS_ASSIGN_OR_RETURN(const auto index, view.FindIndex(window));
  if (!index.has_value()) return std::nullopt;
  const auto open = [&]() -> absl::StatusOr<std::shared_ptr<const WindowIndex>> {
    VFS_RETURN_IF_ERROR(OpenFrozen(index->file).status());
    // Units are read each time: of a window of the largest size the directories alone take 20 MiB.
    return WindowIndex::Open(index->file.fs, index->file.path,
                             IndexIdentityOf(view.pins(), index->coverage),
                             {.resident_bytes_max = 0});
  };
  VFS_ASSIGN_OR_RETURN(auto reader,
                       Find<WindowIndex>(KeyText(index->coverage), {index->file.digest},
                                         view.catalog_version(), open));
  return FoundIndex{.coverage = index->coverage, .index = std::move(reader)};
}

void ColdReaders::Forget(const std::string& key) {
  Entry dropped;  // closed when the lock is given back
  const vfs::MutexLock lock(&mu_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  open_files_ -= found->second.files.size();
  dropped = std::move(found->second);
  entries_.erase(found);
}

void ColdReaders::ForgetAll() {
  std::map<std::string, Entry> dropped;  // closed when the lock is given back
  const vfs::MutexLock lock(&mu_);
  dropped.swap(entries_);
  open_files_ = 0;
}

std::size_t ColdReaders::open_files() const {
  const vfs::MutexLock lock(&mu_);
  return open_files_;
}

}  // namespace permafrost::engine
