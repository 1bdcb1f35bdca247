// What an observer of the recording file system is told.
#include "vfs/recording_file_system.h"

#include "tests/status_matchers.h"
#include "tests/vfs/line_observer.h"
#include "tests/vfs/posix_world.h"

namespace permafrost::vfs {
namespace {

using ::testing::ElementsAre;

TEST(RecordingFileSystem, ReportsEveryKindOfCall) {
  PosixWorld world;
  LineObserver observer;
  RecordingFileSystem fs(&world.fs(), &observer);
  std::string buffer(4, '?');

  ASSERT_OK(fs.MakeDir("d"));
  ASSERT_OK_AND_ASSIGN(const auto file, fs.Create("d/f"));
  ASSERT_OK(file->Append("abc"));
  ASSERT_OK(file->Write(1, "X"));
  ASSERT_OK(file->Read(0, buffer));
  ASSERT_OK(file->Truncate(2));
  ASSERT_OK(file->Preallocate(0, 10));
  ASSERT_OK(file->HintWriteOut(0, 2));
  ASSERT_OK(file->SyncData());
  ASSERT_OK(file->Sync());
  ASSERT_OK(file->Size());
  ASSERT_OK(file->Close());
  ASSERT_OK(fs.Open("d/f", OpenMode::kRead));
  ASSERT_OK(fs.List("d"));
  ASSERT_OK(fs.SyncDir("d"));
  ASSERT_OK(fs.Rename("d/f", "d/g"));
  ASSERT_OK(fs.Link("d/g", "h"));
  ASSERT_OK(fs.Unlink("d/g"));
  ASSERT_OK(fs.RemoveDir("d"));
  ASSERT_OK(fs.Stat("h"));
  ASSERT_OK(fs.Identity("h"));
  ASSERT_OK(fs.FreeSpace(""));
  ASSERT_OK(fs.Lock("l", {}));
  ASSERT_OK(fs.DropCaches());

  EXPECT_THAT(observer.Take(),
              ElementsAre("make_dir d", "create d/f", "append d/f", "write d/f", "read d/f",
                          "truncate d/f", "preallocate d/f", "hint_write_out d/f", "sync_data d/f",
                          "sync d/f", "size d/f", "close d/f", "open d/f", "list d", "sync_dir d",
                          "rename d/f to d/g", "link d/g to h", "unlink d/g", "remove_dir d",
                          "stat h", "identity h", "free_space ", "lock l", "drop_caches "));
  EXPECT_EQ(observer.begun().size(), std::size_t{kCallKindCount}) << "each kind once";
}

TEST(RecordingFileSystem, ReportsFailuresToo) {
  PosixWorld world;
  LineObserver observer;
  RecordingFileSystem fs(&world.fs(), &observer);

  EXPECT_FALSE(fs.Open("none", OpenMode::kRead).ok());
  EXPECT_FALSE(fs.MakeDir("a//b").ok());

  EXPECT_THAT(observer.Take(), ElementsAre("open none !", "make_dir a//b !"));
}

// Copies the calls' numbers and bytes, and checks the order of begin and end.
class DetailObserver final : public CallObserver {
 public:
  void OnBegin(const Call& call) override {
    EXPECT_FALSE(is_inside_);
    is_inside_ = true;
    begin_data_ = std::string(call.data);
  }
  void OnEnd(const Call& call, const absl::Status& result) override {
    EXPECT_TRUE(is_inside_);
    is_inside_ = false;
    last_ = fmt::format("{} at {}, {} bytes, before '{}', after '{}', {}", ToString(call.kind),
                        call.offset, call.bytes, begin_data_, call.data,
                        result.ok() ? "OK" : Message(result));
  }
  const std::string& last() const { return last_; }

 private:
  bool is_inside_ = false;
  std::string begin_data_;
  std::string last_;
};

TEST(RecordingFileSystem, CallsCarryOffsetsSizesAndBytes) {
  PosixWorld world;
  DetailObserver observer;
  RecordingFileSystem fs(&world.fs(), &observer);
  ASSERT_OK_AND_ASSIGN(const auto file, fs.Create("f"));
  std::string buffer(10, '?');

  ASSERT_OK(file->Append("abc"));
  EXPECT_EQ(observer.last(), "append at 0, 3 bytes, before 'abc', after 'abc', OK");
  ASSERT_OK(file->Write(2, "XY"));
  EXPECT_EQ(observer.last(), "write at 2, 2 bytes, before 'XY', after 'XY', OK");
  ASSERT_OK(file->Read(1, buffer));
  EXPECT_EQ(observer.last(), "read at 1, 10 bytes, before '', after 'bXY', OK");
  ASSERT_OK(file->Size());
  EXPECT_EQ(observer.last(), "size at 0, 4 bytes, before '', after '', OK");
  ASSERT_OK(file->Truncate(1));
  EXPECT_EQ(observer.last(), "truncate at 0, 1 bytes, before '', after '', OK");
  ASSERT_OK(file->Close());
  EXPECT_FALSE(file->Read(0, buffer).ok());
  EXPECT_EQ(observer.last(), "read at 0, 10 bytes, before '', after '', read f: handle is closed");
}

TEST(RecordingFileSystem, AHandleReportsThePathItWasOpenedUnder) {
  PosixWorld world;
  LineObserver observer;
  RecordingFileSystem fs(&world.fs(), &observer);
  std::string path = "before";
  ASSERT_OK_AND_ASSIGN(const auto file, fs.Create(path));
  path = "reused";
  ASSERT_OK(fs.Rename("before", "after"));
  static_cast<void>(observer.Take());

  ASSERT_OK(file->Append("x"));

  EXPECT_THAT(observer.Take(), ElementsAre("append before"));
}

}  // namespace
}  // namespace permafrost::vfs
