// What a CRC32C of a few bytes costs, ours beside ISA-L's called alone.
//
// Usage: crc32c_bench [--json]. Prints a table, or rows {"name", "value", "unit"}.
#include <string>
#include <vector>

#include <fmt/format.h>
#include <isa-l/crc.h>

#include "tests/bench/bench_rows.h"
#include "tests/bench/best_turn.h"
#include "vfs/base/crc32c.h"

namespace permafrost::vfs {
namespace {

constexpr int kTurns = 4'000'000;

std::vector<BenchRow> MeasureAll() {
  std::string text(1024, 'x');
  auto* data = reinterpret_cast<unsigned char*>(text.data());
  std::vector<BenchRow> rows;
  for (const int bytes : {4, 8, 16, 24, 32, 48, 63, 64, 65, 128, 256, 1024}) {
    const std::string_view piece(text.data(), static_cast<std::size_t>(bytes));
    volatile std::uint32_t kept = 0;
    const double isal = BestTurnNanos(kTurns, [&] { kept = ~crc32_iscsi(data, bytes, ~1U); });
    const double ours = BestTurnNanos(kTurns, [&] { kept = Crc32cExtend(1, piece); });
    rows.push_back({fmt::format("isal_{}", bytes), isal, "ns"});
    rows.push_back({fmt::format("ours_{}", bytes), ours, "ns"});
  }
  return rows;
}

}  // namespace
}  // namespace permafrost::vfs

int main(int argc, char** argv) {
  return permafrost::PrintBench("crc32c", permafrost::vfs::MeasureAll(), argc, argv);
}
