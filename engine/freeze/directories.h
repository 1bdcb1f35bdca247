// Bucket and window directories: made when missing, made anew when nothing proves their name, and
// settled before the first byte goes into them.
#pragma once

#include <absl/status/status.h>

#include "engine/catalog/context.h"

namespace permafrost::engine {

// After these the directory exists and its name is durable: a key in it that is or was
// frozen proves that, or this process has settled it (once; later calls cost nothing).
//
// A directory found with neither may carry a name whose sync failed in an earlier
// process; such a name is unspecified for good (D4). So the files of unfinished keys in it are
// unlinked (nobody else builds there before the directory is proven), the directory is removed,
// made again and settled. The keys stay, `own` and those that a sweep will find.
//
// F5 freeze.sync.grandparent, index.sync.grandparent
//
// Threads: any thread; others wait while a directory is being proven
// Errors: kFailedPrecondition  the directory holds a file that no key names
absl::Status PrepareBucket(const StoreContext& context, const ChunkArtifact& own);
absl::Status PrepareWindow(const StoreContext& context, const Coverage& own);

}  // namespace permafrost::engine
