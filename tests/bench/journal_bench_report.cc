// The clock, order statistics and names of journal_bench.
#include <time.h>

#include <algorithm>

#include "tests/bench/journal_bench.h"

namespace permafrost::bench {

bool IsWanted(const BenchOptions& options, std::string_view row) {
  return row.starts_with(options.only);
}

bool IsContender(const BenchOptions& options, std::string_view log) {
  if (options.logs.empty()) return true;
  return fmt::format(",{},", options.logs).find(fmt::format(",{},", log)) != std::string::npos;
}

namespace {

double NanosOf(clockid_t clock) {
  timespec at = {};
  ::clock_gettime(clock, &at);
  return static_cast<double>(at.tv_sec) * 1e9 + static_cast<double>(at.tv_nsec);
}

}  // namespace

double NowNanos() { return NanosOf(CLOCK_MONOTONIC); }
double NowCpuNanos() { return NanosOf(CLOCK_THREAD_CPUTIME_ID); }

double Median(std::vector<double> values) { return Quantile(values, 0.5); }

double Quantile(std::vector<double>& values, double part) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::size_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

std::string BytesName(std::size_t bytes) {
  constexpr std::size_t kKib = 1024;
  return bytes < kKib ? fmt::format("{}B", bytes) : fmt::format("{}KiB", bytes / kKib);
}

}  // namespace permafrost::bench
