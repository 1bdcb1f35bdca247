// The index of a window beside other people's perfect hash functions and RocksDB: building from
// sorted runs, size, and looking up, interleaved in one process.
//
// Usage: window_index_bench [--json] [--keys N] [--runs K] [--rounds R] [--probes P] [--only NAME].
// Prints processor time, user and system, of all threads: medians with minimum and maximum, and
// what a hit costs relative to ours, by the minima. TEST_TMPDIR names the disk.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tests/bench/best_turn.h"
#include "tests/bench/window_index_contenders.h"
#include "vfs/base/check.h"
#include "vfs/base/parse_number.h"
#include "vfs/base/prng.h"

namespace permafrost::engine {
namespace {

struct Settings {
  bool is_json = false;
  std::uint64_t keys = 1'000'000;
  std::uint64_t runs = 64;
  std::uint64_t rounds = 5;
  std::uint64_t probes = 1'000'000;
  std::string_view only = {};  // contenders whose names contain it
};

Hash RandomHash(vfs::Prng& prng) {
  Hash hash;
  for (std::size_t at = 0; at < hash.size(); at += sizeof(std::uint64_t)) {
    const std::uint64_t word = prng.Next();
    std::memcpy(hash.data() + at, &word, sizeof(word));
  }
  return hash;
}

std::vector<std::vector<IndexEntry>> MakeRuns(const Settings& settings, vfs::Prng& prng) {
  std::vector<std::vector<IndexEntry>> runs(settings.runs);
  for (std::uint64_t i = 0; i < settings.keys; ++i) {
    runs[i % settings.runs].push_back(
        {RandomHash(prng), LedgerSeq{static_cast<std::uint32_t>(2 + prng.Below(1'000'000))}});
  }
  for (auto& run : runs) std::sort(run.begin(), run.end());
  return runs;
}

struct Figures {
  std::vector<double> values;
  double Median() {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  }
};

// One contender's measurements.
struct Result {
  std::string name;
  Figures build;   // ns a key
  Figures hit;     // ns a probe
  Figures absent;  // ns a probe
  double bytes_per_key = 0;
};

double ProbeNanos(Contender& contender, const std::vector<IndexEntry>& probes, bool are_hits) {
  std::uint64_t found = 0;
  const double start = ProcessorNanos();
  for (const IndexEntry& probe : probes)
    found += contender.Finds(probe.hash, probe.ledger) ? 1U : 0U;
  const double nanos = ProcessorNanos() - start;
  VFS_CHECK(are_hits ? found == probes.size() : found < probes.size() / 4, "{}: {} of {} found",
            contender.name(), found, probes.size());
  return nanos / static_cast<double>(probes.size());
}

std::vector<Result> MeasureAll(const Settings& settings) {
  vfs::Prng prng(1);
  const std::vector<std::vector<IndexEntry>> runs = MakeRuns(settings, prng);
  std::vector<IndexEntry> hits;
  std::vector<IndexEntry> absent;
  for (std::uint64_t i = 0; i < settings.probes; ++i) {
    const auto& run = runs[prng.Below(runs.size())];
    hits.push_back(run[prng.Below(run.size())]);
    absent.push_back({RandomHash(prng), LedgerSeq{2}});
  }
  std::vector<std::unique_ptr<Contender>> contenders = MakeContenders();
  std::erase_if(contenders, [&settings](const auto& contender) {
    return contender->name().find(settings.only) == std::string::npos;
  });
  std::vector<Result> results(contenders.size());
  for (std::uint64_t round = 0; round < settings.rounds; ++round) {
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      const double start = ProcessorNanos();
      const std::uint64_t bytes = contenders[i]->Build(runs);
      const double nanos = ProcessorNanos() - start;
      if (bytes == 0) continue;  // reads what another one built
      results[i].build.values.push_back(nanos / static_cast<double>(settings.keys));
      results[i].bytes_per_key = static_cast<double>(bytes) / static_cast<double>(settings.keys);
    }
  }
  for (std::uint64_t round = 0; round <= settings.rounds; ++round) {
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      results[i].name = contenders[i]->name();
      const double hit = ProbeNanos(*contenders[i], hits, true);
      const double miss = ProbeNanos(*contenders[i], absent, false);
      if (round == 0) continue;  // caches fill
      results[i].hit.values.push_back(hit);
      results[i].absent.values.push_back(miss);
    }
  }
  return results;
}

std::string Cell(Figures& figures) {
  if (figures.values.empty()) return "-";
  const double median = figures.Median();
  return fmt::format("{:.1f} ({:.1f}..{:.1f})", median, figures.values.front(),
                     figures.values.back());
}

void Print(const Settings& settings, std::vector<Result>& results) {
  std::string text;
  if (settings.is_json) {
    for (Result& result : results) {
      const auto row = [&](std::string_view what, Figures& figures) {
        if (figures.values.empty()) return;
        const double median = figures.Median();
        text += fmt::format(
            "{}{{\"name\": \"window_index.{}.{}\", \"value\": {:.2f}, \"low\": {:.2f}, \"high\": "
            "{:.2f}, \"unit\": \"ns\"}}",
            text.empty() ? "[" : ",\n ", result.name, what, median, figures.values.front(),
            figures.values.back());
      };
      row("build", result.build);
      row("hit", result.hit);
      row("absent", result.absent);
    }
    text += "]\n";
  } else {
    text =
        fmt::format("{} keys in {} runs, {} probes, {} rounds; processor ns: medians (min..max)\n",
                    settings.keys, settings.runs, settings.probes, settings.rounds);
    text += fmt::format("{:24} {:>26} {:>8} {:>26} {:>26} {:>8}\n", "", "build, a key", "B/key",
                        "hit", "absent", "hit/ours");
    for (Result& result : results) {
      text += fmt::format("{:24} {:>26} {:>8.3f} {:>26} {:>26} {:>8.2f}\n", result.name,
                          Cell(result.build), result.bytes_per_key, Cell(result.hit),
                          Cell(result.absent),
                          result.hit.values.front() / results[0].hit.values.front());
    }
  }
  std::fputs(text.c_str(), stdout);
}

}  // namespace
}  // namespace permafrost::engine

int main(int argc, char** argv) {
  permafrost::engine::Settings settings;
  const auto take = [&](int i, std::string_view name, std::uint64_t* value) {
    if (argv[i] != name || i + 1 == argc) return;
    const auto number = permafrost::vfs::ParseNumber<std::uint64_t>(argv[i + 1]);
    VFS_CHECK(number.has_value() && *number > 0, "{} {}", name, argv[i + 1]);
    *value = *number;
  };
  for (int i = 1; i < argc; ++i) {
    settings.is_json = settings.is_json || std::string_view(argv[i]) == "--json";
    if (std::string_view(argv[i]) == "--only" && i + 1 < argc) settings.only = argv[i + 1];
    take(i, "--keys", &settings.keys);
    take(i, "--runs", &settings.runs);
    take(i, "--rounds", &settings.rounds);
    take(i, "--probes", &settings.probes);
  }
  auto results = permafrost::engine::MeasureAll(settings);
  permafrost::engine::Print(settings, results);
  return 0;
}
