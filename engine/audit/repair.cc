// Prove, taint, run the lifecycle, say what became of it.
#include "engine/audit/repair.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "engine/audit/contents.h"
#include "engine/plan/plan.h"
#include "engine/store/ledger_artifacts.h"
#include "vfs/base/crc32c.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr ArtifactKind kPack = ArtifactKind::kLedgers;

// Takes what a writer of a pack appends, and keeps its length and checksum only.
class DigestOnly final : public vfs::File {
 public:
  absl::Status Append(std::string_view bytes) override {
    digest_.bytes += bytes.size();
    digest_.crc32c = vfs::Crc32cExtend(digest_.crc32c, bytes);
    return absl::OkStatus();
  }
  absl::Status Write(std::uint64_t, std::string_view) override { return Refuse("write into"); }
  absl::StatusOr<std::size_t> Read(std::uint64_t, std::span<char>) const override {
    return Refuse("read");
  }
  absl::Status Truncate(std::uint64_t) override { return Refuse("truncate"); }
  absl::Status Preallocate(std::uint64_t, std::uint64_t) override { return absl::OkStatus(); }
  absl::Status SyncData() override { return Refuse("sync"); }
  absl::Status Sync() override { return Refuse("sync"); }
  absl::Status HintWriteOut(std::uint64_t, std::uint64_t) override { return absl::OkStatus(); }
  absl::StatusOr<std::uint64_t> Size() const override { return digest_.bytes; }
  absl::Status Close() override { return Refuse("close"); }

  const FileDigest& digest() const { return digest_; }

 private:
  static absl::Status Refuse(std::string_view op) {
    return vfs::FailedPrecondition("{} a digest: it is appended to only", op);
  }

  FileDigest digest_;
};

// What the lifecycle makes damaged artifacts from. A bulk source delivers no more than the ledgers
// that were proven, as this is no ingestion.
class RepairArtifacts final : public ArtifactSource {
 public:
  RepairArtifacts(LedgerStore* store, LedgerSource* bulk, const ShouldStop& should_stop)
      : own_(store, nullptr), all_(store, bulk, should_stop) {}

  // Whether the pack of a chunk can be made again.
  void SetPack(ChunkId chunk, bool can_be_made) { packs_[chunk] = can_be_made; }

  std::vector<ChunkId> CompleteChunks() override {
    std::set<ChunkId> complete;
    for (const ChunkId chunk : own_.CompleteChunks()) complete.insert(chunk);
    for (const auto& [chunk, can_be_made] : packs_) {
      complete.erase(chunk);
      if (can_be_made) complete.insert(chunk);
    }
    return {complete.begin(), complete.end()};
  }
  absl::StatusOr<ArtifactWriter> ChunkWriter(const ChunkArtifact& artifact,
                                             std::size_t file) override {
    return all_.ChunkWriter(artifact, file);
  }
  absl::StatusOr<ArtifactWriter> IndexWriter(const Coverage& coverage,
                                             HashRunFinder inputs) override {
    return all_.IndexWriter(coverage, std::move(inputs));
  }

 private:
  LedgerArtifacts own_;
  LedgerArtifacts all_;
  std::map<ChunkId, bool> packs_;
};

class Repairer {
 public:
  Repairer(vfs::FileSystem* fs,
           LedgerStore& store,
           LedgerSource* bulk,
           const ShouldStop& should_stop)
      : fs_(fs), store_(store), bulk_(bulk), artifacts_(&store, bulk, should_stop) {}

  absl::StatusOr<std::vector<Repaired>> Run(const std::set<std::string>& keys) {
    VFS_ASSIGN_OR_RETURN(view_, store_.store().View());
    FindDamage(keys);
    if (damaged_.empty()) return std::vector<Repaired>();
    for (const auto& [artifact, record] : damaged_.artifacts) {
      if (artifact.kind == kPack) Prove(artifact, record.files.front());
    }
    VFS_ASSIGN_OR_RETURN(const Plan plan, PlanAsIfTainted());
    const ArtifactRefs refs = Planned(plan);
    if (!refs.empty()) {
      NoteOrigins(refs);
      VFS_RETURN_IF_ERROR(store_.store().catalog().Taint(refs));
      run_ = store_.store().RunLifecycle(artifacts_).status();
      if (store_.store().needs_reopen()) return run_;
      VFS_RETURN_IF_ERROR(store_.DropSpentIndexes());
    }
    return Told();
  }

  // How the lifecycle run went.
  const absl::Status& run() const { return run_; }

 private:
  struct Damage {
    std::map<ChunkArtifact, ArtifactRecord> artifacts;
    std::map<Coverage, ArtifactRecord> coverages;
    bool empty() const { return artifacts.empty() && coverages.empty(); }
  };

  // Of the keys that are frozen those whose files are not as recorded; and what is tainted.
  void FindDamage(const std::set<std::string>& keys) {
    AuditReport again;
    again.view.pins = view_.pins;
    for (const auto& [artifact, record] : view_.artifacts)
      if (keys.contains(KeyText(artifact))) again.view.artifacts[artifact] = record;
    for (const auto& [coverage, record] : view_.coverages)
      if (keys.contains(KeyText(coverage))) again.view.coverages[coverage] = record;
    AuditContents(fs_, store_.store().layout(), again);
    const auto is_damaged = [&](const auto& key, const ArtifactRecord& record) {
      return record.is_tainted() || again.tainted.contains(KeyText(key));
    };
    for (const auto& [artifact, record] : view_.artifacts)
      if (is_damaged(artifact, record)) damaged_.artifacts[artifact] = record;
    for (const auto& [coverage, record] : view_.coverages)
      if (is_damaged(coverage, record)) damaged_.coverages[coverage] = record;
  }

  // Writes the pack without keeping it: it is made again only if that gives what was recorded.
  void Prove(const ChunkArtifact& pack, const FileDigest& recorded) {
    DigestOnly file;
    absl::StatusOr<ArtifactWriter> writer = artifacts_.ChunkWriter(pack, 0);
    const absl::Status written = writer.ok() ? (*writer)(file) : writer.status();
    const FileDigest& found = file.digest();
    const bool is_same =
        written.ok() && found.bytes == recorded.bytes && found.crc32c == recorded.crc32c;
    artifacts_.SetPack(pack.chunk, is_same);
    if (is_same || absl::IsNotFound(written)) return;
    VFS_PROBE("engine/repair/source_refused");
    refused_[pack.chunk] =
        !written.ok() ? vfs::Message(written)
                      : fmt::format(
                            "{} gives {} bytes with checksum 0x{:08x}, the catalog "
                            "recorded {} with 0x{:08x}; give the source that it was frozen "
                            "from",
                            OriginOfLedgers(pack.chunk), found.bytes, found.crc32c, recorded.bytes,
                            recorded.crc32c);
  }

  // What a lifecycle would do if all that is damaged were tainted.
  absl::StatusOr<Plan> PlanAsIfTainted() {
    CatalogView view = view_;
    for (const auto& [artifact, record] : damaged_.artifacts)
      view.artifacts[artifact].state = ArtifactState::kFreezing;
    for (const auto& [coverage, record] : damaged_.coverages)
      view.coverages[coverage].state = ArtifactState::kFreezing;
    PlanInput input{.floor = store_.store().floor(), .complete = {}};
    for (const ChunkId chunk : artifacts_.CompleteChunks()) input.complete.insert(chunk);
    return Resolve(view, store_.store().layout().geometry(), input);
  }

  // Of what is damaged, what that plan makes again or removes.
  ArtifactRefs Planned(const Plan& plan) const {
    const auto has = [](const auto& list, const auto& wanted) {
      return std::find(list.begin(), list.end(), wanted) != list.end();
    };
    ArtifactRefs refs;
    for (const auto& [artifact, record] : damaged_.artifacts) {
      const bool is_built = std::any_of(
          plan.chunks.begin(), plan.chunks.end(), [&, key = artifact](const ChunkBuild& build) {
            return build.chunk == key.chunk && has(build.kinds, key.kind);
          });
      if (is_built || has(plan.deletions.artifacts, artifact)) refs.artifacts.push_back(artifact);
    }
    for (const auto& [coverage, record] : damaged_.coverages) {
      const bool is_built = std::any_of(
          plan.indexes.begin(), plan.indexes.end(),
          [window = coverage.window](const Coverage& index) { return index.window == window; });
      const bool is_removed =
          has(plan.deletions.coverages, coverage) || has(plan.debris.coverages, coverage);
      if (is_built || is_removed) refs.coverages.push_back(coverage);
    }
    return refs;
  }

  std::string OriginOfLedgers(ChunkId chunk) {
    return store_.OpenComplete(chunk).ok() || bulk_ == nullptr ? "the hot tier" : bulk_->name();
  }

  // Before the run, which discards hot chunks.
  void NoteOrigins(const ArtifactRefs& refs) {
    for (const ChunkArtifact& artifact : refs.artifacts) {
      const bool is_from_pack = !damaged_.artifacts.contains({artifact.chunk, kPack}) &&
                                !store_.OpenComplete(artifact.chunk).ok();
      origins_[KeyText(artifact)] =
          is_from_pack ? "its ledger pack" : OriginOfLedgers(artifact.chunk);
    }
    for (const Coverage& coverage : refs.coverages) origins_[KeyText(coverage)] = "its hash runs";
  }

  absl::StatusOr<std::vector<Repaired>> Told() {
    VFS_ASSIGN_OR_RETURN(const CatalogView now, store_.store().View());
    std::vector<Repaired> all;
    for (const auto& [artifact, record] : damaged_.artifacts)
      all.push_back(Tell(KeyText(artifact), now.StateOf(artifact),
                         {.first = artifact.chunk, .last = artifact.chunk}));
    for (const auto& [coverage, record] : damaged_.coverages)
      all.push_back(Tell(KeyText(coverage), now.StateOf(coverage), coverage.chunks));
    return all;
  }

  Repaired Tell(const std::string& key,
                const std::optional<ArtifactState>& state,
                const ChunkRange& chunks) {
    const auto origin = origins_.find(key);
    if (origin == origins_.end()) {
      return {.key = key, .is_done = false, .told = "cannot be made again: " + Missing(chunks)};
    }
    if (!state.has_value())
      return {.key = key, .is_done = true, .told = "removed: nothing needs it any more"};
    if (*state == ArtifactState::kFrozen)
      return {.key = key, .is_done = true, .told = "made again from " + origin->second};
    return {.key = key,
            .is_done = false,
            .told = fmt::format(
                "is tainted, and was not made again: {}",
                run_.ok() ? "somebody still reads it; repair again" : vfs::Message(run_))};
  }

  // What is not there to make something of these chunks again from, and the remedy.
  std::string Missing(const ChunkRange& chunks) {
    const std::vector<ChunkId> complete = artifacts_.CompleteChunks();
    const auto is_there = [&](ChunkId chunk) {
      const ChunkArtifact run = {.chunk = chunk, .kind = ArtifactKind::kTxHash};
      const bool has_run =
          view_.StateOf(run) == ArtifactState::kFrozen && !damaged_.artifacts.contains(run);
      return has_run || std::binary_search(complete.begin(), complete.end(), chunk);
    };
    ChunkId chunk = chunks.first;
    while (chunk < chunks.last && is_there(chunk)) chunk = Next(chunk);
    if (const auto refused = refused_.find(chunk); refused != refused_.end())
      return refused->second;
    const Geometry& geometry = store_.store().layout().geometry();
    return fmt::format("ledgers {} to {} are not whole in the hot tier, an intact pack or {}",
                       geometry.First(chunk).value(), geometry.Last(chunk).value(),
                       bulk_ == nullptr ? std::string("a source; give --source lake:DIR")
                                        : bulk_->name() + "; give a source that has them");
  }

  vfs::FileSystem* const fs_;
  LedgerStore& store_;
  LedgerSource* const bulk_;
  RepairArtifacts artifacts_;
  CatalogView view_;  // before
  Damage damaged_;
  std::map<ChunkId, std::string> refused_;      // packs that their source does not give again
  std::map<std::string, std::string> origins_;  // by key: what it is made again from
  absl::Status run_;                            // of the lifecycle
};

}  // namespace

absl::StatusOr<std::vector<Repaired>> Repair(vfs::FileSystem* fs,
                                             LedgerStore& store,
                                             LedgerSource* bulk,
                                             const std::set<std::string>& keys,
                                             const ShouldStop& should_stop) {
  std::vector<Repaired> done;
  std::set<std::string> suspects = keys;
  while (true) {
    Repairer repairer(fs, store, bulk, should_stop);
    VFS_ASSIGN_OR_RETURN(const std::vector<Repaired> round, repairer.Run(suspects));
    // The run may have met damage that nobody had asked about.
    VFS_ASSIGN_OR_RETURN(const CatalogView now, store.store().View());
    const std::size_t before = suspects.size();
    suspects.merge(KeysNamedIn(repairer.run(), now, store.store().layout()));
    const bool is_last = suspects.size() == before;
    for (const Repaired& one : round)
      if (is_last || one.is_done) done.push_back(one);
    if (is_last) return done;
  }
}

std::set<std::string> KeysNamedIn(const absl::Status& error,
                                  const CatalogView& view,
                                  const Layout& layout) {
  const std::string text = vfs::Message(error);
  std::set<std::string> keys;
  const auto look = [&](const auto& key, const ArtifactRecord& record,
                        const std::vector<std::string>& paths) {
    if (record.state != ArtifactState::kFrozen) return;
    for (const std::string& path : paths)
      if (text.find(path) != std::string::npos) keys.insert(KeyText(key));
  };
  for (const auto& [artifact, record] : view.artifacts)
    look(artifact, record, layout.PathsOf(artifact));
  for (const auto& [coverage, record] : view.coverages)
    look(coverage, record, {layout.PathOf(coverage)});
  return keys;
}

}  // namespace permafrost::engine
