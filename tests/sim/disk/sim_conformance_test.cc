// The conformance suite over the simulated disk: fresh, and booted from a crash image.
#include "sim/disk/crash_images.h"
#include "sim/disk/sim_file_system.h"
#include "tests/conformance/conformance.h"
#include "vfs/base/check.h"

namespace permafrost::conformance {
namespace {

class FreshWorld final : public World {
 public:
  vfs::FileSystem& fs() override { return disk_; }

 private:
  sim::SimFileSystem disk_;
};

// What a cut left of a disk that had files, none of which were settled.
sim::DiskState ImageOfUsedDisk() {
  sim::SimFileSystem used;
  VFS_CHECK(used.MakeDir("gone").ok(), "the disk is empty");
  auto file = used.Create("gone/file");
  VFS_CHECK(file.ok() && (*file)->Append("bytes").ok(), "the disk is empty");
  sim::DiskState image;
  const sim::Personality none{sim::Personality::Kind::kNone};
  sim::CrashImages(used.state(), none, {}).ForEach([&](const sim::CrashImage& made) {
    image = made.state;
    return true;
  });
  return image;
}

class BootedWorld final : public World {
 public:
  vfs::FileSystem& fs() override { return disk_; }

 private:
  sim::SimFileSystem disk_{ImageOfUsedDisk()};
};

template <typename T>
ConformanceFactory Make(std::string name) {
  return {std::move(name), [] { return std::make_unique<T>(); }};
}

INSTANTIATE_TEST_SUITE_P(Sim,
                         FileSystemConformance,
                         ::testing::Values(Make<FreshWorld>("sim"), Make<BootedWorld>("booted")),
                         ConformanceName);

}  // namespace
}  // namespace permafrost::conformance
