// Catalog reads, preconditions, and one batch per write.
#include "engine/catalog/catalog.h"

#include <algorithm>
#include <map>

#include "engine/catalog/database_options.h"
#include "vfs/base/check.h"
#include "vfs/base/hash.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"

namespace permafrost::engine {
namespace {

using vfs::kDefaultFamily;

absl::Status StillRead(std::string_view op, std::string_view key) {
  VFS_PROBE("engine/catalog/still_read");
  return vfs::Aborted(
      "{} {}: a read view may still resolve what it named; again once that is closed", op, key);
}

absl::Status WrongState(std::string_view op, std::string_view key, std::string_view found) {
  return vfs::FailedPrecondition("{} {}: the key is {}", op, key, found);
}

std::string_view StateText(const std::optional<ArtifactRecord>& record) {
  return record.has_value() ? ToString(record->state) : "absent";
}

bool IsFrozen(const std::optional<ArtifactRecord>& record) {
  return record.has_value() && record->state == ArtifactState::kFrozen;
}

const ArtifactRecord kFreezingRecord{.state = ArtifactState::kFreezing, .files = {}};
const ArtifactRecord kPruningRecord{.state = ArtifactState::kPruning, .files = {}};

// What a key says while its files are written: a tainted one goes on saying what they were.
const ArtifactRecord& MarkedFreezing(const std::optional<ArtifactRecord>& before) {
  return before.has_value() && before->is_tainted() ? *before : kFreezingRecord;
}

// Everything of a chunk is derived from its ledgers, so they are those that were frozen.
absl::Status CheckComesBack(const ChunkArtifact& artifact,
                            const ArtifactRecord& before,
                            const ArtifactRecord& frozen) {
  const bool must = artifact.kind == ArtifactKind::kLedgers && before.is_tainted();
  if (!must || before.files == frozen.files) return absl::OkStatus();
  const FileDigest& was = before.files.front();
  const FileDigest& is = frozen.files.front();
  return vfs::DataLoss(
      "flip {}: tainted with {} bytes of checksum 0x{:08x}, made again with {} bytes of checksum "
      "0x{:08x}; its source has other ledgers, or another build froze them",
      KeyText(artifact), was.bytes, was.crc32c, is.bytes, is.crc32c);
}

// A first start over roots that hold artifacts would disown every file in them.
absl::Status CheckRootsAreEmpty(const vfs::FileSystem& fs, const Layout& layout) {
  const Roots& roots = layout.roots();
  for (const std::string& root :
       {roots.ledgers, roots.events, roots.txhash_raw, roots.txhash_index, roots.hot}) {
    VFS_ASSIGN_OR_RETURN(const std::vector<vfs::DirEntry> entries, fs.List(root));
    for (const vfs::DirEntry& entry : entries) {
      if (entry.kind != vfs::FileKind::kDirectory) continue;
      if (!ParseFixedDigits(entry.name, entry.name.size()).has_value()) continue;
      VFS_PROBE("engine/catalog/lost_catalog_refused");
      return vfs::FailedPrecondition(
          "start store: the catalog '{}' is empty but '{}' is not; restore the catalog or choose "
          "empty roots",
          layout.CatalogDir(), vfs::JoinPath(root, entry.name));
    }
  }
  return absl::OkStatus();
}

std::string NewStoreId(const vfs::Env& env) {
  vfs::Prng prng = env.prng->Fork("engine/store_id");
  return vfs::Hash128{.lo = prng.Next(), .hi = prng.Next()}.Hex();
}

}  // namespace

Catalog::Catalog(const Layout& layout, std::unique_ptr<vfs::RocksDb> db)
    : layout_(layout), db_(std::move(db)) {}

Catalog::~Catalog() = default;

absl::StatusOr<std::unique_ptr<Catalog>> Catalog::Open(const vfs::Env& env,
                                                       const Layout& layout,
                                                       const ExpectedPins& expected,
                                                       const vfs::RocksOptions& rocks) {
  VFS_RETURN_IF_ERROR(CheckExpected(expected));
  VFS_ASSIGN_OR_RETURN(std::unique_ptr<vfs::RocksDb> db,
                       vfs::RocksDb::Open(env, layout.CatalogDir(),
                                          DatabaseOptions(rocks, vfs::OpenRule::kCreateIfMissing)));
  std::unique_ptr<Catalog> catalog(new Catalog(layout, std::move(db)));
  VFS_ASSIGN_OR_RETURN(const CatalogRows rows, catalog->Rows("", nullptr));
  if (rows.empty()) {
    VFS_RETURN_IF_ERROR(catalog->StartFirst(env, expected));
    return catalog;
  }
  VFS_ASSIGN_OR_RETURN(catalog->pins_, ParsePins(rows));
  VFS_RETURN_IF_ERROR(ComparePins(catalog->pins_, expected));
  // A malformed key or a broken invariant is found here, before anything is built on it.
  VFS_RETURN_IF_ERROR(catalog->View().status());
  return catalog;
}

absl::Status Catalog::StartFirst(const vfs::Env& env, const ExpectedPins& expected) {
  VFS_PROBE("engine/catalog/pins_first_start");
  VFS_RETURN_IF_ERROR(CheckRootsAreEmpty(*env.fs, layout_));
  pins_ = Pins{.store_id = expected.store_id.empty() ? NewStoreId(env) : expected.store_id,
               .format = kStoreFormat,
               .geometry = expected.geometry,
               .network = expected.network,
               .earliest_ledger = expected.earliest_ledger};
  vfs::RocksBatch batch;
  for (const auto& [key, value] : PinRows(pins_)) batch.Put(kDefaultFamily, key, value);
  const vfs::MutexLock lock(&write_mu_);
  const vfs::Step step("pins.write");
  return Write(batch);
}

absl::StatusOr<CatalogRows> Catalog::ReadRows(const vfs::Env& env,
                                              std::string_view directory,
                                              const vfs::RocksOptions& rocks) {
  VFS_ASSIGN_OR_RETURN(std::unique_ptr<vfs::RocksDb> db,
                       vfs::RocksDb::OpenReadOnly(
                           env, directory, DatabaseOptions(rocks, vfs::OpenRule::kMustExist)));
  VFS_ASSIGN_OR_RETURN(CatalogRows rows, db->Scan(kDefaultFamily, vfs::PrefixRange("")));
  VFS_RETURN_IF_ERROR(db->Close());
  return rows;
}

absl::Status Catalog::Close() { return db_->Close(); }

CatalogSnapshot Catalog::Snapshot() const {
  // The pin comes first: whatever the snapshot then shows was not demoted before it.
  Epochs::Pin pin = epochs_.Enter();
  const std::uint64_t ended = writes_ended_;
  std::unique_ptr<vfs::RocksSnapshot> rows = db_->Snapshot();
  std::optional<std::uint64_t> version;
  if (writes_begun_ == ended) version = ended;
  return {std::move(pin), std::move(rows), version};
}

absl::Status Catalog::Poison() const {
  const vfs::MutexLock lock(&mu_);
  return poison_;
}

absl::StatusOr<CatalogRows> Catalog::Rows(std::string_view prefix,
                                          const CatalogSnapshot* at) const {
  if (at == nullptr) VFS_RETURN_IF_ERROR(Poison());
  return db_->Scan(kDefaultFamily, vfs::PrefixRange(prefix), at == nullptr ? nullptr : at->rows());
}

absl::StatusOr<std::optional<std::string>> Catalog::Value(std::string_view key,
                                                          const CatalogSnapshot* at) const {
  if (at == nullptr) VFS_RETURN_IF_ERROR(Poison());
  return db_->Get(kDefaultFamily, key, at == nullptr ? nullptr : at->rows());
}

absl::Status Catalog::Write(const vfs::RocksBatch& batch) {
  VFS_RETURN_IF_ERROR(Poison());
  ++writes_begun_;
  absl::Status status = db_->Write(batch, vfs::SyncWrite::kYes);
  ++writes_ended_;
  if (status.ok()) return status;
  VFS_PROBE("engine/catalog/poisoned");
  const vfs::MutexLock lock(&mu_);
  poison_ = status;
  return status;
}

absl::Status Catalog::WriteDemotion(const vfs::RocksBatch& batch,
                                    const std::vector<std::string>& demoted) {
  {
    // From before anybody can see the demotion until its epoch is known, nobody may act on it.
    const vfs::MutexLock lock(&mu_);
    for (const std::string& key : demoted) demoted_[key] = std::nullopt;
  }
  VFS_RETURN_IF_ERROR(Write(batch));
  // Whoever entered before this may have seen the keys as they were.
  const std::uint64_t epoch = epochs_.End();
  const vfs::MutexLock lock(&mu_);
  for (const std::string& key : demoted) demoted_[key] = epoch;
  return absl::OkStatus();
}

bool Catalog::IsStillRead(const std::string& key) const {
  std::optional<std::uint64_t> epoch;
  {
    const vfs::MutexLock lock(&mu_);
    const auto it = demoted_.find(key);
    if (it == demoted_.end()) return false;
    epoch = it->second;
    if (!epoch.has_value() || !epochs_.IsDrained(*epoch)) return true;
  }
  // Nobody is left, and nobody new can see what was: the key says so.
  if (forget_) forget_(key);
  const vfs::MutexLock lock(&mu_);
  const auto it = demoted_.find(key);
  if (it != demoted_.end() && it->second == epoch) demoted_.erase(it);
  return false;
}

bool Catalog::IsStillRead(const ChunkArtifact& artifact) const {
  return IsStillRead(KeyText(artifact));
}
bool Catalog::IsStillRead(const Coverage& coverage) const { return IsStillRead(KeyText(coverage)); }
bool Catalog::IsStillRead(HotChunkKey hot) const { return IsStillRead(KeyText(hot)); }

absl::StatusOr<CatalogView> Catalog::View(const CatalogSnapshot* at) const {
  VFS_ASSIGN_OR_RETURN(const CatalogRows rows, Rows("", at));
  VFS_ASSIGN_OR_RETURN(CatalogView view, ParseCatalog(layout_, rows));
  for (const auto& [coverage, record] : view.coverages) {
    VFS_RETURN_IF_ERROR(view.FrozenCoverage(layout_.geometry(), coverage.window).status());
  }
  return view;
}

absl::StatusOr<std::optional<ArtifactRecord>> Catalog::Find(const ChunkArtifact& artifact,
                                                            const CatalogSnapshot* at) const {
  VFS_ASSIGN_OR_RETURN(const std::optional<std::string> value, Value(KeyText(artifact), at));
  if (!value.has_value()) return std::nullopt;
  return ParseArtifactValue(layout_, artifact, *value);
}

absl::StatusOr<std::optional<ArtifactRecord>> Catalog::Find(const Coverage& coverage,
                                                            const CatalogSnapshot* at) const {
  VFS_ASSIGN_OR_RETURN(const std::optional<std::string> value, Value(KeyText(coverage), at));
  if (!value.has_value()) return std::nullopt;
  return ParseCoverageValue(layout_, coverage, *value);
}

absl::StatusOr<std::optional<HotState>> Catalog::Find(HotChunkKey hot,
                                                      const CatalogSnapshot* at) const {
  VFS_ASSIGN_OR_RETURN(const std::optional<std::string> value, Value(KeyText(hot), at));
  if (!value.has_value()) return std::nullopt;
  return ParseHotValue(hot.chunk, *value);
}

absl::StatusOr<std::map<Coverage, ArtifactRecord>> Catalog::FindCoverages(
    WindowId window, const CatalogSnapshot* at) const {
  VFS_ASSIGN_OR_RETURN(const CatalogRows rows, Rows(WindowKeyPrefix(window), at));
  std::map<Coverage, ArtifactRecord> coverages;
  for (const auto& [key_text, value] : rows) {
    VFS_ASSIGN_OR_RETURN(const Key key, ParseKey(layout_.geometry(), key_text));
    const auto& coverage = std::get<Coverage>(key);
    VFS_ASSIGN_OR_RETURN(coverages[coverage], ParseCoverageValue(layout_, coverage, value));
  }
  return coverages;
}

absl::StatusOr<std::optional<FrozenIndex>> Catalog::FindFrozenIndex(
    WindowId window, const CatalogSnapshot* at) const {
  CatalogView view;
  VFS_ASSIGN_OR_RETURN(view.coverages, FindCoverages(window, at));
  VFS_ASSIGN_OR_RETURN(const std::optional<Coverage> frozen,
                       view.FrozenCoverage(layout_.geometry(), window));
  if (!frozen.has_value()) return std::nullopt;
  return FrozenIndex{.coverage = *frozen, .file = view.coverages[*frozen].files.front()};
}

absl::Status Catalog::Taint(const ArtifactRefs& refs) {
  const vfs::MutexLock lock(&write_mu_);
  vfs::RocksBatch batch;
  std::vector<std::string> tainted;
  const auto taint = [&](const auto& key) -> absl::Status {
    VFS_ASSIGN_OR_RETURN(std::optional<ArtifactRecord> record, Find(key));
    if (!IsFrozen(record)) return absl::OkStatus();
    record->state = ArtifactState::kFreezing;
    batch.Put(kDefaultFamily, KeyText(key), ValueText(*record));
    tainted.push_back(KeyText(key));
    return absl::OkStatus();
  };
  for (const ChunkArtifact& artifact : refs.artifacts) VFS_RETURN_IF_ERROR(taint(artifact));
  for (const Coverage& coverage : refs.coverages) VFS_RETURN_IF_ERROR(taint(coverage));
  if (batch.empty()) return absl::OkStatus();
  VFS_PROBE("engine/repair/tainted");
  const vfs::Step step("repair.taint");
  return WriteDemotion(batch, tainted);
}

absl::Status Catalog::MarkChunkFreezing(ChunkId chunk, std::span<const ArtifactKind> kinds) {
  const vfs::MutexLock lock(&write_mu_);
  VFS_CHECK(!kinds.empty(), "mark of chunk {} names no kind", chunk.value());
  vfs::RocksBatch batch;
  for (const ArtifactKind kind : kinds) {
    const ChunkArtifact artifact{.chunk = chunk, .kind = kind};
    VFS_ASSIGN_OR_RETURN(const std::optional<ArtifactRecord> record, Find(artifact));
    if (IsFrozen(record)) return WrongState("mark", KeyText(artifact), "frozen");
    if (IsStillRead(artifact)) return StillRead("mark", KeyText(artifact));
    if (record.has_value()) VFS_PROBE("engine/freeze/marked_again");
    batch.Put(kDefaultFamily, KeyText(artifact), ValueText(MarkedFreezing(record)));
  }
  const vfs::Step step("freeze.mark");
  return Write(batch);
}

absl::Status Catalog::FlipChunkFrozen(
    std::span<const std::pair<ChunkArtifact, ArtifactRecord>> artifacts) {
  const vfs::MutexLock lock(&write_mu_);
  VFS_CHECK(!artifacts.empty(), "flip names no artifact");
  vfs::RocksBatch batch;
  for (const auto& [artifact, frozen] : artifacts) {
    VFS_ASSIGN_OR_RETURN(const std::optional<ArtifactRecord> record, Find(artifact));
    if (!record.has_value() || record->state != ArtifactState::kFreezing) {
      return WrongState("flip", KeyText(artifact), StateText(record));
    }
    VFS_RETURN_IF_ERROR(CheckComesBack(artifact, *record, frozen));
    batch.Put(kDefaultFamily, KeyText(artifact), ValueText(frozen));
  }
  const vfs::Step step("freeze.flip");
  return Write(batch);
}

absl::Status Catalog::MarkIndexFreezing(const Coverage& coverage) {
  const vfs::MutexLock lock(&write_mu_);
  VFS_ASSIGN_OR_RETURN(const std::optional<ArtifactRecord> record, Find(coverage));
  if (IsFrozen(record)) return WrongState("mark", KeyText(coverage), "frozen");
  if (IsStillRead(coverage)) return StillRead("mark", KeyText(coverage));
  vfs::RocksBatch batch;
  batch.Put(kDefaultFamily, KeyText(coverage), ValueText(MarkedFreezing(record)));
  const vfs::Step step("index.mark");
  return Write(batch);
}

absl::Status Catalog::CommitIndex(const Coverage& coverage, const FileDigest& file) {
  const vfs::MutexLock lock(&write_mu_);
  VFS_ASSIGN_OR_RETURN(const std::optional<ArtifactRecord> record, Find(coverage));
  if (!record.has_value() || record->state != ArtifactState::kFreezing) {
    return WrongState("commit", KeyText(coverage), StateText(record));
  }
  const ArtifactRecord frozen{.state = ArtifactState::kFrozen, .files = {file}};
  vfs::RocksBatch batch;
  std::vector<std::string> demoted;
  const auto demote = [&](const std::string& key) {
    batch.Put(kDefaultFamily, key, ValueText(kPruningRecord));
    demoted.push_back(key);
  };
  batch.Put(kDefaultFamily, KeyText(coverage), ValueText(frozen));
  VFS_ASSIGN_OR_RETURN(const std::optional<FrozenIndex> before, FindFrozenIndex(coverage.window));
  if (before.has_value()) demote(KeyText(before->coverage));
  if (layout_.geometry().IsTerminal(coverage.chunks.last)) {
    VFS_PROBE("engine/index/window_completed");
    for (ChunkId c = coverage.chunks.first; c <= coverage.chunks.last; c = Next(c)) {
      const ChunkArtifact input{.chunk = c, .kind = ArtifactKind::kTxHash};
      VFS_ASSIGN_OR_RETURN(const std::optional<ArtifactRecord> existing, Find(input));
      if (IsFrozen(existing)) demote(KeyText(input));
    }
  }
  const vfs::Step step("index.commit");
  return WriteDemotion(batch, demoted);
}

absl::Status Catalog::Demote(const ArtifactRefs& refs) {
  const vfs::MutexLock lock(&write_mu_);
  vfs::RocksBatch batch;
  std::vector<std::string> demoted;
  const auto demote = [&](const std::string& key) {
    batch.Put(kDefaultFamily, key, ValueText(kPruningRecord));
    demoted.push_back(key);
  };
  for (const ChunkArtifact& artifact : refs.artifacts) {
    VFS_ASSIGN_OR_RETURN(const std::optional<ArtifactRecord> record, Find(artifact));
    if (IsFrozen(record)) demote(KeyText(artifact));
  }
  for (const Coverage& coverage : refs.coverages) {
    VFS_ASSIGN_OR_RETURN(const std::optional<ArtifactRecord> record, Find(coverage));
    if (IsFrozen(record)) demote(KeyText(coverage));
  }
  if (batch.empty()) return absl::OkStatus();
  const vfs::Step step("delete.demote");
  return WriteDemotion(batch, demoted);
}

absl::Status Catalog::DeleteKeys(const ArtifactRefs& refs) {
  const vfs::MutexLock lock(&write_mu_);
  vfs::RocksBatch batch;
  for (const ChunkArtifact& artifact : refs.artifacts) {
    VFS_ASSIGN_OR_RETURN(const std::optional<ArtifactRecord> record, Find(artifact));
    if (IsFrozen(record)) return WrongState("delete", KeyText(artifact), "frozen");
    batch.Delete(kDefaultFamily, KeyText(artifact));
  }
  for (const Coverage& coverage : refs.coverages) {
    VFS_ASSIGN_OR_RETURN(const std::optional<ArtifactRecord> record, Find(coverage));
    if (IsFrozen(record)) return WrongState("delete", KeyText(coverage), "frozen");
    batch.Delete(kDefaultFamily, KeyText(coverage));
  }
  if (batch.empty()) return absl::OkStatus();
  const vfs::Step step("delete.key");
  return Write(batch);
}

absl::Status Catalog::MarkHotTransient(ChunkId chunk) {
  const vfs::MutexLock lock(&write_mu_);
  const HotChunkKey hot{chunk};
  VFS_ASSIGN_OR_RETURN(const std::optional<HotState> state, Find(hot));
  if (state == HotState::kReady) return WrongState("mark", KeyText(hot), "ready");
  vfs::RocksBatch batch;
  batch.Put(kDefaultFamily, KeyText(hot), ValueText(HotState::kTransient));
  const vfs::Step step("hot.mark");
  return Write(batch);
}

absl::Status Catalog::FlipHotReady(ChunkId chunk) {
  const vfs::MutexLock lock(&write_mu_);
  const HotChunkKey hot{chunk};
  VFS_ASSIGN_OR_RETURN(const std::optional<HotState> state, Find(hot));
  if (state != HotState::kTransient) {
    return WrongState("flip", KeyText(hot), state.has_value() ? ToString(*state) : "absent");
  }
  vfs::RocksBatch batch;
  batch.Put(kDefaultFamily, KeyText(hot), ValueText(HotState::kReady));
  const vfs::Step step("hot.ready");
  return Write(batch);
}

absl::Status Catalog::DemoteHot(ChunkId chunk) {
  const vfs::MutexLock lock(&write_mu_);
  const HotChunkKey hot{chunk};
  VFS_ASSIGN_OR_RETURN(const std::optional<HotState> state, Find(hot));
  if (state != HotState::kReady) return absl::OkStatus();
  vfs::RocksBatch batch;
  batch.Put(kDefaultFamily, KeyText(hot), ValueText(HotState::kTransient));
  const vfs::Step step("delete.demote");
  return WriteDemotion(batch, {KeyText(hot)});
}

absl::Status Catalog::DeleteHotKey(ChunkId chunk) {
  const vfs::MutexLock lock(&write_mu_);
  const HotChunkKey hot{chunk};
  VFS_ASSIGN_OR_RETURN(const std::optional<HotState> state, Find(hot));
  if (!state.has_value()) return absl::OkStatus();
  if (*state == HotState::kReady) return WrongState("delete", KeyText(hot), "ready");
  vfs::RocksBatch batch;
  batch.Delete(kDefaultFamily, KeyText(hot));
  const vfs::Step step("delete.key");
  return Write(batch);
}

}  // namespace permafrost::engine
