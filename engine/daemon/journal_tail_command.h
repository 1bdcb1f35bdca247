// `permafrost journal tail`: durable records, as they become so.
#pragma once

#include <cstdint>

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>

#include "engine/daemon/journal_commands.h"
#include "engine/daemon/journal_parts.h"

namespace permafrost::engine {

enum class AtTheEnd { kStop, kFollow };

struct JournalTailOptions {
  JournalDumpOptions which = {};
  AtTheEnd at_the_end = AtTheEnd::kStop;
};

// Hands on what was printed, waits for so long, and says whether the command is to end.
using Pause = absl::FunctionRef<absl::StatusOr<bool>(std::uint64_t nanos)>;

// Reads beside a writer, or without one, and makes nothing in the directory but the lease of its
// tailer. With kFollow it pauses where no more is durable, until it is told to end.
CommandResult JournalTailCommand(const vfs::Env& env,
                                 const JournalPlaceOptions& options,
                                 const JournalTailOptions& tail,
                                 Pause pause,
                                 Output output);

}  // namespace permafrost::engine
