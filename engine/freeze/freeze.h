// The one write protocol: mark, write, three barriers, flip; for the artifacts of a chunk and for a
// window's index.
#pragma once

#include <span>

#include <absl/status/status.h>

#include "engine/catalog/context.h"
#include "engine/freeze/source.h"

namespace permafrost::engine {

// Freezes the requested kinds of a chunk that are not frozen yet; none left is success.
//
//   F1 freeze.mark              one batch: freezing
//   F2 freeze.write             leftovers unlinked, files created exclusively, written
//   F3 freeze.sync.file         each file, on the handle that wrote it
//   F4 freeze.sync.parent       each directory once
//   F5 freeze.sync.grandparent  each root once
//   F6 freeze.flip              one batch: frozen, with the digests
//
// The source is asked before F1, so that "no source" leaves no trace. A failure after F1 leaves
// freezing keys; the next attempt writes new inodes.
//
// Durable: yes, when it returns OK
absl::Status FreezeChunk(const StoreContext& context,
                         ChunkId chunk,
                         std::span<const ArtifactKind> kinds,
                         ArtifactSource& source);

// Builds and commits the index of a coverage; exactly this coverage frozen already is success.
//
//   N1 index.mark
//   N2 index.write
//   N3 index.sync.file
//   N4 index.sync.parent, index.sync.grandparent
//   N5 index.commit             one batch
//
// Errors: kFailedPrecondition  a hash run of the coverage is not frozen (names its key); nothing
//                              was done
absl::Status BuildIndex(const StoreContext& context,
                        const Coverage& coverage,
                        ArtifactSource& source);

}  // namespace permafrost::engine
