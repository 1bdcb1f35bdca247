// The commands of `permafrost config`, from a loaded configuration to text and an exit code.
#pragma once

#include "engine/config/load.h"
#include "engine/daemon/commands.h"
#include "vfs/env.h"

namespace permafrost::engine {

// What the disk under the data directory says of a valid configuration. `env` stands on that
// directory; null if it does not exist.
CommandResult ConfigCheckCommand(const LoadedConfig& loaded, const vfs::Env* env, OutputForm form);

// Every key with its effective value and its origin.
CommandResult ConfigPrintCommand(const LoadedConfig& loaded, OutputForm form);

// Findings as a result: one line each.
CommandResult Refused(const std::vector<Finding>& findings, OutputForm form);

}  // namespace permafrost::engine
