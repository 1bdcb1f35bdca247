// config check, config print.
#include "engine/daemon/config_command.h"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/config/print.h"
#include "engine/daemon/config_store.h"
#include "vfs/base/escape.h"

namespace permafrost::engine {
namespace {

std::string JsonLine(const nlohmann::ordered_json& json) { return json.dump(-1, ' ', true) + "\n"; }

// What the check found out about the store, for people.
std::string StoreText(const LoadedConfig& loaded, const std::optional<StoreOnDisk>& disk) {
  const std::string directory = vfs::EscapedForError(loaded.config().storage.default_data_dir);
  if (!disk.has_value())
    return fmt::format("{} does not exist yet; make it before the first start", directory);
  if (!disk->pins.has_value()) return fmt::format("no store in {} yet", directory);
  return fmt::format("store {} in {} has the same pins", disk->pins->store_id, directory);
}

}  // namespace

CommandResult Refused(const std::vector<Finding>& findings, OutputForm form) {
  CommandResult result{.code = ExitCode::kUsage, .out = "", .err = ToString(findings)};
  if (form == OutputForm::kText) return result;
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Finding& finding : findings)
    list.push_back({{"where", finding.where}, {"finding", finding.text}});
  result.out = JsonLine({{"valid", false}, {"findings", std::move(list)}});
  return result;
}

CommandResult ConfigCheckCommand(const LoadedConfig& loaded, const vfs::Env* env, OutputForm form) {
  std::optional<StoreOnDisk> disk;
  if (env != nullptr) {
    absl::StatusOr<StoreOnDisk> compared = CompareWithDisk(*env, loaded);
    if (!compared.ok()) return Failure(compared.status());
    if (!compared->findings.empty()) return Refused(compared->findings, form);
    disk = *std::move(compared);
  }
  if (form == OutputForm::kText) {
    return {.code = ExitCode::kOk,
            .out = fmt::format("valid: {} of {} keys set; {}\n", loaded.set_count(),
                               Leaves().size(), StoreText(loaded, disk)),
            .err = ""};
  }
  nlohmann::ordered_json json = {{"valid", true}, {"keys_set", loaded.set_count()}};
  json["store_id"] = nullptr;
  if (disk.has_value() && disk->pins.has_value()) json["store_id"] = disk->pins->store_id;
  return {.code = ExitCode::kOk, .out = JsonLine(json), .err = ""};
}

CommandResult ConfigPrintCommand(const LoadedConfig& loaded, OutputForm form) {
  if (!loaded.is_valid()) return Refused(loaded.findings(), form);
  if (form == OutputForm::kText)
    return {.code = ExitCode::kOk, .out = ConfigText(loaded), .err = ""};
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const PrintedKey& key : PrintedKeys(loaded)) {
    nlohmann::ordered_json value;
    if (!key.is_missing) std::visit([&](const auto& held) { value = held; }, key.value);
    json[std::string(key.path)] = {{"value", std::move(value)}, {"origin", key.origin}};
  }
  return {.code = ExitCode::kOk, .out = JsonLine(json), .err = ""};
}

}  // namespace permafrost::engine
