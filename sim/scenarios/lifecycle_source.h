// What scenario catalog/lifecycle freezes from: the lake, whole hot chunks, frozen ledgers.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/freeze/source.h"
#include "sim/scenarios/lifecycle_session.h"

namespace permafrost::sim {

// Whether the row says that a chunk's ledgers are cold: everything else of it derives from them.
bool IsFrozenLedgers(const engine::ChunkArtifact& artifact, const engine::ArtifactRecord& record);

// Reads through the session that owns it.
//
// Threads: one thread at a time.
class LifecycleSession::Source final : public engine::ArtifactSource {
 public:
  explicit Source(LifecycleSession& session) : session_(session) {}

  // While set, every writer of a chunk's files fails half-way, as a lake that ends early does.
  void set_failing(bool is_failing) { is_failing_ = is_failing; }

  std::vector<engine::ChunkId> CompleteChunks() override;
  absl::StatusOr<engine::ArtifactWriter> ChunkWriter(const engine::ChunkArtifact& artifact,
                                                     std::size_t file) override;
  absl::StatusOr<engine::ArtifactWriter> IndexWriter(const engine::Coverage& coverage,
                                                     engine::HashRunFinder inputs) override;

 private:
  LifecycleSession& session_;
  bool is_failing_ = false;
};

}  // namespace permafrost::sim
