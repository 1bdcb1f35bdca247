// `powercut bench`: the simulator's own speed, each figure beside its baseline measured in the same
// run.
#include <algorithm>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "sim/campaign/raw_open.h"
#include "sim/campaign/thread_load.h"
#include "sim/cli/command.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/explore/interrupt.h"
#include "sim/sched/sched.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/posix/progress.h"

namespace permafrost::sim {
namespace {

struct Row {
  std::string name;
  double value = 0;
  std::string unit;
  double baseline = 0;  // what it is held against, same unit; 0: none
  double ratio = 0;     // value / baseline
};

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

double CpuSecondsSince(std::uint64_t start) {
  return static_cast<double>(CpuNanos() - start) * 1e-9;
}

// A settled disk of `files` files of 4 KiB in ten directories.
void FillDisk(SimFileSystem& fs, int files) {
  for (int i = 0; i < files; ++i) {
    const std::string dir = fmt::format("d{}", i / 100);
    if (i % 100 == 0) VFS_CHECK(fs.MakeDir(dir).ok(), "make {}", dir);
    auto file = fs.Create(fmt::format("{}/f{:04}", dir, i));
    VFS_CHECK(file.ok() && (*file)->Append(std::string(4096, 'x')).ok() && (*file)->Sync().ok(),
              "fill {}", dir);
    VFS_CHECK(fs.SyncDir(dir).ok(), "sync {}", dir);
  }
  VFS_CHECK(fs.SyncDir("").ok(), "sync root");
}

// Microseconds for one snapshot and one crash image of a disk of `files` files with a few pending
// effects.
double SnapshotAndImageMicros(int files) {
  SimFileSystem fs;
  FillDisk(fs, files);
  auto file = fs.Open("d0/f0000", vfs::OpenMode::kReadWrite);
  VFS_CHECK(file.ok(), "open");
  std::vector<double> micros;
  for (int batch = 0; batch < 9; ++batch) {
    std::uint64_t images_made = 0;
    const std::uint64_t start = CpuNanos();
    for (int i = 0; i < 50; ++i) {
      VFS_CHECK((*file)->Append("0123456789").ok(), "append");
      // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): the copy is measured too
      const DiskState snapshot = fs.state();
      const CrashImages images(snapshot, {}, {.images_max = 4, .random_images = 0, .seed = 1});
      images_made += images.ForEach([](const CrashImage&) { return true; }).candidates;
      VFS_CHECK((*file)->Sync().ok(), "sync");
    }
    micros.push_back(CpuSecondsSince(start) * 1e6 / static_cast<double>(images_made));
  }
  return Median(micros);
}

// No rows when interrupted: part of a sweep is no figure.
absl::StatusOr<std::vector<Row>> SweepRows(const std::string& name, bool is_short) {
  CommonFlags flags;
  flags.scenario = name;
  flags.is_short = is_short;
  VFS_ASSIGN_OR_RETURN(const auto scenario, MakeNamedScenario(flags));
  VFS_ASSIGN_OR_RETURN(const ExploreOptions options, ExploreOptionsOf(flags, *scenario, {}));
  std::vector<double> rates;
  std::vector<double> shares;
  double raw = 0;
  for (int repeat = 0; repeat < 3; ++repeat) {
    if (IsInterrupted()) return std::vector<Row>();
    Certificate certificate;
    RecoveryCache cache;
    raw = MeasureRawOpen(*scenario, options).median;
    const std::uint64_t start = CpuNanos();
    VFS_RETURN_IF_ERROR(Explore(*scenario, options, cache, certificate));
    if (certificate.is_interrupted) return std::vector<Row>();
    certificate.core_seconds = CpuSecondsSince(start);
    certificate.raw_open_seconds = raw;
    rates.push_back(certificate.images_per_core_second());
    shares.push_back(certificate.raw_share());
  }
  const double rate = Median(rates);
  return std::vector<Row>{
      {fmt::format("{}: raw open + read + close", name), raw * 1e6, "us", 300, raw * 1e6 / 300},
      {fmt::format("{}: images recovered and judged", name), rate, "per core-second", 1 / raw,
       rate * raw},
      {fmt::format("{}: raw_share", name), Median(shares), "share", 1, Median(shares)},
  };
}

std::vector<Row> SnapshotRows() {
  const double small = SnapshotAndImageMicros(10);
  const double large = SnapshotAndImageMicros(1000);
  return {{"snapshot + image, 1,000 files", large, "us", small, large / small}};
}

// A WAL-only database of 100 keys: the library alone, and with everything the adapter adds; fastest
// batches.
std::vector<Row> OpenRows() {
  constexpr double kGoalMicros = 300;  // deterministic-threads.md section 5
  const double stock = MeasureWalOnlyOpen({.stock = true}, OpenKind::kReadWrite).fastest * 1e6;
  const double hardened = MeasureWalOnlyOpen({}, OpenKind::kReadWrite).fastest * 1e6;
  const double read_only = MeasureWalOnlyOpen({}, OpenKind::kReadOnly).fastest * 1e6;
  return {
      {"WAL-only database: open + read + close, stock", stock, "us", kGoalMicros,
       stock / kGoalMicros},
      {"WAL-only database: the same, hardened", hardened, "us", stock, hardened / stock},
      {"WAL-only database: the same, read-only", read_only, "us", stock, read_only / stock},
  };
}

// The load of deterministic-threads.md section 3.4 under the scheduler, and on native threads.
std::vector<Row> ThreadRows() {
  constexpr int kRuns = 9;
  const auto fastest = [](const std::optional<ThreadOptions>& options) {
    double millis = MeasureThreadLoad(options) * 1e3;  // the first run makes static objects
    for (int i = 0; i < kRuns; ++i) millis = std::min(millis, MeasureThreadLoad(options) * 1e3);
    return millis;
  };
  const double native = fastest(std::nullopt);
  std::vector<Row> rows{{"threads: native, one processor", native, "ms", 0, 0}};
  for (const ThreadMode mode : {ThreadMode::kFiber, ThreadMode::kFutex}) {
    if (mode == ThreadMode::kFiber && !CanUseFibers()) continue;
    for (const StrategySpec& strategy :
         {StrategySpec{.kind = StrategySpec::Kind::kRunToBlock},
          StrategySpec{.kind = StrategySpec::Kind::kPct, .depth = 3, .length = 20'000},
          StrategySpec{.kind = StrategySpec::Kind::kRandomWalk}}) {
      const double millis = fastest(ThreadOptions{.seed = 1, .strategy = strategy, .mode = mode});
      rows.push_back({fmt::format("threads: {}, {}", ToString(mode), ToString(strategy)), millis,
                      "ms", native, millis / native});
    }
  }
  return rows;
}

// What an idle day of timers costs; the goal is a second.
std::vector<Row> IdleDayRows() {
  constexpr double kGoalMillis = 1000;
  std::vector<Row> rows;
  for (const ThreadMode mode : {ThreadMode::kFiber, ThreadMode::kFutex}) {
    if (mode == ThreadMode::kFiber && !CanUseFibers()) continue;
    IdleDay fastest = MeasureIdleDay(mode);
    for (int i = 0; i < 2; ++i) {
      IdleDay day = MeasureIdleDay(mode);
      if (day.seconds < fastest.seconds) fastest = std::move(day);
    }
    const double millis = fastest.seconds * 1e3;
    rows.push_back({fmt::format("idle day: {}, {} steps", ToString(mode), fastest.threads.steps),
                    millis, "ms", kGoalMillis, millis / kGoalMillis});
  }
  return rows;
}

absl::StatusOr<std::vector<Row>> Measure(std::string_view only, vfs::Progress& progress) {
  std::vector<Row> rows;
  const auto is_wanted = [&](std::string_view what) {
    return only.empty() || what.find(only) != std::string_view::npos;
  };
  const auto add = [&](const std::vector<Row>& more) {
    rows.insert(rows.end(), more.begin(), more.end());
  };
  if (is_wanted("snapshot")) add(SnapshotRows());
  if (is_wanted("open")) add(OpenRows());
  if (is_wanted("threads")) add(ThreadRows());
  if (is_wanted("idle")) add(IdleDayRows());
  double done = 0.2;
  for (const std::string& name : ScenarioNames()) {
    progress.Update(done, name);
    if (is_wanted(name)) {
      VFS_ASSIGN_OR_RETURN(const auto more, SweepRows(name, true));
      add(more);
    }
    done += 0.4;
  }
  if (rows.empty()) {
    return vfs::InvalidArgument(
        "bench --only {}: no such part; parts: snapshot, open, threads, idle, and the scenarios "
        "of `powercut list`",
        only);
  }
  return rows;
}

int RunBench(const CommonFlags& flags, std::string_view only) {
  std::vector<Row> rows;
  {
    vfs::Progress progress(flags.is_quiet, RealNanos);
    auto measured = Measure(only, progress);
    if (!measured.ok()) return Fail(measured.status());
    rows = *std::move(measured);
  }
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  Say(flags, fmt::format("{:<52} {:>12} {:<16} {:>12} {:>7}\n", "what", "value", "unit", "baseline",
                         "ratio"));
  for (const Row& row : rows) {
    Say(flags, fmt::format("{:<52} {:>12.2f} {:<16} {:>12.2f} {:>7.2f}\n", row.name, row.value,
                           row.unit, row.baseline, row.ratio));
    json.push_back({{"name", row.name},
                    {"value", row.value},
                    {"unit", row.unit},
                    {"baseline", row.baseline},
                    {"ratio", row.ratio}});
  }
  if (IsInterrupted()) Say(flags, "(interrupted: a partial result)\n");
  if (flags.is_json) PrintJson(json);
  return IsInterrupted() ? InterruptExitCode() : kExitClean;
}

}  // namespace

void AddBenchCommand(CLI::App& app, ExitCode& exit) {
  CLI::App* const command = app.add_subcommand("bench", "Measure the simulator beside its floors");
  const auto flags = std::make_shared<CommonFlags>();
  command->add_flag("--json", flags->is_json, "One JSON array on the last line of stdout");
  command->add_flag("-q,--quiet", flags->is_quiet, "No text for people");
  const auto only = std::make_shared<std::string>();
  command->add_option("--only", *only,
                      "A part: snapshot, open, threads, idle, or the name of a scenario");
  command->callback([flags, only, &exit] { exit.value = RunBench(*flags, *only); });
}

}  // namespace permafrost::sim
