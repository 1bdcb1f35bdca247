// One option per row of the schema.
#include "engine/daemon/config_flags.h"

#include <fmt/format.h>

#include "engine/config/schema.h"
#include "vfs/base/status.h"
#include "vfs/posix/host_file.h"

namespace permafrost::engine {

ConfigFlags::ConfigFlags(CLI::App& command, ConfigFileRule rule, std::string_view table)
    : texts_(Leaves().size()), options_(Leaves().size()) {
  file_ = command.add_option("--config", path_, "Configuration file (TOML)");
  file_->required(rule == ConfigFileRule::kRequired);
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    const Leaf& leaf = Leaves()[i];
    if (!table.empty() && !leaf.path.starts_with(fmt::format("{}.", table))) continue;
    CLI::Option* const option =
        command.add_option(fmt::format("--{}", leaf.path), texts_[i], std::string(leaf.help));
    option->type_name("");
    option->group("Keys of the file");
    options_[i] = option;
  }
}

absl::StatusOr<ConfigInputs> ConfigFlags::Inputs() const {
  ConfigInputs inputs;
  if (file_->count() > 0) {
    absl::StatusOr<std::string> text = vfs::ReadHostFile("file", path_, kConfigBytesMax);
    if (!text.ok())
      return vfs::InvalidArgument("--config: {}; name a TOML file", vfs::Message(text.status()));
    inputs.file = ConfigFile{.name = path_, .text = *std::move(text)};
  }
  for (std::size_t i = 0; i < options_.size(); ++i) {
    if (options_[i] == nullptr || options_[i]->count() == 0) continue;
    inputs.flags.push_back({.path = std::string(Leaves()[i].path), .text = texts_[i]});
  }
  return inputs;
}

}  // namespace permafrost::engine
