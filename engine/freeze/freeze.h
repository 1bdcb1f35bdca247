// The one write protocol: mark, write, three barriers, flip; for the artifacts of a chunk and for a
// window's index.
#pragma once

#include <span>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>

#include "engine/catalog/context.h"
#include "engine/freeze/source.h"

namespace permafrost::engine {

// Freezes the requested kinds of a chunk that are not frozen yet, without the hash run of a window
// that is indexed whole; none left is success.
//
//   F1 freeze.mark              one batch: freezing
//   F5 freeze.sync.grandparent  the root of each directory whose own name nothing proves yet
//   F2 freeze.write             leftovers unlinked, files created exclusively, written
//   F3 freeze.sync.file         each file, on the handle that wrote it
//   F4 freeze.sync.parent       each directory once
//   F6 freeze.flip              one batch: frozen, with the digests
//
// The source is asked before F1, so that "no source" leaves no trace. A failure after F1, or of
// `before_flip`, which is called between F4 and F6, leaves freezing keys; the next attempt writes
// new inodes.
//
// Durable: yes, when it returns OK
// Errors:  kAborted  a kind was demoted and a read view may still resolve it; or another thread's
//                    sync of a directory failed meanwhile. Again later.
// Threads: any thread; a second freeze of a kind waits for the first and finds it done
absl::Status FreezeChunk(const StoreContext& context,
                         ChunkId chunk,
                         std::span<const ArtifactKind> kinds,
                         ArtifactSource& source,
                         absl::FunctionRef<absl::Status()> before_flip = absl::OkStatus);

// Builds and commits the index of a coverage; a frozen index that covers as much already is
// success.
//
//   N1 index.mark
//   N2 index.write
//   N3 index.sync.file
//   N4 index.sync.parent (index.sync.grandparent comes before N2, as F5)
//   N5 index.commit             one batch
//
// `floor`: the oldest retained chunk.
//
// Durable: yes, when it returns OK
// Errors:  kAborted  a hash run of the coverage is not frozen, or no longer (names its key), or the
//                    frozen index covers a retained chunk that this one does not: nothing was done;
//                    or as FreezeChunk
// Threads: any thread; builds of one window come one after another
absl::Status BuildIndex(const StoreContext& context,
                        const Coverage& coverage,
                        ChunkId floor,
                        ArtifactSource& source);

}  // namespace permafrost::engine
