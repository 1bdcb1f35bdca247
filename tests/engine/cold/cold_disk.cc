// Damage, byte by byte.
#include "tests/engine/cold/cold_disk.h"

#include <gmock/gmock.h>

#include "tests/status_matchers.h"

namespace permafrost::engine::testing {

using ::testing::HasSubstr;

ColdFileId SomeColdFile() {
  ColdFileId id;
  id.store_id.fill(0x11);
  id.chunk = ChunkId{3};
  return id;
}

void ColdDisk::Write(std::string_view path, const std::function<absl::Status(vfs::File&)>& writer) {
  ASSERT_OK_AND_ASSIGN(const auto file, fs_->Create(path));
  ASSERT_OK(writer(*file));
}

std::string ColdDisk::Bytes(std::string_view path) const {
  const auto file = fs_->Open(path, vfs::OpenMode::kRead);
  EXPECT_OK(file);
  if (!file.ok()) return {};
  std::string bytes(*(*file)->Size(), '\0');
  EXPECT_OK((*file)->Read(0, std::span<char>(bytes)));
  return bytes;
}

void ColdDisk::Replace(std::string_view path, std::string_view bytes) {
  ASSERT_OK(fs_->Unlink(path));
  Write(path, [bytes](vfs::File& file) { return file.Append(bytes); });
}

void ExpectEveryByteMatters(ColdDisk& disk,
                            std::string_view path,
                            const std::function<absl::Status()>& read) {
  const std::string whole = disk.Bytes(path);
  const sim::DiskState saved = disk.Saved();
  const auto expect_found = [&](std::string_view bytes) {
    disk.Replace(path, bytes);
    const absl::Status found = read();
    disk.Restore(saved);
    ASSERT_EQ(found.code(), absl::StatusCode::kDataLoss);
    ASSERT_THAT(vfs::Message(found), HasSubstr(::fmt::format("read {}: ", path)));
  };
  ASSERT_OK(read());
  for (std::size_t at = 0; at < whole.size(); ++at) {
    SCOPED_TRACE(::fmt::format("{} at {} of {}", path, at, whole.size()));
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
    ASSERT_NO_FATAL_FAILURE(expect_found(flipped));
    ASSERT_NO_FATAL_FAILURE(expect_found(std::string_view(whole).substr(0, at)));
  }
  expect_found(whole + '\0');
}

}  // namespace permafrost::engine::testing
