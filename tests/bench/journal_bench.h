// What the parts of journal_bench share: options, a clock, order statistics, and the report.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/bench_rows.h"

namespace permafrost::bench {

struct BenchOptions {
  double round_ms = 300;
  std::size_t rounds = 5;
  std::uint64_t log_bytes = std::uint64_t{128} << 20;  // of payload, in what is scanned and opened
  std::string only;                                    // names of rows begin with it
  bool is_busy = false;  // the machine: leave out what others do to it, as far as that can be told
  std::string logs;      // the contenders to measure, with commas between; empty: all
};

// A bound of journal.md, "Speed and memory".
struct Goal {
  std::string name;
  double value = 0;
  double bound = 0;
  enum class Side { kAtLeast, kAtMost } side = Side::kAtLeast;
  bool is_met() const { return side == Side::kAtLeast ? value >= bound : value <= bound; }
};

struct BenchReport {
  std::string text;  // tables for a reader
  std::vector<BenchRow> rows;
  std::vector<Goal> goals;
};

bool IsWanted(const BenchOptions& options, std::string_view row);
bool IsContender(const BenchOptions& options, std::string_view log);

double NowNanos();
double NowCpuNanos();                       // that this thread has had of a core
double Median(std::vector<double> values);  // 0 of none
// The value below which this part of all lies; 0 of none.
double Quantile(std::vector<double>& values, double part);
// "100B", "16KiB".
std::string BytesName(std::size_t bytes);

// Rows "commits/PAYLOAD/THREADS": every contender makes payloads durable.
void MeasureCommits(const BenchOptions& options, BenchReport& report);
// Rows "scan/PAYLOAD": reading a log to its end.
void MeasureScans(const BenchOptions& options, BenchReport& report);
// Rows "open/PAYLOAD": from what the last process left to ready.
void MeasureOpens(const BenchOptions& options, BenchReport& report);
// Rows "memory/WHAT": the peak of a process that only does that.
void MeasureMemory(const BenchOptions& options, BenchReport& report);

// By how many KiB the peak of this process grows when it does `what` ("scan" or "open") with the
// journal below `root`. For a process of its own.
double PeakKibOf(std::string_view what, const std::string& root);

}  // namespace permafrost::bench
