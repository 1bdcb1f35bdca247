// A complete chunk to cold files, beside zstd alone; and a start on what a crash left, beside
// reading the log.
#include <zstd.h>

#include <fmt/format.h>

#include "tests/bench/best_turn.h"
#include "tests/bench/engine_bench.h"
#include "vfs/base/crc32c.h"

namespace permafrost::bench {
namespace {

constexpr int kZstdLevel = 3;

double MegabytesPerSecond(double bytes, double nanos) { return bytes * 1e3 / nanos; }

// From complete and hot to frozen, indexed and discarded.
double Permafrost(const LedgerSet& set) {
  EngineWorld world(set);
  world.Open();
  world.Append(0, set.ledgers.size());
  const double begin = MonotonicNanos();
  world.Settle();
  return MegabytesPerSecond(set.bytes(), MonotonicNanos() - begin);
}

double Zstd(const LedgerSet& set) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  std::string out;
  const double begin = MonotonicNanos();
  for (const std::string& ledger : set.ledgers) {
    out.resize(ZSTD_compressBound(ledger.size()));
    const std::size_t bytes = ZSTD_compressCCtx(context, out.data(), out.size(), ledger.data(),
                                                ledger.size(), kZstdLevel);
    VFS_CHECK(ZSTD_isError(bytes) == 0, "zstd");
  }
  const double rate = MegabytesPerSecond(set.bytes(), MonotonicNanos() - begin);
  ZSTD_freeCCtx(context);
  return rate;
}

double MillisSince(double begin) { return (MonotonicNanos() - begin) / 1e6; }

double Start(const LedgerSet& set, const EngineWorld& crashed) {
  EngineWorld world(set, crashed);
  const double begin = MonotonicNanos();
  world.Open();
  return MillisSince(begin);
}

double ReadLog(const EngineWorld& world) {
  const double begin = MonotonicNanos();
  const std::string log = world.LogBytes();
  const std::uint32_t checksum = vfs::Crc32c(log);
  asm volatile("" ::"r"(checksum));
  return MillisSince(begin);
}

}  // namespace

void MeasureFreeze(const EngineBenchOptions& options,
                   const LedgerSet& set,
                   std::vector<EngineBenchRow>& rows) {
  MeasureRow(options, "freeze/" + set.name, "MB of ledgers/s",
             {{"permafrost", [&] { return Permafrost(set); }}, {"zstd", [&] { return Zstd(set); }}},
             {{"permafrost", "zstd", 0.9}}, rows);
  const std::string name = "start/" + set.name;
  if (!name.starts_with(options.only)) return;
  EngineWorld world(set);
  world.Open();
  world.Append(0, set.ledgers.size());
  const double log_megabytes = static_cast<double>(world.LogBytes().size()) / 1e6;
  MeasureRow(options, name, fmt::format("ms, {:.2f} MB of log", log_megabytes),
             {{"permafrost", [&] { return Start(set, world); }},
              {"read the log, crc32c", [&] { return ReadLog(world); }}},
             {{"permafrost", "read the log, crc32c", 1.5, Goal::Side::kAtMost}}, rows);
}

}  // namespace permafrost::bench
