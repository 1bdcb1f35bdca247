// The configuration on a command line: --config, and a flag for every key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <absl/status/statusor.h>

#include "engine/config/load.h"

namespace permafrost::engine {

enum class ConfigFileRule { kRequired, kOptional };

// Must outlive the parsing of the command it was added to.
//
// Threads: one thread at a time.
class ConfigFlags {
 public:
  // `table`: only the keys below it are flags; empty: all are.
  ConfigFlags(CLI::App& command, ConfigFileRule rule, std::string_view table = {});
  ConfigFlags(const ConfigFlags&) = delete;
  ConfigFlags& operator=(const ConfigFlags&) = delete;

  // After parsing: reads the file.
  //
  // Errors: kInvalidArgument  the file cannot be read, or is longer than kConfigBytesMax
  absl::StatusOr<ConfigInputs> Inputs() const;

 private:
  std::string path_;
  CLI::Option* file_ = nullptr;
  std::vector<std::string> texts_;           // beside Leaves()
  std::vector<const CLI::Option*> options_;  // beside Leaves(); null: no flag
};

inline constexpr std::size_t kConfigBytesMax = 65'536;

}  // namespace permafrost::engine
