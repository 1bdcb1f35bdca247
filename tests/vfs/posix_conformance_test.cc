// The conformance suite over the real disk, plain and under the decorators.
#include "tests/conformance/conformance.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/base/check.h"
#include "vfs/posix/posix_file_system.h"
#include "vfs/recording_file_system.h"
#include "vfs/wrapping_file_system.h"

namespace permafrost::conformance {
namespace {

class PosixWorld : public World {
 public:
  PosixWorld() {
    auto opened = vfs::PosixFileSystem::Open(directory_.path());
    VFS_CHECK(opened.ok(), "{}", opened.status().ToString());
    posix_ = *std::move(opened);
  }
  vfs::FileSystem& fs() override { return *posix_; }

 private:
  const TempDir directory_;
  std::unique_ptr<vfs::PosixFileSystem> posix_;
};

class WrappedWorld final : public PosixWorld {
 public:
  vfs::FileSystem& fs() override { return wrapper_; }

 private:
  vfs::WrappingFileSystem wrapper_{&PosixWorld::fs()};
};

class NullObserver final : public vfs::CallObserver {
 public:
  void OnBegin(const vfs::Call&) override {}
  void OnEnd(const vfs::Call&, const absl::Status&) override {}
};

class RecordedWorld final : public PosixWorld {
 public:
  vfs::FileSystem& fs() override { return recorder_; }

 private:
  NullObserver observer_;
  vfs::RecordingFileSystem recorder_{&PosixWorld::fs(), &observer_};
};

template <typename T>
ConformanceFactory Make(std::string name) {
  return {std::move(name), [] { return std::make_unique<T>(); }};
}

INSTANTIATE_TEST_SUITE_P(Vfs,
                         FileSystemConformance,
                         ::testing::Values(Make<PosixWorld>("posix"),
                                           Make<WrappedWorld>("wrapped"),
                                           Make<RecordedWorld>("recorded")),
                         ConformanceName);

}  // namespace
}  // namespace permafrost::conformance
