// The conformance suite over a faulty file system that has nothing to inject: it must not be
// noticed.
#include "faults/faulty_file_system.h"
#include "sim/disk/sim_file_system.h"
#include "tests/conformance/conformance.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/base/check.h"
#include "vfs/posix/posix_file_system.h"

namespace permafrost::conformance {
namespace {

class FaultyPosixWorld final : public World {
 public:
  FaultyPosixWorld() {
    auto opened = vfs::PosixFileSystem::Open(directory_.path());
    VFS_CHECK(opened.ok(), "{}", opened.status().ToString());
    posix_ = *std::move(opened);
    faulty_ = std::make_unique<faults::FaultyFileSystem>(posix_.get(), faults::FaultPlan{});
  }
  vfs::FileSystem& fs() override { return *faulty_; }

 private:
  const TempDir directory_;
  std::unique_ptr<vfs::PosixFileSystem> posix_;
  std::unique_ptr<faults::FaultyFileSystem> faulty_;
};

class FaultySimWorld final : public World {
 public:
  vfs::FileSystem& fs() override { return faulty_; }

 private:
  sim::SimFileSystem disk_;
  faults::FaultyFileSystem faulty_{&disk_, faults::FaultPlan{}};
};

template <typename T>
ConformanceFactory Make(std::string name) {
  return {std::move(name), [] { return std::make_unique<T>(); }};
}

INSTANTIATE_TEST_SUITE_P(Faulty,
                         FileSystemConformance,
                         ::testing::Values(Make<FaultyPosixWorld>("posix"),
                                           Make<FaultySimWorld>("sim")),
                         ConformanceName);

}  // namespace
}  // namespace permafrost::conformance
