// The conformance suite over a faulty file system that has nothing to inject: it must not be
// noticed.
#include "faults/faulty_file_system.h"
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

INSTANTIATE_TEST_SUITE_P(Faulty,
                         FileSystemConformance,
                         ::testing::Values(ConformanceFactory{
                             "posix", [] { return std::make_unique<FaultyPosixWorld>(); }}),
                         ConformanceName);

}  // namespace
}  // namespace permafrost::conformance
