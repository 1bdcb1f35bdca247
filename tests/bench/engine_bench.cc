// The tiers on the real disk, each path beside a peer or what it cannot be faster than: durable
// ingest, freezing, starting after a crash, reading.
//
// Usage: engine_bench [--json] [--only ROW] [--rounds N] [--ledgers N], in the repository's root.
// Contenders are interleaved in rounds inside one process; a ratio is the median of the ratios of
// the rounds. TEST_TMPDIR names the disk. Rows: ingest/60KiB, freeze/1MB, start/real, read/60KiB,
// transaction/60KiB, events/60KiB; --only takes the beginning of a name. RocksDB is Debian's, which
// is built without NDEBUG and with a CRC32C in software; ours runs on the same library.
#include "tests/bench/engine_bench.h"

#include <algorithm>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "engine/ingest/ingest.h"
#include "engine/ledger/any_decoder.h"
#include "engine/ledger/synthetic_source.h"
#include "tests/engine/ledger/real_ledgers.h"

namespace permafrost::bench {
namespace {

constexpr engine::LedgerSeq kFirstReal{63'092'982};

LedgerSet Synthetic(std::string name, std::size_t count, const engine::SyntheticShape& shape) {
  LedgerSet set{.name = std::move(name), .first = engine::kFirstLedger, .ledgers = {}};
  for (std::uint32_t i = 0; i < count; ++i)
    set.ledgers.push_back(
        engine::SyntheticLedger(1, engine::LedgerSeq{set.first.value() + i}, shape));
  return set;
}

double MedianOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

bool IsMet(const EngineBenchRow& row, const Goal& goal) {
  const double ratio = row.Ratio(goal.ours, goal.other);
  return goal.side == Goal::Side::kAtLeast ? ratio >= goal.bound : ratio <= goal.bound;
}

std::string TextOf(const std::vector<EngineBenchRow>& rows) {
  std::string text;
  for (const EngineBenchRow& row : rows) {
    text += fmt::format("{}, {}\n", row.name, row.unit);
    for (const auto& [name, values] : row.samples) {
      const auto [low, high] = std::minmax_element(values.begin(), values.end());
      text +=
          fmt::format("  {:34} {:12.2f} ({:.2f}..{:.2f})\n", name, MedianOf(values), *low, *high);
    }
    for (const Goal& goal : row.goals) {
      text += fmt::format("  {} / {}: {:.2f}, {} {:.2f}: {}\n", goal.ours, goal.other,
                          row.Ratio(goal.ours, goal.other),
                          goal.side == Goal::Side::kAtLeast ? "at least" : "at most", goal.bound,
                          IsMet(row, goal) ? "met" : "missed");
    }
  }
  return text;
}

std::string JsonOf(const std::vector<EngineBenchRow>& rows) {
  nlohmann::json all = nlohmann::json::array();
  for (const EngineBenchRow& row : rows) {
    for (const auto& [name, values] : row.samples) {
      const auto [low, high] = std::minmax_element(values.begin(), values.end());
      all.push_back({{"name", "engine." + row.name + "/" + name},
                     {"value", MedianOf(values)},
                     {"min", *low},
                     {"max", *high},
                     {"unit", row.unit}});
    }
    for (const Goal& goal : row.goals) {
      all.push_back({{"name", fmt::format("engine.goal/{}/{}:{}", row.name, goal.ours, goal.other)},
                     {"value", row.Ratio(goal.ours, goal.other)},
                     {"unit", "ratio"},
                     {goal.side == Goal::Side::kAtLeast ? "at_least" : "at_most", goal.bound},
                     {"is_met", IsMet(row, goal)}});
    }
  }
  return all.dump(1) + "\n";
}

int Usage(std::string_view finding) {
  fmt::print(stderr,
             "engine_bench: {}; usage: engine_bench [--json] [--only ROW] [--rounds N] "
             "[--ledgers N]\n",
             finding);
  return 2;
}

int Main(int argc, char** argv) {
  EngineBenchOptions options;
  bool is_json = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--json") {
      is_json = true;
      continue;
    }
    if (i + 1 == argc) return Usage(fmt::format("'{}' is no option or lacks its value", word));
    const std::string value = argv[++i];
    const std::uint64_t number = std::strtoull(value.c_str(), nullptr, 10);
    if (word == "--only") {
      options.only = value;
    } else if (word != "--rounds" && word != "--ledgers") {
      return Usage(fmt::format("'{}' is no option", word));
    } else if (number == 0) {
      return Usage(fmt::format("{} '{}': a number from 1 expected", word, value));
    } else {
      (word == "--rounds" ? options.rounds : options.ledgers) = number;
    }
  }
  std::vector<EngineBenchRow> rows;
  for (const LedgerSet& set : LedgerSets(options)) {
    MeasureIngest(options, set, rows);
    MeasureFreeze(options, set, rows);
    MeasureReads(options, set, rows);
  }
  if (rows.empty()) return Usage(fmt::format("no row begins with '{}'", options.only));
  std::fputs((is_json ? JsonOf(rows) : TextOf(rows)).c_str(), stdout);
  return 0;
}

}  // namespace

double LedgerSet::bytes() const {
  double sum = 0;
  for (const std::string& ledger : ledgers) sum += static_cast<double>(ledger.size());
  return sum;
}

std::vector<LedgerSet> LedgerSets(const EngineBenchOptions& options) {
  std::vector<LedgerSet> sets;
  sets.push_back(Synthetic("60KiB", options.ledgers, engine::k60KiBShape));
  sets.push_back(
      Synthetic("1MB", std::max<std::size_t>(options.ledgers / 8, 4), engine::k1MBShape));
  std::vector<std::string> real = engine::PubnetLedgers();
  if (options.ledgers < real.size()) real.resize(4);  // they begin a chunk of 4 too
  sets.push_back({.name = "real", .first = kFirstReal, .ledgers = std::move(real)});
  return sets;
}

double EngineBenchRow::Ratio(std::string_view ours, std::string_view other) const {
  const auto of = [this](std::string_view contender) -> const std::vector<double>& {
    const auto found = std::find_if(samples.begin(), samples.end(),
                                    [&](const auto& sample) { return sample.first == contender; });
    VFS_CHECK(found != samples.end(), "no contender {}", contender);
    return found->second;
  };
  std::vector<double> ratios;
  for (std::size_t i = 0; i < of(ours).size(); ++i) ratios.push_back(of(ours)[i] / of(other)[i]);
  return MedianOf(std::move(ratios));
}

bool IsWanted(const EngineBenchOptions& options, std::string_view row) {
  return row.starts_with(options.only) || options.only.starts_with(row);
}

void MeasureRow(const EngineBenchOptions& options,
                std::string name,
                std::string unit,
                const std::vector<Contender>& contenders,
                std::vector<Goal> goals,
                std::vector<EngineBenchRow>& rows) {
  if (!name.starts_with(options.only)) return;
  EngineBenchRow row{
      .name = std::move(name), .unit = std::move(unit), .samples = {}, .goals = std::move(goals)};
  for (const Contender& contender : contenders) row.samples.push_back({contender.name, {}});
  for (std::size_t round = 0; round < options.rounds; ++round) {
    for (std::size_t turn = 0; turn < contenders.size(); ++turn) {
      const std::size_t i = round % 2 == 0 ? turn : contenders.size() - 1 - turn;
      row.samples[i].second.push_back(contenders[i].measure());
    }
  }
  rows.push_back(std::move(row));
}

}  // namespace permafrost::bench

int main(int argc, char** argv) { return permafrost::bench::Main(argc, argv); }
