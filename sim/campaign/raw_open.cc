// Times opens of databases on clones of one image.
#include "sim/campaign/raw_open.h"

#include <algorithm>
#include <string>
#include <vector>

#include <absl/functional/function_ref.h>
#include <fmt/format.h>

#include "sim/sched/sched.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::sim {

namespace {

constexpr int kBatches = 15;
constexpr int kOpensPerBatch = 20;

// Seconds of one open; `open_all` opens what is on the clone and returns how many databases it
// opened.
OpenTime SecondsPerOpen(const DiskState& image,
                        const SimDiskOptions& disk,
                        absl::FunctionRef<std::uint64_t(World&)> open_all) {
  std::vector<double> seconds;
  for (int batch = 0; batch < kBatches; ++batch) {
    std::uint64_t opens = 0;
    const std::uint64_t start = CpuNanos();
    for (int i = 0; i < kOpensPerBatch; ++i) {
      World world(image, {.seed = 1, .plan = {}, .disk = disk}, nullptr);
      opens += open_all(world);
    }
    if (opens == 0) return {};
    seconds.push_back(static_cast<double>(CpuNanos() - start) * 1e-9 / static_cast<double>(opens));
  }
  std::sort(seconds.begin(), seconds.end());
  return {.median = seconds[kBatches / 2], .fastest = seconds.front()};
}

}  // namespace

OpenTime MeasureRawOpen(const Scenario& scenario, const ExploreOptions& options) {
  const Workload workload = RunWorkload(scenario, options);
  return SecondsPerOpen(KeptImage(workload.points.back().snapshot), options.rules.disk,
                        [&](World& world) { return scenario.OpenDatabases(world); });
}

OpenTime MeasureWalOnlyOpen(const vfs::RocksOptions& rocks, OpenKind kind) {
  vfs::RocksDbOptions options{.rocks = rocks};
  options.rocks.queued_jobs = true;
  DiskState filled;
  {
    World world(DiskState(), {.seed = 1, .plan = {}}, nullptr);
    const auto db = vfs::RocksDb::Open(world.env(), "db", options);
    VFS_CHECK(db.ok(), "open: {}", vfs::Message(db.status()));
    for (int i = 0; i < 100; ++i) {
      vfs::RocksBatch batch;
      batch.Put(vfs::kDefaultFamily, fmt::format("key{:04}", i), std::string(32, 'v'));
      const absl::Status written = (*db)->Write(batch, vfs::SyncWrite::kYes);
      VFS_CHECK(written.ok(), "write: {}", vfs::Message(written));
    }
    filled = world.disk().state();
  }
  options.rule = vfs::OpenRule::kMustExist;
  return SecondsPerOpen(KeptImage(filled), {}, [&](World& world) -> std::uint64_t {
    const auto db = kind == OpenKind::kReadOnly
                        ? vfs::RocksDb::OpenReadOnly(world.env(), "db", options)
                        : vfs::RocksDb::Open(world.env(), "db", options);
    VFS_CHECK(db.ok(), "open: {}", vfs::Message(db.status()));
    const auto rows = (*db)->Scan(vfs::kDefaultFamily, {});
    VFS_CHECK(rows.ok() && rows->size() == 100 && (*db)->Close().ok(), "read");
    return 1;
  });
}

}  // namespace permafrost::sim
