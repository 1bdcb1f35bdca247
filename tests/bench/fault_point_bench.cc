// What a fault point costs a call of the real disk: silent, and armed with nothing enabled; beside
// the empty loop that is taken off.
//
// Usage: fault_point_bench [--json]. Prints a table, or rows {"name", "value", "unit"}.
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/bench_rows.h"
#include "tests/bench/best_turn.h"
#include "vfs/base/check.h"
#include "vfs/base/fault_point.h"
#include "vfs/base/status_macros.h"

namespace permafrost::vfs {
namespace {

using Row = BenchRow;

// What stands at the head of every call.
absl::Status Head(std::string_view path) {
  VFS_RETURN_IF_ERROR(
      FaultPoint("vfs/write", {.path = path, .offset = 4096, .bytes = path.size()}));
  return absl::OkStatus();
}

std::vector<Row> MeasureAll() {
  constexpr int kTurns = 50'000'000;
  const std::string path = "wal/000001.log";
  const auto head = [&path] { VFS_CHECK(Head(path).ok(), "nothing is enabled"); };
  const double empty = BestTurnNanos(kTurns, [] {});
  const double silent = BestTurnNanos(kTurns, head);
  ArmFaultPoints();
  const double armed = BestTurnNanos(kTurns / 50, head);
  DisarmFaultPoints();
  return {{"empty_loop", empty, "ns"},
          {"silent", silent - empty, "ns"},
          {"armed_not_enabled", armed - empty, "ns"}};
}

}  // namespace
}  // namespace permafrost::vfs

int main(int argc, char** argv) {
  return permafrost::PrintBench("fault_point", permafrost::vfs::MeasureAll(), argc, argv);
}
