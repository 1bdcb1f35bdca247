// A file system for tests of decorators: it holds nothing, answers everything with OK, and notes
// each call as a line.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <fmt/format.h>

#include "faults/lying_sync.h"
#include "vfs/base/status.h"
#include "vfs/file_system.h"

namespace permafrost::faults {

using Notes = std::vector<std::string>;

class NotingFile : public vfs::File {
 public:
  NotingFile(Notes* notes, std::string_view path) : notes_(notes), path_(path) {}

  absl::Status Append(std::string_view bytes) override {
    return Note(fmt::format("append {} '{}'", path_, bytes));
  }
  absl::Status Write(std::uint64_t offset, std::string_view bytes) override {
    return Note(fmt::format("write {} at {} '{}'", path_, offset, bytes));
  }
  absl::StatusOr<std::size_t> Read(std::uint64_t offset, std::span<char> buffer) const override {
    notes_->push_back(fmt::format("read {} at {}", path_, offset));
    return buffer.size();
  }
  absl::Status Truncate(std::uint64_t bytes) override {
    return Note(fmt::format("truncate {} to {}", path_, bytes));
  }
  absl::Status Preallocate(std::uint64_t, std::uint64_t) override {
    return Note("preallocate " + path_);
  }
  absl::Status SyncData() override { return Note("sync_data " + path_); }
  absl::Status Sync() override { return Note("sync " + path_); }
  absl::Status HintWriteOut(std::uint64_t, std::uint64_t) override {
    return Note("hint_write_out " + path_);
  }
  absl::StatusOr<std::uint64_t> Size() const override {
    notes_->push_back("size " + path_);
    return 7;
  }
  absl::Status Close() override { return Note("close " + path_); }

 protected:
  absl::Status Note(std::string line) {
    notes_->push_back(std::move(line));
    return absl::OkStatus();
  }

  Notes* const notes_;
  const std::string path_;
};

// A file whose syncs can lie and fail as a simulated disk's.
class NotingLyingFile final : public NotingFile, public LyingSync {
 public:
  using NotingFile::NotingFile;
  absl::Status LieAboutSync() override { return Note("lie about " + path_); }
  absl::Status FailSync(const SyncFailure& how, absl::Status error) override {
    const bool reverts = how.content == AfterFailedSync::kRevert;
    notes_->push_back((reverts ? "fail, revert " : "fail sync of ") + path_);
    return error;
  }
  absl::StatusOr<std::size_t> ReadDurable(std::uint64_t offset,
                                          std::span<char> buffer) const override {
    notes_->push_back(fmt::format("read durable {} at {}", path_, offset));
    return buffer.size();
  }
};

class NotingLock final : public vfs::FileLock {};

class NotingFileSystem : public vfs::FileSystem {
 public:
  const Notes& notes() const { return notes_; }
  // Errors that calls of this name answer from now on ("unlink").
  void FailCallsOf(std::string_view call, absl::Status error) {
    failing_call_ = call;
    error_ = std::move(error);
  }

  absl::StatusOr<std::unique_ptr<vfs::File>> Create(std::string_view path) override {
    notes_.push_back(fmt::format("create {}", path));
    return NewFile(path);
  }
  absl::StatusOr<std::unique_ptr<vfs::File>> Open(std::string_view path, vfs::OpenMode) override {
    notes_.push_back(fmt::format("open {}", path));
    return NewFile(path);
  }
  absl::Status MakeDir(std::string_view path) override { return Note("make_dir", path); }
  absl::Status RemoveDir(std::string_view path) override { return Note("remove_dir", path); }
  absl::StatusOr<std::vector<vfs::DirEntry>> List(std::string_view path) const override {
    notes_.push_back(fmt::format("list {}", path));
    return std::vector<vfs::DirEntry>{{"one", vfs::FileKind::kFile}};
  }
  absl::Status SyncDir(std::string_view path) override { return Note("sync_dir", path); }
  absl::Status Rename(std::string_view from, std::string_view to) override {
    return Note("rename", fmt::format("{} to {}", from, to));
  }
  absl::Status Link(std::string_view existing, std::string_view name) override {
    return Note("link", fmt::format("{} as {}", existing, name));
  }
  absl::Status Unlink(std::string_view path) override { return Note("unlink", path); }
  absl::StatusOr<vfs::FileInfo> Stat(std::string_view path) const override {
    notes_.push_back(fmt::format("stat {}", path));
    return vfs::FileInfo{.bytes = 7};
  }
  absl::StatusOr<vfs::FileIdentity> Identity(std::string_view path) const override {
    notes_.push_back(fmt::format("identity {}", path));
    return vfs::FileIdentity{.device = 1, .inode = 2};
  }
  absl::StatusOr<std::uint64_t> FreeSpace(std::string_view path) const override {
    notes_.push_back(fmt::format("free_space {}", path));
    return 1000;
  }
  absl::StatusOr<std::unique_ptr<vfs::FileLock>> Lock(std::string_view path,
                                                      const vfs::LockOptions&) override {
    notes_.push_back(fmt::format("lock {}", path));
    return std::make_unique<NotingLock>();
  }
  absl::Status DropCaches() override { return Note("drop_caches", ""); }

 protected:
  virtual std::unique_ptr<vfs::File> NewFile(std::string_view path) {
    return std::make_unique<NotingFile>(&notes_, path);
  }
  absl::Status Note(std::string_view call, std::string_view object) {
    notes_.push_back(fmt::format("{} {}", call, object));
    return call == failing_call_ ? error_ : absl::OkStatus();
  }

  mutable Notes notes_;

 private:
  std::string failing_call_;
  absl::Status error_;
};

// The same with syncs that can lie and fail.
class NotingLyingFileSystem final : public NotingFileSystem, public LyingSyncDir {
 public:
  absl::Status LieAboutSyncDir(std::string_view path) override {
    return Note("lie about directory", path);
  }
  absl::Status FailSyncDir(std::string_view path, absl::Status error) override {
    notes_.push_back(fmt::format("fail sync_dir of {}", path));
    return error;
  }

 protected:
  std::unique_ptr<vfs::File> NewFile(std::string_view path) override {
    return std::make_unique<NotingLyingFile>(&notes_, path);
  }
};

}  // namespace permafrost::faults
