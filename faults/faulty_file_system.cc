// The calls of the file system itself; those of its files are in faulty_file.cc.
#include "faults/faulty_file_system.h"

#include "faults/faulty_file.h"
#include "vfs/base/check.h"
#include "vfs/base/status_macros.h"

namespace permafrost::faults {
namespace {

using vfs::Call;
using vfs::CallKind;

}  // namespace

FaultyFileSystem::FaultyFileSystem(vfs::FileSystem* base, FaultPlan plan, vfs::Clock* clock)
    : WrappingFileSystem(base),
      injector_(std::make_unique<FaultInjector>(std::move(plan), clock)) {}

FaultyFileSystem::~FaultyFileSystem() = default;

absl::StatusOr<std::unique_ptr<vfs::File>> FaultyFileSystem::Wrap(std::unique_ptr<vfs::File> file,
                                                                  std::string_view path,
                                                                  bool is_new) {
  std::shared_ptr<InodeErrors> errors;
  if (injector_->has_inode_errors()) {
    VFS_ASSIGN_OR_RETURN(const vfs::FileIdentity inode, base().Identity(path));
    errors = injector_->ErrorsOf(inode, is_new);
  }
  return std::make_unique<FaultyFile>(std::move(file), path, injector_.get(), std::move(errors));
}

absl::StatusOr<std::unique_ptr<vfs::File>> FaultyFileSystem::Create(std::string_view path) {
  VFS_ASSIGN_OR_RETURN(std::unique_ptr<vfs::File> file,
                       CarryOutFor<std::unique_ptr<vfs::File>>(
                           *injector_, Call{.kind = CallKind::kCreate, .path = path},
                           [&] { return base().Create(path); }));
  return Wrap(std::move(file), path, true);
}

absl::StatusOr<std::unique_ptr<vfs::File>> FaultyFileSystem::Open(std::string_view path,
                                                                  vfs::OpenMode mode) {
  VFS_ASSIGN_OR_RETURN(std::unique_ptr<vfs::File> file,
                       CarryOutFor<std::unique_ptr<vfs::File>>(
                           *injector_, Call{.kind = CallKind::kOpen, .path = path},
                           [&] { return base().Open(path, mode); }));
  return Wrap(std::move(file), path, false);
}

absl::Status FaultyFileSystem::MakeDir(std::string_view path) {
  return CarryOut(*injector_, Call{.kind = CallKind::kMakeDir, .path = path},
                  [&] { return base().MakeDir(path); });
}

absl::Status FaultyFileSystem::RemoveDir(std::string_view path) {
  return CarryOut(*injector_, Call{.kind = CallKind::kRemoveDir, .path = path},
                  [&] { return base().RemoveDir(path); });
}

absl::StatusOr<std::vector<vfs::DirEntry>> FaultyFileSystem::List(std::string_view path) const {
  return CarryOutFor<std::vector<vfs::DirEntry>>(
      *injector_, Call{.kind = CallKind::kList, .path = path}, [&] { return base().List(path); });
}

absl::Status FaultyFileSystem::SyncDir(std::string_view path) {
  const auto run = [&] { return base().SyncDir(path); };
  const auto lie = [&] { return LieAboutSyncDir(path); };
  const auto fail = [&](std::size_t, absl::Status error) {
    return FailSyncDir(path, std::move(error));
  };
  const auto no_write = [](std::size_t) -> absl::Status {
    VFS_CHECK(false, "a sync of a directory writes no bytes");
  };
  return CarryOut(*injector_, Call{.kind = CallKind::kSyncDir, .path = path},
                  Carrying{run, lie, fail, no_write});
}

absl::Status FaultyFileSystem::Rename(std::string_view from, std::string_view to) {
  return CarryOut(*injector_, Call{.kind = CallKind::kRename, .path = from, .path_to = to},
                  [&] { return base().Rename(from, to); });
}

absl::Status FaultyFileSystem::Link(std::string_view existing, std::string_view name) {
  return CarryOut(*injector_, Call{.kind = CallKind::kLink, .path = existing, .path_to = name},
                  [&] { return base().Link(existing, name); });
}

absl::Status FaultyFileSystem::Unlink(std::string_view path) {
  return CarryOut(*injector_, Call{.kind = CallKind::kUnlink, .path = path},
                  [&] { return base().Unlink(path); });
}

absl::StatusOr<vfs::FileInfo> FaultyFileSystem::Stat(std::string_view path) const {
  return CarryOutFor<vfs::FileInfo>(*injector_, Call{.kind = CallKind::kStat, .path = path},
                                    [&] { return base().Stat(path); });
}

absl::StatusOr<vfs::FileIdentity> FaultyFileSystem::Identity(std::string_view path) const {
  return CarryOutFor<vfs::FileIdentity>(*injector_, Call{.kind = CallKind::kIdentity, .path = path},
                                        [&] { return base().Identity(path); });
}

absl::StatusOr<std::uint64_t> FaultyFileSystem::FreeSpace(std::string_view path) const {
  return CarryOutFor<std::uint64_t>(*injector_, Call{.kind = CallKind::kFreeSpace, .path = path},
                                    [&] { return base().FreeSpace(path); });
}

absl::StatusOr<std::unique_ptr<vfs::FileLock>> FaultyFileSystem::Lock(
    std::string_view path, const vfs::LockOptions& options) {
  return CarryOutFor<std::unique_ptr<vfs::FileLock>>(*injector_,
                                                     Call{.kind = CallKind::kLock, .path = path},
                                                     [&] { return base().Lock(path, options); });
}

absl::Status FaultyFileSystem::DropCaches() {
  return CarryOut(*injector_, Call{.kind = CallKind::kDropCaches},
                  [this] { return base().DropCaches(); });
}

absl::Status FaultyFileSystem::LieAboutSyncDir(std::string_view path) {
  auto* const liar = dynamic_cast<LyingSyncDir*>(&base());
  return liar != nullptr ? liar->LieAboutSyncDir(path) : absl::OkStatus();
}

absl::Status FaultyFileSystem::FailSyncDir(std::string_view path, absl::Status error) {
  auto* const liar = dynamic_cast<LyingSyncDir*>(&base());
  return liar != nullptr ? liar->FailSyncDir(path, std::move(error)) : error;
}

}  // namespace permafrost::faults
