// Exclusive creation, digests and file syncs.
#include "engine/freeze/new_files.h"

#include <array>
#include <cstdint>
#include <span>

#include "vfs/base/crc32c.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

// Checksums what is appended. A writer that goes back over its bytes has the file read again
// instead.
class DigestingFile final : public vfs::File {
 public:
  explicit DigestingFile(vfs::File* file) : file_(file) {}

  absl::Status Append(std::string_view bytes) override {
    VFS_RETURN_IF_ERROR(file_->Append(bytes));
    crc32c_ = vfs::Crc32cExtend(crc32c_, bytes);
    bytes_ += bytes.size();
    return absl::OkStatus();
  }
  absl::Status Write(std::uint64_t offset, std::string_view bytes) override {
    if (offset == bytes_) return Append(bytes);
    is_append_only_ = false;
    return file_->Write(offset, bytes);
  }
  absl::StatusOr<std::size_t> Read(std::uint64_t offset, std::span<char> buffer) const override {
    return file_->Read(offset, buffer);
  }
  absl::Status Truncate(std::uint64_t bytes) override {
    is_append_only_ = false;
    return file_->Truncate(bytes);
  }
  absl::Status Preallocate(std::uint64_t offset, std::uint64_t bytes) override {
    return file_->Preallocate(offset, bytes);
  }
  absl::Status SyncData() override { return Refuse("sync"); }
  absl::Status Sync() override { return Refuse("sync"); }
  absl::Status HintWriteOut(std::uint64_t offset, std::uint64_t bytes) override {
    return file_->HintWriteOut(offset, bytes);
  }
  absl::StatusOr<std::uint64_t> Size() const override { return file_->Size(); }
  absl::Status Close() override { return Refuse("close"); }

  absl::StatusOr<FileDigest> Digest(std::string_view name) const {
    if (is_append_only_) {
      return FileDigest{.name = std::string(name), .bytes = bytes_, .crc32c = crc32c_};
    }
    FileDigest digest{.name = std::string(name), .bytes = 0, .crc32c = 0};
    std::array<char, std::size_t{64} << 10> buffer{};
    while (true) {
      VFS_ASSIGN_OR_RETURN(const std::size_t count, file_->Read(digest.bytes, buffer));
      if (count == 0) return digest;
      digest.crc32c = vfs::Crc32cExtend(digest.crc32c, std::string_view(buffer.data(), count));
      digest.bytes += count;
    }
  }

 private:
  static absl::Status Refuse(std::string_view op) {
    return vfs::FailedPrecondition("{} artifact file: the write protocol does this, not a writer",
                                   op);
  }

  vfs::File* const file_;
  bool is_append_only_ = true;
  std::uint64_t bytes_ = 0;
  std::uint32_t crc32c_ = 0;
};

}  // namespace

NewFiles::~NewFiles() = default;

absl::Status NewFiles::Write(std::string_view path, ArtifactWriter writer) {
  names_.Add(path);
  const absl::Status unlinked = fs_->Unlink(path);
  if (unlinked.ok()) {
    VFS_PROBE("engine/freeze/leftover_replaced");
  } else if (unlinked.code() != absl::StatusCode::kNotFound) {
    return unlinked;
  }
  VFS_ASSIGN_OR_RETURN(std::unique_ptr<vfs::File> file, fs_->Create(path));
  DigestingFile digesting(file.get());
  VFS_RETURN_IF_ERROR(writer(digesting));
  VFS_ASSIGN_OR_RETURN(FileDigest digest, digesting.Digest(vfs::NameOf(path)));
  files_.push_back(std::move(file));
  digests_.push_back(std::move(digest));
  return absl::OkStatus();
}

absl::Status NewFiles::SyncFiles() {
  for (const std::unique_ptr<vfs::File>& file : files_) {
    VFS_RETURN_IF_ERROR(file->Sync());
  }
  return absl::OkStatus();
}

absl::Status NewFiles::Close() {
  for (const std::unique_ptr<vfs::File>& file : files_) VFS_RETURN_IF_ERROR(file->Close());
  files_.clear();
  return absl::OkStatus();
}

}  // namespace permafrost::engine
