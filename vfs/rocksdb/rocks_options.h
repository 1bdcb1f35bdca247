// How the RocksDB adapter behaves: one switch per hardening (vfs/rocksdb/README.md), and what a
// simulator wants changed.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace permafrost::vfs {

// What the adapter adds to the stock library; numbers as in the README's table.
enum class Hardening {
  kSettleNames,      // 1 names are settled before they are published or built upon
  kSettleDbDir,      // 2 a database directory that the adapter owns is settled at every open
  kPoisonOnError,    // 3 a failed write or sync is final for the inode or directory
  kScanLogs,         // 4 logs are looked at before an open
  kSettleRecovered,  // 5 what recovery read is durable before the open returns
};
inline constexpr std::array<Hardening, 5> kAllHardenings = {
    Hardening::kSettleNames, Hardening::kSettleDbDir, Hardening::kPoisonOnError,
    Hardening::kScanLogs, Hardening::kSettleRecovered};

// "settle_names", "settle_db_dir", "poison_on_error", "scan_logs", "settle_recovered"; stable.
// Parses what it prints.
std::string_view ToString(Hardening hardening);
std::optional<Hardening> ParseHardening(std::string_view name);

struct RocksOptions {
  bool stock = false;  // every hardening off, whatever the switches below say
  bool settle_names = true;
  bool settle_db_dir = true;
  bool poison_on_error = true;
  bool scan_logs = true;
  bool settle_recovered = true;

  bool unsynced_writes =
      false;  // the database takes unsynced writes: logs are cut at the first hole
  bool write_options_file =
      false;  // false: OPTIONS-* is refused, which RocksDB ignores (310 us per open)
  bool queued_jobs =
      false;  // jobs only run when somebody pumps: calls that would wait for one are refused
  bool spins_before_waiting =
      true;  // false: writers wait at once, as a simulated schedule needs (RocksDB keeps the credit
             // of its adaptive spinning in process-wide variables)

  // Whether this hardening is in force.
  bool Has(Hardening hardening) const;
  // The same options with one hardening switched off.
  RocksOptions Without(Hardening hardening) const;
};

// "all", "stock", or "without a,b".
std::string DescribeHardening(const RocksOptions& options);

}  // namespace permafrost::vfs
