// What a fault point costs a call of the real disk: silent, and armed with nothing enabled; beside
// the empty loop that is taken off.
//
// Usage: fault_point_bench [--json]. Prints a table, or rows {"name", "value", "unit"}.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/bench_rows.h"
#include "vfs/base/check.h"
#include "vfs/base/fault_point.h"
#include "vfs/base/status_macros.h"

namespace permafrost::vfs {
namespace {

using Row = BenchRow;

double Now() {
  timespec at = {};
  ::clock_gettime(CLOCK_MONOTONIC, &at);
  return static_cast<double>(at.tv_sec) * 1e9 + static_cast<double>(at.tv_nsec);
}

// Nanoseconds per turn of the loop: the best of nine rounds.
template <typename Body>
double Measure(int turns, const Body& body) {
  double best = 1e18;
  for (int round = 0; round < 9; ++round) {
    const double start = Now();
    for (int i = 0; i < turns; ++i) {
      body();
      asm volatile("" ::: "memory");  // each turn for itself
    }
    best = std::min(best, (Now() - start) / turns);
  }
  return best;
}

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
  const double empty = Measure(kTurns, [] {});
  const double silent = Measure(kTurns, head);
  ArmFaultPoints();
  const double armed = Measure(kTurns / 50, head);
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
