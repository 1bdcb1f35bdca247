// One Reported() around each forwarded call.
#include "vfs/recording_file_system.h"

#include <string>
#include <utility>

namespace permafrost::vfs {
namespace {

const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

template <typename Action>
auto Reported(CallObserver& observer, const Call& call, const Action& action) {
  observer.OnBegin(call);
  auto result = action();
  observer.OnEnd(call, StatusOf(result));
  return result;
}

class RecordingFile final : public WrappingFile {
 public:
  RecordingFile(std::unique_ptr<File> base, CallObserver* observer, std::string_view path)
      : WrappingFile(std::move(base)), observer_(observer), path_(path) {}

  absl::Status Append(std::string_view bytes) override {
    const Call call{.kind = CallKind::kAppend, .path = path_, .bytes = bytes.size(), .data = bytes};
    return Reported(*observer_, call, [&] { return base().Append(bytes); });
  }

  absl::Status Write(std::uint64_t offset, std::string_view bytes) override {
    const Call call{.kind = CallKind::kWrite,
                    .path = path_,
                    .offset = offset,
                    .bytes = bytes.size(),
                    .data = bytes};
    return Reported(*observer_, call, [&] { return base().Write(offset, bytes); });
  }

  absl::StatusOr<std::size_t> Read(std::uint64_t offset, std::span<char> buffer) const override {
    Call call{.kind = CallKind::kRead, .path = path_, .offset = offset, .bytes = buffer.size()};
    observer_->OnBegin(call);
    absl::StatusOr<std::size_t> count = base().Read(offset, buffer);
    if (count.ok()) call.data = std::string_view(buffer.data(), *count);
    observer_->OnEnd(call, count.status());
    return count;
  }

  absl::Status Truncate(std::uint64_t bytes) override {
    const Call call{.kind = CallKind::kTruncate, .path = path_, .bytes = bytes};
    return Reported(*observer_, call, [&] { return base().Truncate(bytes); });
  }

  absl::Status Preallocate(std::uint64_t offset, std::uint64_t bytes) override {
    const Call call{
        .kind = CallKind::kPreallocate, .path = path_, .offset = offset, .bytes = bytes};
    return Reported(*observer_, call, [&] { return base().Preallocate(offset, bytes); });
  }

  absl::Status SyncData() override {
    const Call call{.kind = CallKind::kSyncData, .path = path_};
    return Reported(*observer_, call, [&] { return base().SyncData(); });
  }

  absl::Status Sync() override {
    const Call call{.kind = CallKind::kSync, .path = path_};
    return Reported(*observer_, call, [&] { return base().Sync(); });
  }

  absl::Status HintWriteOut(std::uint64_t offset, std::uint64_t bytes) override {
    const Call call{
        .kind = CallKind::kHintWriteOut, .path = path_, .offset = offset, .bytes = bytes};
    return Reported(*observer_, call, [&] { return base().HintWriteOut(offset, bytes); });
  }

  absl::StatusOr<std::uint64_t> Size() const override {
    Call call{.kind = CallKind::kSize, .path = path_};
    observer_->OnBegin(call);
    absl::StatusOr<std::uint64_t> bytes = base().Size();
    if (bytes.ok()) call.bytes = *bytes;
    observer_->OnEnd(call, bytes.status());
    return bytes;
  }

  absl::Status Close() override {
    const Call call{.kind = CallKind::kClose, .path = path_};
    return Reported(*observer_, call, [&] { return base().Close(); });
  }

 private:
  CallObserver* const observer_;
  const std::string path_;
};

absl::StatusOr<std::unique_ptr<File>> Wrap(absl::StatusOr<std::unique_ptr<File>> file,
                                           CallObserver* observer,
                                           std::string_view path) {
  if (!file.ok()) return file;
  return std::make_unique<RecordingFile>(*std::move(file), observer, path);
}

}  // namespace

RecordingFileSystem::RecordingFileSystem(FileSystem* base, CallObserver* observer)
    : WrappingFileSystem(base), observer_(observer) {}

absl::StatusOr<std::unique_ptr<File>> RecordingFileSystem::Create(std::string_view path) {
  const Call call{.kind = CallKind::kCreate, .path = path};
  return Wrap(Reported(*observer_, call, [&] { return base().Create(path); }), observer_, path);
}

absl::StatusOr<std::unique_ptr<File>> RecordingFileSystem::Open(std::string_view path,
                                                                OpenMode mode) {
  const Call call{.kind = CallKind::kOpen, .path = path};
  return Wrap(Reported(*observer_, call, [&] { return base().Open(path, mode); }), observer_, path);
}

absl::Status RecordingFileSystem::MakeDir(std::string_view path) {
  const Call call{.kind = CallKind::kMakeDir, .path = path};
  return Reported(*observer_, call, [&] { return base().MakeDir(path); });
}

absl::Status RecordingFileSystem::RemoveDir(std::string_view path) {
  const Call call{.kind = CallKind::kRemoveDir, .path = path};
  return Reported(*observer_, call, [&] { return base().RemoveDir(path); });
}

absl::StatusOr<std::vector<DirEntry>> RecordingFileSystem::List(std::string_view path) const {
  const Call call{.kind = CallKind::kList, .path = path};
  return Reported(*observer_, call, [&] { return base().List(path); });
}

absl::Status RecordingFileSystem::SyncDir(std::string_view path) {
  const Call call{.kind = CallKind::kSyncDir, .path = path};
  return Reported(*observer_, call, [&] { return base().SyncDir(path); });
}

absl::Status RecordingFileSystem::Rename(std::string_view from, std::string_view to) {
  const Call call{.kind = CallKind::kRename, .path = from, .path_to = to};
  return Reported(*observer_, call, [&] { return base().Rename(from, to); });
}

absl::Status RecordingFileSystem::Link(std::string_view existing, std::string_view name) {
  const Call call{.kind = CallKind::kLink, .path = existing, .path_to = name};
  return Reported(*observer_, call, [&] { return base().Link(existing, name); });
}

absl::Status RecordingFileSystem::Unlink(std::string_view path) {
  const Call call{.kind = CallKind::kUnlink, .path = path};
  return Reported(*observer_, call, [&] { return base().Unlink(path); });
}

absl::StatusOr<FileInfo> RecordingFileSystem::Stat(std::string_view path) const {
  const Call call{.kind = CallKind::kStat, .path = path};
  return Reported(*observer_, call, [&] { return base().Stat(path); });
}

absl::StatusOr<FileIdentity> RecordingFileSystem::Identity(std::string_view path) const {
  const Call call{.kind = CallKind::kIdentity, .path = path};
  return Reported(*observer_, call, [&] { return base().Identity(path); });
}

absl::StatusOr<std::uint64_t> RecordingFileSystem::FreeSpace(std::string_view path) const {
  Call call{.kind = CallKind::kFreeSpace, .path = path};
  observer_->OnBegin(call);
  absl::StatusOr<std::uint64_t> bytes = base().FreeSpace(path);
  if (bytes.ok()) call.bytes = *bytes;
  observer_->OnEnd(call, bytes.status());
  return bytes;
}

absl::StatusOr<std::unique_ptr<FileLock>> RecordingFileSystem::Lock(std::string_view path,
                                                                    const LockOptions& options) {
  const Call call{.kind = CallKind::kLock,
                  .path = path,
                  .bytes = options.content.size(),
                  .data = options.content};
  return Reported(*observer_, call, [&] { return base().Lock(path, options); });
}

absl::Status RecordingFileSystem::DropCaches() {
  const Call call{.kind = CallKind::kDropCaches};
  return Reported(*observer_, call, [&] { return base().DropCaches(); });
}

}  // namespace permafrost::vfs
