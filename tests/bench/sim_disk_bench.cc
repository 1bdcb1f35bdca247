// How fast the simulated disk is: snapshots, crash images, appends, creates, and what copies share.
//
// Usage: sim_disk_bench [--json]. Prints a table, or rows {"name", "value", "unit"}.
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "sim/disk/crash_images.h"
#include "sim/disk/sim_file_system.h"
#include "tests/bench/bench_rows.h"
#include "vfs/base/check.h"
#include "vfs/base/step.h"

namespace permafrost::sim {
namespace {

constexpr int kFiles = 1000;

using Row = BenchRow;

double Now() {
  timespec at = {};
  ::clock_gettime(CLOCK_MONOTONIC, &at);
  return static_cast<double>(at.tv_sec) * 1e9 + static_cast<double>(at.tv_nsec);
}

// Nanoseconds per call of `body`: the best of five rounds of about 50 ms each.
template <typename Body>
double Measure(Body&& body) {
  constexpr double kRoundNanos = 5e7;
  double best = 1e18;
  for (int round = 0; round < 5; ++round) {
    const double start = Now();
    double end = start;
    std::uint64_t count = 0;
    while (end - start < kRoundNanos) {
      for (int i = 0; i < 16; ++i) body();
      count += 16;
      end = Now();
    }
    best = std::min(best, (end - start) / static_cast<double>(count));
  }
  return best;
}

void Must(const absl::Status& status) { VFS_CHECK(status.ok(), "{}", status.ToString()); }

// 1,000 settled files of 10,000 bytes in ten directories.
void Fill(SimFileSystem& fs) {
  for (int i = 0; i < 10; ++i) Must(fs.MakeDir(fmt::format("d{}", i)));
  Must(fs.SyncDir(""));
  for (int i = 0; i < kFiles; ++i) {
    auto file = fs.Create(fmt::format("d{}/{:06}.sst", i % 10, i));
    Must(file.status());
    Must((*file)->Append(std::string(10'000, static_cast<char>('a' + i % 26))));
    Must((*file)->Sync());
  }
  for (int i = 0; i < 10; ++i) Must(fs.SyncDir(fmt::format("d{}", i)));
}

std::vector<Row> MeasureAll() {
  std::vector<Row> rows;
  const auto add = [&](std::string name, double value, std::string unit) {
    rows.push_back({std::move(name), value, std::move(unit)});
  };
  SimFileSystem fs;
  Fill(fs);
  const vfs::Step step("rocksdb.wal.append");
  const std::string record(200, 'r');
  auto opened = fs.Open("d3/000003.sst", vfs::OpenMode::kReadWrite);
  Must(opened.status());
  vfs::File& file = **opened;

  add("snapshot", Measure([&] { const DiskState copy = fs.state(); }), "ns");

  Must(file.Append(record));
  Must(fs.Rename("d5/000005.sst", "d5/x"));
  const CrashImages images(fs.state(), {}, {});
  const std::string choice = "strict keep=0-2 fill=zero";
  const auto warm = images.FromChoice(choice);
  Must(warm.status());
  add("image_from_choice", Measure([&] { Must(images.FromChoice(choice).status()); }), "ns");
  std::uint64_t candidates = 0;
  const double per_point = Measure([&] {
    const DiskState copy = fs.state();
    candidates =
        CrashImages(copy, {}, {}).ForEach([](const CrashImage&) { return true; }).candidates;
  });
  add("crash_point_candidates", static_cast<double>(candidates), "images");
  add("snapshot_and_image", per_point / static_cast<double>(candidates), "ns");
  Must(file.Sync());
  Must(fs.SyncDir("d5"));

  add("append_200_and_sync", Measure([&] {
        Must(file.Append(record));
        Must(file.SyncData());
      }),
      "ns");
  Must(file.Truncate(0));
  Must(file.Sync());
  add("append_200_snapshot_and_sync", Measure([&] {
        const DiskState before = fs.state();
        Must(file.Append(record));
        const DiskState after = fs.state();
        Must(file.SyncData());
      }),
      "ns");
  Must(file.Truncate(0));
  Must(file.Sync());
  const std::string block(1 << 20, 'b');
  add("write_1MiB_and_sync", Measure([&] {
        Must(file.Write(0, block));
        Must(file.Sync());
      }),
      "ns");
  add("create_and_unlink_settled", Measure([&] {
        Must(fs.Create("d7/new").status());
        Must(fs.Unlink("d7/new"));
        Must(fs.SyncDir("d7"));
      }),
      "ns");
  char buffer[4096];
  add("open_and_read_4096", Measure([&] {
        auto found = fs.Open("d8/000008.sst", vfs::OpenMode::kRead);
        Must((*found)->Read(0, buffer).status());
      }),
      "ns");
  add("stat", Measure([&] { Must(fs.Stat("d9/000009.sst").status()); }), "ns");
  add("durable_key_after_one_change", Measure([&] {
        Must(file.Write(0, record));
        Must(file.Sync());
        VFS_CHECK(fs.state().DurableKey() != vfs::Hash128{}, "a key");
      }),
      "ns");

  const DiskState before = fs.state();
  Must(file.Append(record));
  Must(file.Sync());
  const std::size_t inodes = before.live().inode_count();
  add("inodes", static_cast<double>(inodes), "inodes");
  add("inode_nodes_copied_by_one_append",
      static_cast<double>(inodes - fs.state().live().SharedInodes(before.live())), "nodes");
  return rows;
}

}  // namespace
}  // namespace permafrost::sim

int main(int argc, char** argv) {
  return permafrost::PrintBench("sim_disk", permafrost::sim::MeasureAll(), argc, argv);
}
