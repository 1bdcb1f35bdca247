// The calls that RocksDB makes, one by one, and those that are refused.
#include "vfs/rocksdb/rocks_file_system.h"

#include "sim/disk/sim_file_system.h"
#include "tests/status_matchers.h"
#include "vfs/base/status.h"
#include "vfs/rocksdb/status_map.h"

namespace permafrost::vfs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RocksFileSystemTest : public ::testing::Test {
 protected:
  RocksFileSystemTest() : fs_(std::make_shared<HardenedDisk>(sim_, RocksOptions()), {}) {
    EXPECT_TRUE(fs_.CreateDir("/db", {}, nullptr).ok());
  }

  void Write(const std::string& path, const std::string& bytes) {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    ASSERT_TRUE(fs_.NewWritableFile(path, {}, &file, nullptr).ok());
    ASSERT_TRUE(file->Append(bytes, {}, nullptr).ok());
    EXPECT_EQ(file->GetFileSize({}, nullptr), bytes.size());
  }

  std::string Read(const std::string& path, std::uint64_t offset) {
    std::unique_ptr<rocksdb::FSRandomAccessFile> file;
    if (!fs_.NewRandomAccessFile(path, {}, &file, nullptr).ok()) return "(none)";
    std::string scratch(100, '\0');
    rocksdb::Slice read;
    EXPECT_TRUE(file->Read(offset, 100, {}, &read, scratch.data(), nullptr).ok());
    return read.ToString();
  }

  sim::SimFileSystem sim_;
  RocksFileSystem fs_;
};

TEST(RocksPaths, RocksPathsAreVfsPathsBehindASlash) {
  EXPECT_EQ(ToVfsPath("/a//b/"), "a/b");
  EXPECT_EQ(ToVfsPath("/"), "");
  EXPECT_EQ(ToRocksPath("a/b"), "/a/b");
}

TEST_F(RocksFileSystemTest, WhatIsAppendedIsReadAtOnceUnbufferedAndUnclosed) {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  ASSERT_TRUE(fs_.NewWritableFile("/db/x", {}, &file, nullptr).ok());
  ASSERT_TRUE(file->Append("hello", {}, nullptr).ok());

  EXPECT_EQ(Read("/db/x", 0), "hello");
  EXPECT_EQ(Read("/db/x", 3), "lo");
  EXPECT_EQ(Read("/db/x", 9), "");
}

TEST_F(RocksFileSystemTest, SequentialReadsSkipAndStopAtTheEnd) {
  Write("/db/x", "0123456789");
  std::unique_ptr<rocksdb::FSSequentialFile> file;
  ASSERT_TRUE(fs_.NewSequentialFile("/db/x", {}, &file, nullptr).ok());
  std::string scratch(100, '\0');
  rocksdb::Slice read;

  ASSERT_TRUE(file->Skip(7).ok());
  ASSERT_TRUE(file->Read(100, {}, &read, scratch.data(), nullptr).ok());
  EXPECT_EQ(read.ToString(), "789");
  ASSERT_TRUE(file->Read(100, {}, &read, scratch.data(), nullptr).ok());
  EXPECT_EQ(read.size(), 0U);
}

TEST_F(RocksFileSystemTest, AReopenedFileGoesOnWhereItEndedAndMayBeCut) {
  Write("/db/x", "0123456789");
  std::unique_ptr<rocksdb::FSWritableFile> file;
  ASSERT_TRUE(fs_.ReopenWritableFile("/db/x", {}, &file, nullptr).ok());

  ASSERT_TRUE(file->Append("AB", {}, nullptr).ok());
  ASSERT_TRUE(file->Truncate(11, {}, nullptr).ok());
  ASSERT_TRUE(file->Sync({}, nullptr).ok());
  ASSERT_TRUE(file->Close({}, nullptr).ok());

  EXPECT_EQ(Read("/db/x", 8), "89A");
  EXPECT_TRUE(file->Append("late", {}, nullptr).IsIOFenced());
}

TEST_F(RocksFileSystemTest, NamesAndDirectoriesAnswerAsRocksDBExpects) {
  Write("/db/b", "1");
  Write("/db/a", "22");
  ASSERT_TRUE(fs_.RenameFile("/db/b", "/db/c", {}, nullptr).ok());
  ASSERT_TRUE(fs_.LinkFile("/db/a", "/db/d", {}, nullptr).ok());
  std::vector<std::string> children;
  std::uint64_t number = 0;
  bool yes = false;

  ASSERT_TRUE(fs_.GetChildren("/db", {}, &children, nullptr).ok());
  EXPECT_THAT(children, ElementsAre("a", "c", "d"));
  ASSERT_TRUE(fs_.GetFileSize("/db/a", {}, &number, nullptr).ok());
  EXPECT_EQ(number, 2U);
  ASSERT_TRUE(fs_.NumFileLinks("/db/a", {}, &number, nullptr).ok());
  EXPECT_EQ(number, 2U);
  ASSERT_TRUE(fs_.AreFilesSame("/db/a", "/db/d", {}, &yes, nullptr).ok());
  EXPECT_TRUE(yes);
  ASSERT_TRUE(fs_.IsDirectory("/db", {}, &yes, nullptr).ok());
  EXPECT_TRUE(yes);
  EXPECT_TRUE(fs_.FileExists("/db/b", {}, nullptr).IsNotFound());
  EXPECT_TRUE(fs_.DeleteFile("/db/b", {}, nullptr).IsPathNotFound());
  EXPECT_TRUE(fs_.CreateDirIfMissing("/db", {}, nullptr).ok());
  EXPECT_FALSE(fs_.CreateDirIfMissing("/db/a", {}, nullptr).ok());
  EXPECT_FALSE(fs_.DeleteDir("/db", {}, nullptr).ok());
}

TEST_F(RocksFileSystemTest, ADirectoryHandleSyncsAndCloses) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  ASSERT_TRUE(fs_.NewDirectory("/db", {}, &directory, nullptr).ok());
  EXPECT_TRUE(directory->FsyncWithDirOptions({}, nullptr, rocksdb::DirFsyncOptions()).ok());
  EXPECT_TRUE(directory->Close({}, nullptr).ok());
  EXPECT_TRUE(fs_.NewDirectory("/gone", {}, &directory, nullptr).IsPathNotFound());
}

TEST_F(RocksFileSystemTest, WhatIsNotOfferedSaysSo) {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  std::unique_ptr<rocksdb::FSRandomRWFile> random;
  std::shared_ptr<rocksdb::Logger> logger;
  std::vector<void*> handles;
  std::string text;
  std::uint64_t time = 0;

  EXPECT_TRUE(fs_.ReuseWritableFile("/db/x", "/db/y", {}, &file, nullptr).IsNotSupported());
  EXPECT_TRUE(fs_.NewRandomRWFile("/db/x", {}, &random, nullptr).IsNotSupported());
  EXPECT_TRUE(fs_.NewLogger("/db/LOG", {}, &logger, nullptr).IsNotSupported());
  EXPECT_TRUE(fs_.GetFileModificationTime("/db/x", {}, &time, nullptr).IsNotSupported());
  EXPECT_TRUE(fs_.GetTestDirectory({}, &text, nullptr).IsNotSupported());
  EXPECT_TRUE(fs_.Truncate("/db/x", 0, {}, nullptr).IsNotSupported());
  EXPECT_TRUE(fs_.Poll(handles, 1).IsNotSupported());
  EXPECT_TRUE(fs_.AbortIO(handles).IsNotSupported());
  EXPECT_TRUE(fs_.NewWritableFile("/db/OPTIONS-000007.dbtmp", {}, &file, nullptr).IsNotSupported());
}

TEST_F(RocksFileSystemTest, OnlyTheUnhardenedAdapterSaysWhatTheLibraryRecoversFromByItself) {
  const absl::Status no_space = ErrnoToStatus(28, "append", "db/x");
  const RocksOptions stock{.stock = true};
  const RocksFileSystem plain(std::make_shared<HardenedDisk>(sim_, stock), stock);

  EXPECT_FALSE(fs_.Report(no_space).GetRetryable());
  EXPECT_FALSE(fs_.Report(no_space).IsNoSpace());
  EXPECT_ERROR(FromRocksStatus(fs_.Report(no_space), "write", "db"),
               absl::StatusCode::kResourceExhausted, HasSubstr("errno 28"));
  EXPECT_TRUE(plain.Report(no_space).GetRetryable());
  EXPECT_TRUE(plain.Report(no_space).IsNoSpace());
}

}  // namespace
}  // namespace permafrost::vfs
