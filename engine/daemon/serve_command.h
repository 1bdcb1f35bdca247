// `permafrost serve`: the daemon on this machine.
#pragma once

#include "engine/config/load.h"
#include "engine/daemon/commands.h"

namespace permafrost::engine {

// Until SIGINT or SIGTERM. Requires a valid configuration.
CommandResult ServeCommand(const LoadedConfig& loaded);

}  // namespace permafrost::engine
