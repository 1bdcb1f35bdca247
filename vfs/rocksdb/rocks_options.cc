// Names and switches of the hardenings.
#include "vfs/rocksdb/rocks_options.h"

#include "vfs/base/check.h"

namespace permafrost::vfs {
namespace {

// The switch of one hardening; Options is RocksOptions or const RocksOptions.
template <typename Options>
auto& SwitchOf(Options& options, Hardening hardening) {
  switch (hardening) {
    case Hardening::kSettleNames: return options.settle_names;
    case Hardening::kSettleDbDir: return options.settle_db_dir;
    case Hardening::kPoisonOnError: return options.poison_on_error;
    case Hardening::kScanLogs: return options.scan_logs;
    case Hardening::kSettleRecovered: return options.settle_recovered;
  }
  CheckFailed(__FILE__, __LINE__, "Hardening", std::to_string(static_cast<int>(hardening)));
}

}  // namespace

std::string_view ToString(Hardening hardening) {
  switch (hardening) {
    case Hardening::kSettleNames: return "settle_names";
    case Hardening::kSettleDbDir: return "settle_db_dir";
    case Hardening::kPoisonOnError: return "poison_on_error";
    case Hardening::kScanLogs: return "scan_logs";
    case Hardening::kSettleRecovered: return "settle_recovered";
  }
  CheckFailed(__FILE__, __LINE__, "Hardening", std::to_string(static_cast<int>(hardening)));
}

std::optional<Hardening> ParseHardening(std::string_view name) {
  for (const Hardening hardening : kAllHardenings) {
    if (ToString(hardening) == name) return hardening;
  }
  return std::nullopt;
}

bool RocksOptions::Has(Hardening hardening) const { return !stock && SwitchOf(*this, hardening); }

RocksOptions RocksOptions::Without(Hardening hardening) const {
  RocksOptions changed = *this;
  SwitchOf(changed, hardening) = false;
  return changed;
}

std::string DescribeHardening(const RocksOptions& options) {
  if (options.stock) return "stock";
  std::string missing;
  for (const Hardening hardening : kAllHardenings) {
    if (options.Has(hardening)) continue;
    missing += missing.empty() ? "without " : ",";
    missing += ToString(hardening);
  }
  return missing.empty() ? "all" : missing;
}

}  // namespace permafrost::vfs
