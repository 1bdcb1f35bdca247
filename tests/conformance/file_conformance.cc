// Conformance of open files: reads, writes, sizes, hints and closed handles.
#include <cstdint>

#include "tests/conformance/conformance.h"
#include "tests/status_matchers.h"

namespace permafrost::conformance {
namespace {

using ::testing::StartsWith;
using vfs::kFileBytesMax;
using vfs::OpenMode;

TEST_P(FileSystemConformance, CreateMakesAnEmptyFileForReadingAndWriting) {
  ASSERT_OK_AND_ASSIGN(const auto file, fs().Create("f"));
  EXPECT_EQ(ContentOf(*file), "");

  ASSERT_OK(file->Append("abc"));

  EXPECT_EQ(ContentOf(*file), "abc");
  EXPECT_EQ(ContentOf("f"), "abc");
}

TEST_P(FileSystemConformance, AppendGoesToTheEndWhereverThatIsNow) {
  ASSERT_OK_AND_ASSIGN(const auto first, fs().Create("f"));
  ASSERT_OK_AND_ASSIGN(const auto second, fs().Open("f", OpenMode::kReadWrite));

  ASSERT_OK(first->Append("one"));
  ASSERT_OK(second->Append("two"));
  ASSERT_OK(first->Append("three"));
  EXPECT_EQ(ContentOf("f"), "onetwothree");

  ASSERT_OK(second->Truncate(2));
  ASSERT_OK(first->Append("X"));
  EXPECT_EQ(ContentOf("f"), "onX");

  ASSERT_OK(second->Write(5, "!"));
  ASSERT_OK(first->Append("Y"));
  EXPECT_EQ(ContentOf("f"), std::string("onX\0\0!Y", 7));
}

TEST_P(FileSystemConformance, ALargeAppendArrivesWhole) {
  std::string large;
  for (std::uint32_t i = 0; large.size() < (1U << 20) + 3; ++i) large += std::to_string(i * 7919U);
  ASSERT_OK_AND_ASSIGN(const auto file, fs().Create("f"));

  ASSERT_OK(file->Append("head"));
  ASSERT_OK(file->Append(large));

  EXPECT_TRUE(ContentOf("f") == "head" + large);
}

TEST_P(FileSystemConformance, WriteReplacesInPlaceAndGrowsWithZeros) {
  ASSERT_OK_AND_ASSIGN(const auto file, fs().Create("f"));
  ASSERT_OK(file->Append("abcdef"));

  ASSERT_OK(file->Write(2, "XY"));
  EXPECT_EQ(ContentOf("f"), "abXYef");

  ASSERT_OK(file->Write(5, "PQR"));
  EXPECT_EQ(ContentOf("f"), "abXYePQR");

  ASSERT_OK(file->Write(1000, "end"));
  EXPECT_EQ(ContentOf("f"), "abXYePQR" + std::string(992, '\0') + "end");
}

TEST_P(FileSystemConformance, WritesThatCrossSectorsAndPagesReadBack) {
  ASSERT_OK_AND_ASSIGN(const auto file, fs().Create("f"));
  ASSERT_OK(file->Append(std::string(10'000, 'a')));

  ASSERT_OK(file->Write(510, std::string(8'000, 'b')));

  EXPECT_TRUE(ContentOf("f") ==
              std::string(510, 'a') + std::string(8'000, 'b') + std::string(1'490, 'a'));
}

TEST_P(FileSystemConformance, WritingNothingChangesNothing) {
  ASSERT_OK_AND_ASSIGN(const auto file, fs().Create("f"));

  EXPECT_OK(file->Append(""));
  EXPECT_OK(file->Write(100, ""));

  EXPECT_EQ(ContentOf("f"), "");
}

TEST_P(FileSystemConformance, ReadIsShortOnlyAtTheEnd) {
  MakeFile("f", "0123456789");
  ASSERT_OK_AND_ASSIGN(const auto file, fs().Open("f", OpenMode::kRead));
  std::string buffer(6, '?');

  ASSERT_OK_AND_ASSIGN(const std::size_t middle, file->Read(2, buffer));
  EXPECT_EQ(buffer.substr(0, middle), "234567");
  ASSERT_OK_AND_ASSIGN(const std::size_t tail, file->Read(7, buffer));
  EXPECT_EQ(buffer.substr(0, tail), "789");
  EXPECT_EQ(buffer.substr(tail), "567") << "a short read leaves the rest of the buffer alone";
}

TEST_P(FileSystemConformance, ReadAtOrPastTheEndGivesNothing) {
  MakeFile("f", "0123456789");
  ASSERT_OK_AND_ASSIGN(const auto file, fs().Open("f", OpenMode::kRead));
  std::string buffer(4, '?');

  for (const std::uint64_t offset :
       {std::uint64_t{10}, std::uint64_t{11}, std::uint64_t{1} << 20}) {
    ASSERT_OK_AND_ASSIGN(const std::size_t count, file->Read(offset, buffer));
    EXPECT_EQ(count, 0U) << offset;
  }
  ASSERT_OK_AND_ASSIGN(const std::size_t none, file->Read(3, std::span<char>()));
  EXPECT_EQ(none, 0U);
}

TEST_P(FileSystemConformance, TruncateCutsAndExtendsWithZeros) {
  ASSERT_OK_AND_ASSIGN(const auto file, fs().Create("f"));
  ASSERT_OK(file->Append("abcdef"));

  ASSERT_OK(file->Truncate(2));
  EXPECT_EQ(ContentOf("f"), "ab");
  ASSERT_OK(file->Truncate(5));
  EXPECT_EQ(ContentOf("f"), std::string("ab\0\0\0", 5)) << "cut bytes never come back";
  ASSERT_OK(file->Truncate(0));
  EXPECT_EQ(ContentOf("f"), "");
}

TEST_P(FileSystemConformance, ExtendingPastSectorsAfterACutShowsZeros) {
  ASSERT_OK_AND_ASSIGN(const auto file, fs().Create("f"));
  ASSERT_OK(file->Append(std::string(3'000, 'x')));

  ASSERT_OK(file->Truncate(700));
  ASSERT_OK(file->Write(2'900, "y"));

  EXPECT_TRUE(ContentOf("f") == std::string(700, 'x') + std::string(2'200, '\0') + "y");
}

TEST_P(FileSystemConformance, PreallocateChangesNeitherSizeNorContent) {
  ASSERT_OK_AND_ASSIGN(const auto file, fs().Create("f"));
  ASSERT_OK(file->Append("abc"));

  EXPECT_OK(file->Preallocate(0, 64 * 1024));
  EXPECT_OK(file->Preallocate(1 << 20, 4096));
  EXPECT_OK(file->Preallocate(0, 0));

  EXPECT_EQ(ContentOf("f"), "abc");
  ASSERT_OK(file->Append("d"));
  EXPECT_EQ(ContentOf("f"), "abcd");
}

TEST_P(FileSystemConformance, SyncsAndHintsChangeNothingLive) {
  ASSERT_OK_AND_ASSIGN(const auto file, fs().Create("f"));
  ASSERT_OK(file->Append("abc"));

  EXPECT_OK(file->HintWriteOut(0, 3));
  EXPECT_OK(file->HintWriteOut(0, 0));
  EXPECT_OK(file->SyncData());
  EXPECT_OK(file->Sync());
  EXPECT_OK(fs().SyncDir(""));
  EXPECT_OK(fs().DropCaches());

  EXPECT_EQ(ContentOf("f"), "abc");
  ASSERT_OK(file->Append("d"));
  EXPECT_OK(fs().DropCaches());
  EXPECT_EQ(ContentOf("f"), "abcd") << "dropping caches loses nothing unsynced (D6)";
}

TEST_P(FileSystemConformance, EveryHandleSeesEveryWriteAtOnce) {
  MakeFile("f", "....");
  ASSERT_OK_AND_ASSIGN(const auto writer, fs().Open("f", OpenMode::kReadWrite));
  ASSERT_OK_AND_ASSIGN(const auto reader, fs().Open("f", OpenMode::kRead));

  ASSERT_OK(writer->Write(1, "xy"));
  EXPECT_EQ(ContentOf(*reader), ".xy.");
  ASSERT_OK(writer->Truncate(2));
  EXPECT_EQ(ContentOf(*reader), ".x");
  ASSERT_OK_AND_ASSIGN(const vfs::FileInfo info, fs().Stat("f"));
  EXPECT_EQ(info.bytes, 2U);
}

TEST_P(FileSystemConformance, AReadOnlyHandleRefusesToChangeTheFile) {
  MakeFile("f", "abc");
  ASSERT_OK_AND_ASSIGN(const auto file, fs().Open("f", OpenMode::kRead));
  constexpr auto kRefused = absl::StatusCode::kFailedPrecondition;

  EXPECT_ERROR(file->Append("x"), kRefused, StartsWith("append f: "));
  EXPECT_ERROR(file->Append(""), kRefused, StartsWith("append f: "));
  EXPECT_ERROR(file->Write(0, "x"), kRefused, StartsWith("write f: "));
  EXPECT_ERROR(file->Truncate(0), kRefused, StartsWith("truncate f: "));
  EXPECT_ERROR(file->Preallocate(0, 10), kRefused, StartsWith("preallocate f: "));

  EXPECT_OK(file->Sync()) << "settling what others wrote needs no right to write";
  EXPECT_OK(file->SyncData());
  EXPECT_EQ(ContentOf(*file), "abc");
}

TEST_P(FileSystemConformance, AClosedHandleRefusesEveryCall) {
  ASSERT_OK_AND_ASSIGN(const auto file, fs().Create("f"));
  ASSERT_OK(file->Append("abc"));
  constexpr auto kRefused = absl::StatusCode::kFailedPrecondition;
  std::string buffer(3, '?');

  ASSERT_OK(file->Close());

  EXPECT_ERROR(file->Append("x"), kRefused, StartsWith("append f: "));
  EXPECT_ERROR(file->Write(0, "x"), kRefused, StartsWith("write f: "));
  EXPECT_ERROR(file->Read(0, buffer), kRefused, StartsWith("read f: "));
  EXPECT_ERROR(file->Truncate(0), kRefused, StartsWith("truncate f: "));
  EXPECT_ERROR(file->Preallocate(0, 10), kRefused, StartsWith("preallocate f: "));
  EXPECT_ERROR(file->SyncData(), kRefused, StartsWith("sync_data f: "));
  EXPECT_ERROR(file->Sync(), kRefused, StartsWith("sync f: "));
  EXPECT_ERROR(file->HintWriteOut(0, 1), kRefused, StartsWith("hint_write_out f: "));
  EXPECT_ERROR(file->Size(), kRefused, StartsWith("size f: "));
  EXPECT_ERROR(file->Close(), kRefused, StartsWith("close f: "));
  EXPECT_EQ(ContentOf("f"), "abc");
}

TEST_P(FileSystemConformance, ADroppedHandleLosesNothing) {
  {
    ASSERT_OK_AND_ASSIGN(const auto file, fs().Create("f"));
    ASSERT_OK(file->Append("abc"));
  }

  EXPECT_EQ(ContentOf("f"), "abc");
}

TEST_P(FileSystemConformance, OffsetsAndSizesPastTheLimitAreInvalid) {
  ASSERT_OK_AND_ASSIGN(const auto file, fs().Create("f"));
  ASSERT_OK(file->Append("abc"));
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  std::string buffer(3, '?');

  for (const std::uint64_t offset : {kFileBytesMax + 1, UINT64_MAX - 1, UINT64_MAX}) {
    EXPECT_ERROR(file->Write(offset, "xy"), kInvalid, StartsWith("write f: "));
    EXPECT_ERROR(file->Read(offset, buffer), kInvalid, StartsWith("read f: "));
    EXPECT_ERROR(file->Truncate(offset), kInvalid, StartsWith("truncate f: "));
    EXPECT_ERROR(file->Preallocate(offset, 1), kInvalid, StartsWith("preallocate f: "));
    EXPECT_ERROR(file->Preallocate(1, offset), kInvalid, StartsWith("preallocate f: "));
  }
  EXPECT_ERROR(file->Write(kFileBytesMax - 1, "xy"), kInvalid, StartsWith("write f: "));

  EXPECT_EQ(ContentOf("f"), "abc");
}

}  // namespace
}  // namespace permafrost::conformance
