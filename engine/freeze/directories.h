// Bucket and window directories: made when missing, and made anew when nothing proves that their
// name was ever settled.
#pragma once

#include <absl/status/status.h>

#include "engine/catalog/context.h"

namespace permafrost::engine {

// After these the directory exists, and either a frozen key in it proves its name durable, or the
// name is new and the grandparent barrier of the running protocol will settle it.
//
// A directory found without any frozen key in it may carry a name whose sync failed in an earlier
// process; such a name is unspecified for good (D4). So the debris in it is destroyed by the
// deletion protocol (nothing else is being built there), the directory is removed and made again.
// `own` is left to the caller: its key stays.
//
// Errors: kFailedPrecondition  the directory holds a file that no key names
absl::Status PrepareBucket(const StoreContext& context, const ChunkArtifact& own);
absl::Status PrepareWindow(const StoreContext& context, const Coverage& own);

}  // namespace permafrost::engine
