// Where the bytes of artifacts come from: the seam between the freeze protocol and whoever knows
// ledgers.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <absl/functional/any_invocable.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/catalog/read_file.h"
#include "engine/freeze/new_files.h"
#include "engine/layout/keys.h"

namespace permafrost::engine {

// The frozen hash run of one chunk of the coverage.
using HashRunFinder = absl::AnyInvocable<absl::StatusOr<FrozenFile>(ChunkId)>;

// Deterministic: the same chunk and kind give the same bytes at every call (invariant 41).
//
// Threads: those that freeze and build; several at once if the store has several workers
class ArtifactSource {
 public:
  ArtifactSource() = default;
  virtual ~ArtifactSource() = default;
  ArtifactSource(const ArtifactSource&) = delete;
  ArtifactSource& operator=(const ArtifactSource&) = delete;

  // The chunks that can be frozen now: all of their ledgers are at hand, in a bulk source, a whole
  // hot chunk or a frozen ledgers file. Ascending.
  virtual std::vector<ChunkId> CompleteChunks() = 0;

  // The writer of one file of a chunk's artifact; `file` counts from 0 to Layout::FileCount(kind) -
  // 1.
  //
  // Errors: kNotFound  the chunk is not complete here (asked before anything is marked)
  virtual absl::StatusOr<ArtifactWriter> ChunkWriter(const ChunkArtifact& artifact,
                                                     std::size_t file) = 0;

  // Whether a chunk may become frozen once those before it in its run are done, frozen or not.
  // Asked before the flip, and before anything is marked where they are done by then.
  //
  // Errors: kAborted  not now; the next run writes it
  virtual absl::Status CheckTurn(ChunkId /*chunk*/) { return absl::OkStatus(); }

  // The writer of the index of a coverage. `inputs` may be called from the writer, while it runs.
  virtual absl::StatusOr<ArtifactWriter> IndexWriter(const Coverage& coverage,
                                                     HashRunFinder inputs) = 0;
};

}  // namespace permafrost::engine
