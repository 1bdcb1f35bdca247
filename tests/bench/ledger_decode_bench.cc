// How fast real ledgers are decoded, beside one pass over their bytes.
//
// Usage: ledger_decode_bench [--json]; in the repository's root. Prints a table, or rows {"name",
// "value", "unit"}.
#include <string>
#include <vector>

#include <fmt/format.h>

#include "engine/ledger/stellar_decoder.h"
#include "tests/bench/bench_rows.h"
#include "tests/bench/best_turn.h"
#include "tests/engine/ledger/real_ledgers.h"
#include "vfs/base/check.h"
#include "vfs/base/crc32c.h"
#include "vfs/base/status.h"

namespace permafrost::engine {
namespace {

constexpr int kTurns = 5;

std::vector<BenchRow> MeasureAll() {
  const std::vector<std::string>& ledgers = PubnetLedgers();
  const StellarDecoder decoder;
  double bytes = 0;
  for (const std::string& ledger : ledgers) bytes += static_cast<double>(ledger.size());
  volatile std::size_t kept = 0;

  const double crc = BestTurnNanos(kTurns, [&] {
    for (const std::string& ledger : ledgers) kept = vfs::Crc32c(ledger);
  });
  const double walk = BestTurnNanos(kTurns, [&] {
    for (const std::string& ledger : ledgers) kept = decoder.LengthOfFirst(ledger).value_or(0);
  });
  const double decode = BestTurnNanos(kTurns, [&] {
    for (const std::string& ledger : ledgers) {
      const auto view = decoder.Decode(ledger);
      VFS_CHECK(view.ok(), "{}", vfs::Message(view.status()));
      kept = view->events.size();
    }
  });
  return {
      {"one_pass_crc32c", bytes / crc, "GB/s"},
      {"walk", bytes / walk, "GB/s"},
      {"decode", bytes / decode, "GB/s"},
      {"decode_of_a_ledger", decode / 1e3 / static_cast<double>(ledgers.size()), "us"},
  };
}

}  // namespace
}  // namespace permafrost::engine

int main(int argc, char** argv) {
  return permafrost::PrintBench("ledger_decode", permafrost::engine::MeasureAll(), argc, argv);
}
