// The reference page of the configuration, written from the schema.
#pragma once

#include <string>

namespace permafrost::engine {

// The text of engine/config/CONFIGURATION.md.
std::string ConfigPageText();

}  // namespace permafrost::engine
