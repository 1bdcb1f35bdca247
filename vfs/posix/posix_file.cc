// Positioned I/O on one descriptor.
#include "vfs/posix/posix_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "vfs/base/fault_point.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/posix/io_loop.h"
#include "vfs/posix/posix_error.h"

namespace permafrost::vfs {
namespace {

// Preallocation and write-out are hints: a file system that lacks them is no error.
bool IsNotOffered(int error) { return error == EOPNOTSUPP || error == ENOSYS || error == ESPIPE; }

}  // namespace

PosixFile::PosixFile(UniqueFd fd, std::string_view path, OpenMode mode)
    : fd_(std::move(fd)), path_(path), mode_(mode) {}

absl::Status PosixFile::Append(std::string_view bytes) {
  VFS_RETURN_IF_ERROR(FaultPoint("vfs/append", {.path = path_, .bytes = bytes.size()}));
  VFS_RETURN_IF_ERROR(CheckWritable("append"));
  VFS_RETURN_IF_ERROR(SetAppending("append", true));
  const Transfer done = WriteAll(bytes.size(), [&](std::size_t from, std::size_t left) {
    return ::write(fd_.get(), bytes.data() + from, left);
  });
  return done.error == 0 ? absl::OkStatus() : PosixError(done.error, "append", path_);
}

absl::Status PosixFile::Write(std::uint64_t offset, std::string_view bytes) {
  VFS_RETURN_IF_ERROR(
      FaultPoint("vfs/write", {.path = path_, .offset = offset, .bytes = bytes.size()}));
  VFS_RETURN_IF_ERROR(CheckWritable("write"));
  VFS_RETURN_IF_ERROR(CheckRange("write", offset, bytes.size()));
  VFS_RETURN_IF_ERROR(SetAppending("write", false));
  const Transfer done = WriteAll(bytes.size(), [&](std::size_t from, std::size_t left) {
    return ::pwrite(fd_.get(), bytes.data() + from, left, static_cast<off_t>(offset + from));
  });
  return done.error == 0 ? absl::OkStatus() : PosixError(done.error, "write", path_);
}

absl::StatusOr<std::size_t> PosixFile::Read(std::uint64_t offset, std::span<char> buffer) const {
  VFS_RETURN_IF_ERROR(
      FaultPoint("vfs/read", {.path = path_, .offset = offset, .bytes = buffer.size()}));
  VFS_RETURN_IF_ERROR(CheckUsable("read"));
  VFS_RETURN_IF_ERROR(CheckRange("read", offset, 0));
  const Transfer done = TransferAll(buffer.size(), [&](std::size_t from, std::size_t left) {
    return ::pread(fd_.get(), buffer.data() + from, left, static_cast<off_t>(offset + from));
  });
  if (done.error != 0) return PosixError(done.error, "read", path_);
  return done.bytes;
}

absl::Status PosixFile::Truncate(std::uint64_t bytes) {
  VFS_RETURN_IF_ERROR(FaultPoint("vfs/truncate", {.path = path_, .bytes = bytes}));
  VFS_RETURN_IF_ERROR(CheckWritable("truncate"));
  VFS_RETURN_IF_ERROR(CheckRange("truncate", bytes, 0));
  if (RetryInterrupted([&] { return ::ftruncate(fd_.get(), static_cast<off_t>(bytes)); }) != 0) {
    return PosixError(errno, "truncate", path_);
  }
  return absl::OkStatus();
}

absl::Status PosixFile::Preallocate(std::uint64_t offset, std::uint64_t bytes) {
  VFS_RETURN_IF_ERROR(
      FaultPoint("vfs/preallocate", {.path = path_, .offset = offset, .bytes = bytes}));
  VFS_RETURN_IF_ERROR(CheckWritable("preallocate"));
  VFS_RETURN_IF_ERROR(CheckRange("preallocate", offset, bytes));
  if (bytes == 0) return absl::OkStatus();
  const int result = RetryInterrupted([&] {
    return ::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                       static_cast<off_t>(bytes));
  });
  if (result != 0 && !IsNotOffered(errno)) return PosixError(errno, "preallocate", path_);
  return absl::OkStatus();
}

absl::Status PosixFile::SyncData() {
  return SyncBy("sync_data", ::fdatasync, FaultErrno("vfs/sync_data", path_));
}

absl::Status PosixFile::Sync() { return SyncBy("sync", ::fsync, FaultErrno("vfs/sync", path_)); }

absl::Status PosixFile::SyncBy(std::string_view op, int (*system_call)(int), int injected) {
  if (injected != 0) return MarkInjected(FailSync(op, injected));
  VFS_RETURN_IF_ERROR(CheckUsable(op));
  if (RetryInterrupted([&] { return system_call(fd_.get()); }) == 0) return absl::OkStatus();
  return FailSync(op, errno);
}

absl::Status PosixFile::FailSync(std::string_view op, int error) {
  // Whatever the number says, ENOSPC included: pages may have been dropped (D4).
  absl::Status status = PosixErrorAs(absl::StatusCode::kDataLoss, error, op, path_);
  if (poison_.empty()) poison_ = Message(status);
  return status;
}

absl::Status PosixFile::HintWriteOut(std::uint64_t offset, std::uint64_t bytes) {
  VFS_RETURN_IF_ERROR(
      FaultPoint("vfs/hint_write_out", {.path = path_, .offset = offset, .bytes = bytes}));
  VFS_RETURN_IF_ERROR(CheckUsable("hint_write_out"));
  VFS_RETURN_IF_ERROR(CheckRange("hint_write_out", offset, bytes));
  if (bytes == 0) return absl::OkStatus();  // to the kernel, 0 means "to the end of the file"
  const int result = RetryInterrupted([&] {
    return ::sync_file_range(fd_.get(), static_cast<off64_t>(offset), static_cast<off64_t>(bytes),
                             SYNC_FILE_RANGE_WRITE);
  });
  if (result != 0 && !IsNotOffered(errno)) return PosixError(errno, "hint_write_out", path_);
  return absl::OkStatus();
}

absl::StatusOr<std::uint64_t> PosixFile::Size() const {
  VFS_RETURN_IF_ERROR(FaultPoint("vfs/size", {path_}));
  VFS_RETURN_IF_ERROR(CheckUsable("size"));
  struct stat info = {};
  if (::fstat(fd_.get(), &info) != 0) return PosixError(errno, "size", path_);
  return static_cast<std::uint64_t>(info.st_size);
}

absl::Status PosixFile::Close() {
  VFS_RETURN_IF_ERROR(FaultPoint("vfs/close", {path_}));
  if (!fd_.is_open()) return FailedPrecondition("close {}: handle is closed", path_);
  // EINTR included, the number is free afterwards on Linux: closing again could close somebody
  // else's file.
  if (::close(fd_.Release()) != 0 && errno != EINTR) return PosixError(errno, "close", path_);
  return absl::OkStatus();
}

absl::Status PosixFile::CheckUsable(std::string_view op) const {
  if (!fd_.is_open()) return FailedPrecondition("{} {}: handle is closed", op, path_);
  if (!poison_.empty()) {
    return FailedPrecondition("{} {}: poisoned by an earlier error: {}", op, path_, poison_);
  }
  return absl::OkStatus();
}

absl::Status PosixFile::CheckWritable(std::string_view op) const {
  VFS_RETURN_IF_ERROR(CheckUsable(op));
  if (mode_ != OpenMode::kReadWrite) {
    return FailedPrecondition("{} {}: handle is read-only", op, path_);
  }
  return absl::OkStatus();
}

absl::Status PosixFile::SetAppending(std::string_view op, bool is_appending) {
  if (is_appending == is_appending_) return absl::OkStatus();
  if (::fcntl(fd_.get(), F_SETFL, is_appending ? O_APPEND : 0) != 0)
    return PosixError(errno, op, path_);
  is_appending_ = is_appending;
  return absl::OkStatus();
}

absl::Status PosixFile::CheckRange(std::string_view op,
                                   std::uint64_t offset,
                                   std::uint64_t bytes) const {
  if (offset > kFileBytesMax || bytes > kFileBytesMax - offset) {
    return InvalidArgument("{} {}: {} bytes at {} end past the limit {}", op, path_, bytes, offset,
                           kFileBytesMax);
  }
  return absl::OkStatus();
}

}  // namespace permafrost::vfs
