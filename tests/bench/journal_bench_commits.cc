// Threads that each make one payload durable, wait, and repeat.
#include <algorithm>
#include <cmath>
#include <latch>
#include <map>
#include <memory>
#include <thread>

#include "tests/bench/journal_bench.h"
#include "tests/bench/journal_bench_log.h"
#include "tests/vfs/temp_dir.h"

namespace permafrost::bench {
namespace {

// An fdatasync slower than this is that of a busy machine (floors.md, section 0): every flush then
// costs a tick of the scheduler, whoever asks for it.
constexpr double kQuietSyncMicros = 500;

struct Running {
  Contender contender;
  TempDir directory;
  std::unique_ptr<DurableLog> log;
  std::size_t threads = 0;
  std::size_t payload_bytes = 0;
  std::vector<double> rates;   // commits per second, of each round
  std::vector<double> micros;  // of each commit
};

struct Cell {
  std::size_t payload_bytes = 0;
  std::size_t threads = 0;
  std::string name() const {
    return fmt::format("commits/{}/{}", BytesName(payload_bytes), threads);
  }
};

// More than the fastest disk takes in this time.
std::uint64_t BytesMax(const Cell& cell, const BenchOptions& options) {
  constexpr double kBytesPerMs = 2e6;
  constexpr double kCommitsPerMs = 500;
  const double record = static_cast<double>(cell.payload_bytes) + 64;
  const double per_ms = std::min(
      {kBytesPerMs, kCommitsPerMs * record, 20.0 * static_cast<double>(cell.threads) * record});
  const double bytes = per_ms * options.round_ms * static_cast<double>(options.rounds + 1);
  constexpr std::uint64_t kBlock = 4096;
  return static_cast<std::uint64_t>(bytes) / kBlock * kBlock + kBlock;
}

// What one thread of a round saw.
struct Seen {
  double begin = 0;           // nanoseconds
  std::vector<double> times;  // when each commit was durable
};

// Commits per second: of the whole round, or of the best tenth of its windows.
double RateOf(const std::vector<Seen>& all, const BenchOptions& options) {
  constexpr double kWindowNanos = 5e6;
  double begin = all.front().begin;
  double end = begin;
  for (const Seen& seen : all) {
    begin = std::min(begin, seen.begin);
    end = std::max(end, seen.times.back());
  }
  std::vector<double> windows(static_cast<std::size_t>((end - begin) / kWindowNanos) + 1);
  double commits = 0;
  for (const Seen& seen : all) {
    for (const double at : seen.times)
      windows[static_cast<std::size_t>((at - begin) / kWindowNanos)] += 1;
    commits += static_cast<double>(seen.times.size());
  }
  windows.pop_back();  // is not full
  if (!options.is_busy || windows.empty()) return commits / (end - begin) * 1e9;
  return Quantile(windows, 0.9) / kWindowNanos * 1e9;
}

// One round of one contender.
void Run(Running& running, const BenchOptions& options) {
  const std::string payload(running.payload_bytes, 'p');
  std::vector<Seen> all(running.threads);
  std::latch start(static_cast<std::ptrdiff_t>(running.threads));
  std::vector<std::thread> threads;
  for (Seen& seen : all) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      double at = seen.begin = NowNanos();
      const double deadline = at + options.round_ms * 1e6;
      while (at < deadline) {
        running.log->Commit(payload);
        at = NowNanos();
        seen.times.push_back(at);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Seen& seen : all) {
    double before = seen.begin;
    for (const double at : seen.times) {
      running.micros.push_back((at - before) / 1e3);
      before = at;
    }
  }
  running.rates.push_back(RateOf(all, options));
  running.log->Rest();
}

std::vector<std::unique_ptr<Running>> Start(const Cell& cell, const BenchOptions& options) {
  std::vector<Contender> contenders = OwnContenders();
  for (Contender& peer : PeerContenders()) contenders.push_back(std::move(peer));
  std::vector<std::unique_ptr<Running>> all;
  for (Contender& contender : contenders) {
    if (!IsContender(options, contender.name)) continue;
    auto running = std::make_unique<Running>();
    running->threads = contender.is_one_thread ? 1 : cell.threads;
    running->payload_bytes =
        contender.payload_bytes == 0 ? cell.payload_bytes : contender.payload_bytes;
    running->log = contender.open(running->directory.path(), BytesMax(cell, options));
    running->contender = std::move(contender);
    all.push_back(std::move(running));
  }
  return all;
}

// Median over the rounds of a / b.
double RatioOf(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) ratios.push_back(a[i] / b[i]);
  return Median(ratios);
}

struct PeerGoal {
  std::size_t payload_bytes;
  std::size_t threads;
  std::string_view peer;
  double bound;
};

constexpr std::size_t kKib = 1024;
constexpr PeerGoal kRateGoals[] = {
    {kKib, 1, "overwrite", 0.95}, {kKib, 1, "rocksdb", 1.4},  {kKib, 8, "overwrite", 4},
    {kKib, 8, "rocksdb", 2},      {kKib, 8, "leveldb", 1.7},  {kKib, 64, "overwrite", 18},
    {kKib, 64, "rocksdb", 4},     {kKib, 64, "leveldb", 2.5}, {16 * kKib, 64, "rocksdb", 4.5},
};
constexpr PeerGoal kTailGoal = {kKib, 64, "rocksdb", 0.3};
constexpr PeerGoal kBandwidthGoal = {16 * kKib, 64, "device", 0.4};

bool IsOf(const PeerGoal& goal, const Cell& cell, const Running& peer) {
  return goal.payload_bytes == cell.payload_bytes && goal.threads == cell.threads &&
         goal.peer == peer.contender.name;
}

// The journal against one other.
void Compare(const Cell& cell, Running& journal, Running& peer, BenchReport& report) {
  const double ratio = RatioOf(journal.rates, peer.rates);
  const double bytes_ratio =
      ratio * static_cast<double>(journal.payload_bytes) / static_cast<double>(peer.payload_bytes);
  const std::string name = fmt::format("{}: journal / {}", cell.name(), peer.contender.name);
  for (const PeerGoal& goal : kRateGoals)
    if (IsOf(goal, cell, peer)) report.goals.push_back({name, ratio, goal.bound});
  if (IsOf(kBandwidthGoal, cell, peer))
    report.goals.push_back({name + ", bytes", bytes_ratio, kBandwidthGoal.bound});
  if (IsOf(kTailGoal, cell, peer)) {
    report.goals.push_back({name + ", p99",
                            Quantile(journal.micros, 0.99) / Quantile(peer.micros, 0.99),
                            kTailGoal.bound, Goal::Side::kAtMost});
  }
  report.rows.push_back(
      {fmt::format("{}/ratio/{}", cell.name(), peer.contender.name), bytes_ratio, "ratio"});
}

void ReportCell(const Cell& cell, std::vector<std::unique_ptr<Running>>& all, BenchReport& report) {
  Running* journal = nullptr;
  double sync_p50 = 0;
  for (const auto& running : all) {
    if (running->contender.name == "journal") journal = running.get();
    std::vector<double> syncs = running->log->SyncMicros();
    if (running->contender.name == "overwrite") sync_p50 = Median(std::move(syncs));
  }
  report.text += fmt::format("\n{}: bare fdatasync p50 {:.0f} us{}\n", cell.name(), sync_p50,
                             sync_p50 > kQuietSyncMicros
                                 ? fmt::format(" (the machine is busy: at most {:.0f} us expected; "
                                               "these figures are spoilt)",
                                               kQuietSyncMicros)
                                 : "");
  report.text += fmt::format("  {:10} {:>10} {:>9} {:>9} {:>9} {:>15}\n", "", "commits/s", "MB/s",
                             "p50 us", "p99 us", "journal / it");
  report.rows.push_back({cell.name() + "/fdatasync_p50", sync_p50, "us"});
  for (const auto& running : all) {
    const double rate = Median(running->rates);
    const double megabytes = rate * static_cast<double>(running->payload_bytes) / 1e6;
    const double p50 = Quantile(running->micros, 0.5);
    const double p99 = Quantile(running->micros, 0.99);
    const std::string name = cell.name() + "/" + running->contender.name;
    report.rows.push_back({name, rate, "commits/s"});
    report.rows.push_back({name + "/p50", p50, "us"});
    report.rows.push_back({name + "/p99", p99, "us"});
    std::string beside;
    if (journal != nullptr && journal != running.get()) {
      Compare(cell, *journal, *running, report);
      beside = fmt::format("{:.2f}", report.rows.back().value);
    }
    report.text += fmt::format("  {:10} {:10.0f} {:9.1f} {:9.0f} {:9.0f} {:>15}\n",
                               running->contender.name, rate, megabytes, p50, p99, beside);
  }
}

}  // namespace

void MeasureCommits(const BenchOptions& options, BenchReport& report) {
  for (const std::size_t payload_bytes : {std::size_t{100}, kKib, 16 * kKib}) {
    for (const std::size_t threads : {std::size_t{1}, std::size_t{8}, std::size_t{64}}) {
      const Cell cell = {payload_bytes, threads};
      if (!IsWanted(options, cell.name())) continue;
      std::vector<std::unique_ptr<Running>> all = Start(cell, options);
      // The first round fills caches. Each round begins with another contender.
      for (std::size_t round = 0; round <= options.rounds; ++round) {
        for (std::size_t i = 0; i < all.size(); ++i) Run(*all[(i + round) % all.size()], options);
        if (round > 0) continue;
        for (const auto& running : all) {
          running->rates.clear();
          running->micros.clear();
        }
      }
      ReportCell(cell, all, report);
    }
  }
}

}  // namespace permafrost::bench
