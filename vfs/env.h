// Everything the engine may know of the world below, in one place (style I2).
#pragma once

#include "vfs/base/log.h"
#include "vfs/base/prng.h"
#include "vfs/clock.h"
#include "vfs/executor.h"
#include "vfs/file_system.h"

namespace permafrost::vfs {

// Borrowed: everything pointed to must outlive its users.
struct Env {
  FileSystem* fs = nullptr;
  Clock* clock = nullptr;
  Executor* executor = nullptr;
  Prng* prng = nullptr;  // one thread at a time: Fork a stream for each user
  Log* log = nullptr;
};

}  // namespace permafrost::vfs
