// Counts of calls, errors and bytes.
#include "vfs/metered_file_system.h"

#include "tests/status_matchers.h"
#include "tests/vfs/posix_world.h"
#include "vfs/base/step.h"

namespace permafrost::vfs {
namespace {

TEST(MeteredFileSystem, CountsCallsErrorsAndBytesByKind) {
  PosixWorld world;
  CallMeter meter;
  MeteredFileSystem fs(&world.fs(), &meter);
  std::string buffer(100, '?');

  ASSERT_OK_AND_ASSIGN(const auto file, fs.Create("f"));
  ASSERT_OK(file->Append("abc"));
  ASSERT_OK(file->Append("de"));
  ASSERT_OK(file->Write(0, "X"));
  ASSERT_OK(file->Read(1, buffer));
  ASSERT_OK(file->Sync());
  ASSERT_OK(fs.SyncDir(""));
  EXPECT_FALSE(fs.Create("f").ok());
  ASSERT_OK(file->Close());
  EXPECT_FALSE(file->Append("lost").ok());

  const CallCounts counts = meter.Counts();
  EXPECT_EQ(counts[CallKind::kAppend], (CallCount{.calls = 3, .errors = 1, .bytes = 5}));
  EXPECT_EQ(counts[CallKind::kWrite], (CallCount{.calls = 1, .errors = 0, .bytes = 1}));
  EXPECT_EQ(counts[CallKind::kRead], (CallCount{.calls = 1, .errors = 0, .bytes = 4}));
  EXPECT_EQ(counts[CallKind::kCreate], (CallCount{.calls = 2, .errors = 1, .bytes = 0}));
  EXPECT_EQ(counts.Syncs(), (CallCount{.calls = 2, .errors = 0, .bytes = 0}));
  EXPECT_EQ(counts.Total(), (CallCount{.calls = 10, .errors = 2, .bytes = 10}));
}

TEST(MeteredFileSystem, CountsByInnermostLabel) {
  PosixWorld world;
  CallMeter meter;
  MeteredFileSystem fs(&world.fs(), &meter);

  ASSERT_OK_AND_ASSIGN(const auto file, fs.Create("f"));
  {
    const Step outer("freeze.write");
    ASSERT_OK(file->Append("abc"));
    const Step inner("freeze.sync.file");
    ASSERT_OK(file->Sync());
  }

  const auto by_label = meter.CountsByLabel();
  ASSERT_EQ(by_label.size(), 3U);
  EXPECT_EQ(by_label.at("")[CallKind::kCreate].calls, 1U);
  EXPECT_EQ(by_label.at("freeze.write").Total(), (CallCount{.calls = 1, .errors = 0, .bytes = 3}));
  EXPECT_EQ(by_label.at("freeze.sync.file")[CallKind::kSync].calls, 1U);
  meter.Reset();
  EXPECT_EQ(meter.Counts().Total(), CallCount());
  EXPECT_TRUE(meter.CountsByLabel().empty());
}

}  // namespace
}  // namespace permafrost::vfs
