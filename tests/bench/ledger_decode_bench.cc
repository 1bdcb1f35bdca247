// How fast real ledgers are decoded, beside one pass over their bytes.
//
// Usage: ledger_decode_bench [--json]; in the repository's root. Prints a table, or rows {"name",
// "value", "unit"}.
#include <algorithm>
#include <string>
#include <string_view>
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

constexpr int kRounds = 5;

// Nanoseconds for all ledgers, each for itself: a turn is short enough to fall between the turns of
// other processes.
template <typename Body>
double BestNanos(const std::vector<std::string>& ledgers, const Body& body) {
  double sum = 0;
  for (const std::string& ledger : ledgers) {
    double best = 1e18;
    for (int round = 0; round < kRounds; ++round)
      best = std::min(best, BestTurnNanos(1, [&] { body(ledger); }));
    sum += best;
  }
  return sum;
}

std::vector<BenchRow> MeasureAll() {
  const std::vector<std::string>& ledgers = PubnetLedgers();
  const StellarDecoder decoder;
  double bytes = 0;
  for (const std::string& ledger : ledgers) bytes += static_cast<double>(ledger.size());
  volatile std::size_t kept = 0;

  const double crc = BestNanos(ledgers, [&](std::string_view one) { kept = vfs::Crc32c(one); });
  const double walk = BestNanos(
      ledgers, [&](std::string_view one) { kept = decoder.LengthOfFirst(one).value_or(0); });
  const double decode = BestNanos(ledgers, [&](std::string_view one) {
    const auto view = decoder.Decode(one);
    VFS_CHECK(view.ok(), "{}", vfs::Message(view.status()));
    kept = view->events.size();
  });
  const double in_turn = BestTurnNanos(1, [&] {
    for (const std::string& ledger : ledgers) kept = decoder.Decode(ledger)->events.size();
  });
  return {
      {"one_pass_crc32c", bytes / crc, "GB/s"},
      {"walk", bytes / walk, "GB/s"},
      {"decode", bytes / decode, "GB/s"},
      {"decode_one_after_another", bytes / in_turn, "GB/s"},
      {"decode_of_a_ledger", decode / 1e3 / static_cast<double>(ledgers.size()), "us"},
  };
}

}  // namespace
}  // namespace permafrost::engine

int main(int argc, char** argv) {
  return permafrost::PrintBench("ledger_decode", permafrost::engine::MeasureAll(), argc, argv);
}
