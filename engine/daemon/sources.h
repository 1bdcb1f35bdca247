// Sources of ledgers on this machine, from what an operator writes.
#pragma once

#include <memory>
#include <string>

#include <absl/status/statusor.h>

#include "engine/daemon/real_world.h"
#include "engine/ledger/lake_manifest.h"
#include "engine/ledger/ledger_source.h"
#include "vfs/posix/stop_signal.h"

namespace permafrost::engine {

// A source and the world that it reads from.
struct OpenedSource {
  std::unique_ptr<RealWorld> world;  // null: it needs none
  std::unique_ptr<LedgerSource> source;
};

// "lake:DIR", "stream:FILE", "stream:-", "synthetic:SEED,N"; a journal is the command's to open.
// What a stream gives may be compressed
// by zstd.
//
// `stop` ends waiting for a stream, with kCancelled; it must outlive the source.
//
// Errors: kInvalidArgument     not a source; a directory or file that is not there
//         kFailedPrecondition  a lake, but another one than `lake` says
absl::StatusOr<OpenedSource> OpenSource(const std::string& spec,
                                        vfs::StopSignal* stop,
                                        const LakeOptions& lake = {});

}  // namespace permafrost::engine
