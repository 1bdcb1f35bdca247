// The journal on the real disk against bare loops, RocksDB, LevelDB, LMDB and SQLite: durable
// commits, scans, recovery, memory.
//
// Usage: journal_bench [--json] [--busy] [--only ROW] [--logs NAME,NAME] [--ms N] [--rounds N]
// [--mb N]. Contenders are interleaved in rounds inside one process; a ratio is the median of the
// ratios of the rounds. TEST_TMPDIR names the disk. Rows: commits/1KiB/64, scan/16KiB, open/100B,
// memory/scan; --only takes the beginning of a name. Durable figures mean something on a quiet
// machine only: the text says so when an fdatasync takes too long. --busy makes the best of
// another: of commits the rate in the best tenth of the windows of 5 ms counts, for every
// contender, and scans are measured by the time of the core, two threads left out.
#include "tests/bench/journal_bench.h"

#include <cstdlib>

#include <nlohmann/json.hpp>

namespace permafrost::bench {
namespace {

std::string JsonOf(const BenchReport& report) {
  nlohmann::json rows = nlohmann::json::array();
  for (const BenchRow& row : report.rows)
    rows.push_back({{"name", "journal." + row.name}, {"value", row.value}, {"unit", row.unit}});
  for (const Goal& goal : report.goals) {
    const bool is_least = goal.side == Goal::Side::kAtLeast;
    rows.push_back({{"name", "journal.goal/" + goal.name},
                    {"value", goal.value},
                    {"unit", "ratio"},
                    {is_least ? "at_least" : "at_most", goal.bound},
                    {"is_met", goal.is_met()}});
  }
  return rows.dump(1) + "\n";
}

std::string TextOf(const BenchReport& report) {
  std::string text = report.text;
  if (!report.goals.empty()) text += "\ngoals\n";
  for (const Goal& goal : report.goals) {
    text += fmt::format("{:58} {:8.2f} {} {:<6} {}\n", goal.name, goal.value,
                        goal.side == Goal::Side::kAtLeast ? ">=" : "<=", goal.bound,
                        goal.is_met() ? "met" : "below");
  }
  return text;
}

int Usage(std::string_view finding) {
  fmt::print(stderr,
             "journal_bench: {}; usage: journal_bench [--json] [--only ROW] [--logs NAME,NAME] "
             "[--ms N] [--rounds N] [--mb N] [--busy]\n",
             finding);
  return 2;
}

int Main(int argc, char** argv) {
  BenchOptions options;
  bool is_json = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--json" || word == "--busy") {
      is_json = is_json || word == "--json";
      options.is_busy = options.is_busy || word == "--busy";
      continue;
    }
    if (i + 1 == argc) return Usage(fmt::format("'{}' is no option or lacks its value", word));
    const std::string value = argv[++i];
    const std::uint64_t number = std::strtoull(value.c_str(), nullptr, 10);
    const bool is_number = word == "--ms" || word == "--rounds" || word == "--mb";
    if (is_number && number == 0)
      return Usage(fmt::format("{} '{}': a number from 1 expected", word, value));
    if (word == "--ms") {
      options.round_ms = static_cast<double>(number);
    } else if (word == "--rounds") {
      options.rounds = number;
    } else if (word == "--mb") {
      options.log_bytes = number << 20;
    } else if (word == "--only") {
      options.only = value;
    } else if (word == "--logs") {
      options.logs = value;
    } else if (word == "--peak" && i + 1 < argc) {  // MeasureMemory starts itself with it
      fmt::print("{:.0f}\n", PeakKibOf(value, argv[++i]));
      return 0;
    } else {
      return Usage(fmt::format("'{}' is no option", word));
    }
  }
  BenchReport report;
  MeasureMemory(options, report);
  MeasureCommits(options, report);
  MeasureScans(options, report);
  MeasureOpens(options, report);
  if (report.rows.empty()) return Usage(fmt::format("no row begins with '{}'", options.only));
  std::fputs((is_json ? JsonOf(report) : TextOf(report)).c_str(), stdout);
  return 0;
}

}  // namespace
}  // namespace permafrost::bench

int main(int argc, char** argv) { return permafrost::bench::Main(argc, argv); }
