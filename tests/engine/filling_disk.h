// Disks that are full: after so many bytes, or from one write on.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"
#include "vfs/wrapping_file_system.h"

namespace permafrost::engine::testing {

// Takes so many bytes. The write that does not fit leaves what does, as write(2) does; overwriting
// takes room too, as where a disk writes out of place.
class FillingDisk final : public vfs::WrappingFileSystem {
 public:
  FillingDisk(vfs::FileSystem* base, std::uint64_t room) : WrappingFileSystem(base), room_(room) {}

  absl::StatusOr<std::unique_ptr<vfs::File>> Create(std::string_view path) override {
    return Wrap(path, WrappingFileSystem::Create(path));
  }
  absl::StatusOr<std::unique_ptr<vfs::File>> Open(std::string_view path,
                                                  vfs::OpenMode mode) override {
    return Wrap(path, WrappingFileSystem::Open(path, mode));
  }

  void SetRoom(std::uint64_t bytes) { room_ = bytes; }
  std::uint64_t room() const { return room_; }
  // The step under which it first was full; "" if it never was.
  const std::string& full_in() const { return full_in_; }

 private:
  class FillingFile final : public vfs::WrappingFile {
   public:
    FillingFile(std::unique_ptr<vfs::File> base, std::string_view path, FillingDisk* disk)
        : WrappingFile(std::move(base)), path_(path), disk_(disk) {}
    absl::Status Append(std::string_view bytes) override {
      const std::size_t fits = disk_->Take(bytes.size());
      VFS_RETURN_IF_ERROR(WrappingFile::Append(bytes.substr(0, fits)));
      return fits == bytes.size() ? absl::OkStatus() : vfs::ErrnoToStatus(ENOSPC, "append", path_);
    }
    absl::Status Write(std::uint64_t offset, std::string_view bytes) override {
      const std::size_t fits = disk_->Take(bytes.size());
      VFS_RETURN_IF_ERROR(WrappingFile::Write(offset, bytes.substr(0, fits)));
      return fits == bytes.size() ? absl::OkStatus() : vfs::ErrnoToStatus(ENOSPC, "write", path_);
    }

   private:
    const std::string path_;
    FillingDisk* const disk_;
  };

  absl::StatusOr<std::unique_ptr<vfs::File>> Wrap(std::string_view path,
                                                  absl::StatusOr<std::unique_ptr<vfs::File>> file) {
    VFS_RETURN_IF_ERROR(file.status());
    return std::make_unique<FillingFile>(*std::move(file), path, this);
  }
  std::size_t Take(std::size_t bytes) {
    const auto fits = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, room_));
    room_ -= fits;
    if (fits < bytes && full_in_.empty()) full_in_ = vfs::Step::Path();
    return fits;
  }

  std::uint64_t room_;
  std::string full_in_;
};

// Takes so many calls that need room: appends, writes, new files and directories. The next one, and
// every one after it, finds none.
class ClosingDisk final : public vfs::WrappingFileSystem {
 public:
  static constexpr std::uint64_t kOpen = ~std::uint64_t{0};

  explicit ClosingDisk(vfs::FileSystem* base) : WrappingFileSystem(base) {}

  absl::StatusOr<std::unique_ptr<vfs::File>> Create(std::string_view path) override {
    VFS_RETURN_IF_ERROR(Take("create", path));
    return Wrap(path, WrappingFileSystem::Create(path));
  }
  absl::StatusOr<std::unique_ptr<vfs::File>> Open(std::string_view path,
                                                  vfs::OpenMode mode) override {
    return Wrap(path, WrappingFileSystem::Open(path, mode));
  }
  absl::Status MakeDir(std::string_view path) override {
    // Nothing is made of a name that is taken.
    if (!WrappingFileSystem::Stat(path).ok()) VFS_RETURN_IF_ERROR(Take("make directory", path));
    return WrappingFileSystem::MakeDir(path);
  }

  void CloseAfter(std::uint64_t calls) { left_ = calls; }
  // The call that first found no room, and the step under which that was; "" if none did.
  const std::string& refused() const { return refused_; }

 private:
  class ClosingFile final : public vfs::WrappingFile {
   public:
    ClosingFile(std::unique_ptr<vfs::File> base, std::string_view path, ClosingDisk* disk)
        : WrappingFile(std::move(base)), path_(path), disk_(disk) {}
    absl::Status Append(std::string_view bytes) override {
      VFS_RETURN_IF_ERROR(disk_->Take("append", path_));
      return WrappingFile::Append(bytes);
    }
    absl::Status Write(std::uint64_t offset, std::string_view bytes) override {
      VFS_RETURN_IF_ERROR(disk_->Take("write", path_));
      return WrappingFile::Write(offset, bytes);
    }

   private:
    const std::string path_;
    ClosingDisk* const disk_;
  };

  absl::StatusOr<std::unique_ptr<vfs::File>> Wrap(std::string_view path,
                                                  absl::StatusOr<std::unique_ptr<vfs::File>> file) {
    VFS_RETURN_IF_ERROR(file.status());
    return std::make_unique<ClosingFile>(*std::move(file), path, this);
  }
  absl::Status Take(std::string_view what, std::string_view path) {
    if (left_ > 0) {
      if (left_ != kOpen) --left_;
      return absl::OkStatus();
    }
    if (refused_.empty()) refused_ = fmt::format("{} {} in {}", what, path, vfs::Step::Path());
    return vfs::ErrnoToStatus(ENOSPC, what, path);
  }

  std::uint64_t left_ = kOpen;
  std::string refused_;
};

}  // namespace permafrost::engine::testing
