// A file system in which what a plan says goes wrong, and all else is the file system below.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "faults/fault_injector.h"
#include "faults/fault_plan.h"
#include "faults/lying_sync.h"
#include "vfs/wrapping_file_system.h"

namespace permafrost::faults {

// With an empty plan it is the file system below. Poisoning handles after a failed sync is the
// business of callers.
//
// A sync lies or fails as D4 says where the file system below is a LyingSyncDir and its files are
// LyingSync; elsewhere the call is left out. Both are offered upwards too, so faulty file systems
// can be stacked (a mutation over a plan).
//
// Threads: as the file system below; handles must not outlive this.
class FaultyFileSystem final : public vfs::WrappingFileSystem, public LyingSyncDir {
 public:
  // `base` and `clock` must outlive this; without a clock stalls take no time.
  FaultyFileSystem(vfs::FileSystem* base, FaultPlan plan, vfs::Clock* clock = nullptr);
  ~FaultyFileSystem() override;

  FaultInjector& injector() const { return *injector_; }
  // As FaultInjector's.
  std::uint64_t FallibleCalls() const { return injector_->FallibleCalls(); }
  std::vector<Injection> Injected() const { return injector_->Injected(); }
  std::vector<std::string> Unfired() const { return injector_->Unfired(); }
  void Reset() { injector_->Reset(); }
  bool HasRot() const { return injector_->HasRot(); }
  void Remount() { injector_->Remount(); }

  absl::StatusOr<std::unique_ptr<vfs::File>> Create(std::string_view path) override;
  absl::StatusOr<std::unique_ptr<vfs::File>> Open(std::string_view path,
                                                  vfs::OpenMode mode) override;
  absl::Status MakeDir(std::string_view path) override;
  absl::Status RemoveDir(std::string_view path) override;
  absl::StatusOr<std::vector<vfs::DirEntry>> List(std::string_view path) const override;
  absl::Status SyncDir(std::string_view path) override;
  absl::Status Rename(std::string_view from, std::string_view to) override;
  absl::Status Link(std::string_view existing, std::string_view name) override;
  absl::Status Unlink(std::string_view path) override;
  absl::StatusOr<vfs::FileInfo> Stat(std::string_view path) const override;
  absl::StatusOr<vfs::FileIdentity> Identity(std::string_view path) const override;
  absl::StatusOr<std::uint64_t> FreeSpace(std::string_view path) const override;
  absl::StatusOr<std::unique_ptr<vfs::FileLock>> Lock(std::string_view path,
                                                      const vfs::LockOptions& options) override;
  absl::Status DropCaches() override;

  absl::Status LieAboutSyncDir(std::string_view path) override;
  absl::Status FailSyncDir(std::string_view path, absl::Status error) override;

 private:
  // The handle of a file that was just opened, or made.
  absl::StatusOr<std::unique_ptr<vfs::File>> Wrap(std::unique_ptr<vfs::File> file,
                                                  std::string_view path,
                                                  bool is_new);

  const std::unique_ptr<FaultInjector> injector_;
};

}  // namespace permafrost::faults
