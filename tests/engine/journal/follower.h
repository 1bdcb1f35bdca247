// A tailer in a test: what it was told, in order, and what is wrong with that.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/journal/tailer.h"
#include "tests/engine/journal/journal_world.h"
#include "vfs/base/check.h"

namespace permafrost::engine::journal::testing {

inline BootId ThisBoot() {
  BootId id;
  id.fill(0xb0);
  return id;
}

// Of a writer that tells readers in other processes how far they may go.
inline JournalOptions BootOptions() {
  JournalOptions options = SmallOptions();
  options.boot_id = ThisBoot();
  return options;
}

inline TailerOptions TailOptions(std::string name = "tail") {
  return {.name = std::move(name), .store_id = SmallOptions().store_id};
}
// In another process of the same boot.
inline TailerOptions BootTailOptions(std::string name = "tail") {
  TailerOptions options = TailOptions(std::move(name));
  options.boot_id = ThisBoot();
  return options;
}
// In the process of this journal.
inline TailerOptions InProcess(const Journal* journal, std::string name = "tail") {
  TailerOptions options = TailOptions(std::move(name));
  options.durable_lsn = [journal] { return journal->LastFlushedLsn(); };
  return options;
}

inline std::string PathOf(std::uint64_t base) { return vfs::JoinPath(kDir, SegmentName(base)); }

// Other bytes in a file, under whatever handles there are.
inline void Overwrite(vfs::FileSystem& disk,
                      const std::string& path,
                      std::uint64_t at,
                      std::string_view bytes) {
  const auto file = disk.Open(path, vfs::OpenMode::kReadWrite);
  VFS_CHECK(file.ok() && (*file)->Write(at, bytes).ok(), "overwrite {}", path);
}

inline std::string ReadAt(vfs::FileSystem& disk,
                          const std::string& path,
                          std::uint64_t at,
                          std::size_t bytes) {
  const auto file = disk.Open(path, vfs::OpenMode::kRead);
  std::string read(bytes, '\0');
  VFS_CHECK(file.ok() && *(*file)->Read(at, std::span<char>(read)) == bytes, "read {}", path);
  return read;
}

inline std::size_t CountNames(vfs::FileSystem& disk, std::string_view prefix) {
  std::size_t count = 0;
  const auto entries = disk.List(kDir);
  for (const vfs::DirEntry& entry : *entries) count += entry.name.starts_with(prefix) ? 1U : 0U;
  return count;
}

// Follows a journal whose records are BodyOf.
class Follower {
 public:
  Follower(vfs::FileSystem* fs, TailerOptions options) : next_(options.from_lsn) {
    auto tailer = Tailer::Open(fs, kDir, std::move(options));
    VFS_CHECK(tailer.ok(), "{}", vfs::Message(tailer.status()));
    tailer_ = *std::move(tailer);
  }

  Tailer& tailer() { return *tailer_; }
  // Takes what there is, three at a time, and returns the last LSN that it has now.
  Lsn Drain() {
    while (true) {
      const auto records = tailer_->Next(3);
      status_ = records.status();
      if (!records.ok() || records->empty()) return next_ - 1;
      for (const JournalRecord& record : *records) Take(record);
    }
  }
  const absl::Status& status() const { return status_; }
  // "" when each record was the next one, with its body.
  const std::string& wrong() const { return wrong_; }

 private:
  void Take(const JournalRecord& record) {
    const bool is_right = record.lsn == next_ && record.type == kType &&
                          record.body == BodyOf(record.lsn) && record.is_durable &&
                          record.hash == ContentAddressOf(kType, record.body);
    if (!is_right) wrong_ += fmt::format("{} instead of {}; ", record.lsn, next_);
    next_ = record.lsn + 1;
  }

  std::unique_ptr<Tailer> tailer_;
  Lsn next_;
  absl::Status status_;
  std::string wrong_;
};

}  // namespace permafrost::engine::journal::testing
