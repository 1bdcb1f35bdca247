// Builds the stack: recording (trace, crash points) over faults over the simulated disk.
#include "sim/world/world.h"

#include <algorithm>

#include <fmt/format.h>

#include "sim/world/tree.h"
#include "vfs/base/check.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/step.h"

namespace permafrost::sim {

World::World(DiskState state, const WorldOptions& options, const History* history)
    : options_(options),
      history_(history),
      scope_(options.seed,
             options.threading.is_on ? ScopeThreads::kScheduled : ScopeThreads::kNone),
      prng_(vfs::Prng(options.seed).Fork("world")),
      pump_prng_(vfs::Prng(options.seed).Fork("pump")),
      pressure_prng_(vfs::Prng(options.seed).Fork("pressure")),
      trace_(options.keep_lines),
      disk_(std::move(state), options.disk),
      faulty_(options.real_disk != nullptr ? options.real_disk : &disk_, options.plan, &clock_),
      recording_(&faulty_, this) {
  VFS_CHECK(options.real_disk == nullptr || history == nullptr, "a real disk has no crash points");
  env_.fs = &recording_;
  env_.clock = &clock_;
  env_.executor = &queue_;
  if (options.threading.is_on) {
    env_.executor = &pool_.emplace();
    disk_.SetSyncHook(&SchedulingPoint);
  }
  env_.prng = &prng_;
  env_.log = &vfs::NullLog();
}

World::~World() = default;

void World::PumpSome() {
  while (queue_.queued() > 0 && pump_prng_.Chance({2, 3})) queue_.RunOne(pump_prng_);
}

SimFileSystem& World::disk() {
  VFS_CHECK(options_.real_disk == nullptr, "this world stands on a real disk");
  return disk_;
}

DiskState World::CopyOfDisk() {
  if (options_.real_disk != nullptr) {
    const absl::StatusOr<Tree> tree = ReadTree(*options_.real_disk);
    VFS_CHECK(tree.ok(), "{}", vfs::Message(tree.status()));
    return DiskOf(*tree);
  }
  DiskState copy = disk_.CopyState();
  copy.ForgetAllUnlinked();
  return copy;
}

void World::KillProcess() {
  if (options_.real_disk == nullptr) disk_.KillProcess();  // else its handles are closed by now
  faulty_.Remount();
  trace_.AddNote("process death");
}

void World::OnBegin(const vfs::Call& call) {
  SchedulingPoint();
  {
    const vfs::MutexLock lock(&mu_);
    calls_.push_back(call.kind);
    if (vfs::IsMutating(call.kind)) CountMutating(call);
  }
  if (options_.witness != nullptr) options_.witness->OnBegin(call);
}

void World::CountMutating(const vfs::Call& call) {
  // Taking a point passes locks, and so scheduling points: with threads it is taken in any case, so
  // that a run has the same schedule whether or not its points are kept.
  const bool is_kept = options_.keep_points == KeepPoints::kYes;
  if ((is_kept || has_threads()) && history_ != nullptr) {
    AddPoint(fmt::format("{} {}", vfs::ToString(call.kind), call.path), &call);
    if (!is_kept) points_.clear();
  }
  ++mutating_calls_;
}

void World::OnEnd(const vfs::Call& call, const absl::Status& result) {
  {
    const vfs::MutexLock lock(&mu_);
    trace_.AddCall(call, result);
    if (disk_.HasCleanOrphans() && pressure_prng_.Chance({1, 4})) {
      VFS_PROBE("sim/world/cache_pressure");
      disk_.DropCaches().IgnoreError();
      trace_.AddNote("cache pressure");
    }
    if (!result.ok() && first_fault_point_ == 0 && vfs::IsInjected(result))
      first_fault_point_ = mutating_calls_;
  }
  if (options_.witness != nullptr) options_.witness->OnEnd(call, result);
}

void World::AddPoint(std::string call, const vfs::Call* details) {
  CrashPoint point;
  point.index = mutating_calls_;
  point.snapshot = disk_.CopyState();
  point.event_count = history_->event_count();
  point.config = history_->config();
  point.call = std::move(call);
  point.is_sync = details != nullptr && vfs::IsSync(details->kind);
  for (const vfs::Step* step = vfs::Step::Current(); step != nullptr; step = step->outer()) {
    point.labels.emplace_back(step->label());
    point.instances.push_back(step->instance());
    // The barriers and the RocksDB adapter are not who asked for it.
    const bool is_asker = !std::string_view(step->file()).starts_with("vfs/");
    if (point.site.empty() && is_asker)
      point.site = fmt::format("{}:{}", step->file(), step->line());
  }
  std::reverse(point.labels.begin(), point.labels.end());
  std::reverse(point.instances.begin(), point.instances.end());
  points_.push_back(std::move(point));
}

ThreadReport InWorld(DiskState state,
                     const WorldOptions& options,
                     const History* history,
                     absl::FunctionRef<void(World&)> use) {
  const auto run = [&] {
    World world(std::move(state), options, history);
    use(world);
  };
  if (!options.threading.is_on) {
    run();
    return {};
  }
  const Threading& threading = options.threading;
  return RunThreads({.seed = options.seed,
                     .strategy = threading.strategy,
                     .mode = threading.mode,
                     .rocksdb_sync_points = threading.rocksdb_sync_points},
                    run);
}

std::vector<CrashPoint> World::TakePoints() {
  if (history_ != nullptr) AddPoint("end", nullptr);
  return std::move(points_);
}

}  // namespace permafrost::sim
