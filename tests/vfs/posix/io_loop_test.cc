// Short and interrupted transfers, with system calls played by the test.
#include "vfs/posix/io_loop.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace permafrost::vfs {
namespace {

ssize_t Fail(int error) {
  errno = error;
  return -1;
}

TEST(IoLoop, AShortWriteGoesOnWhereItStopped) {
  const std::string source = "0123456789";
  std::string written;

  const Transfer done = WriteAll(source.size(), [&](std::size_t from, std::size_t left) {
    const std::size_t count = std::min<std::size_t>(3, left);
    written += source.substr(from, count);
    return static_cast<ssize_t>(count);
  });

  EXPECT_EQ(done.error, 0);
  EXPECT_EQ(done.bytes, 10U);
  EXPECT_EQ(written, source) << "nothing twice, nothing skipped";
}

TEST(IoLoop, AnInterruptedStepIsRepeated) {
  int calls = 0;

  const Transfer done = WriteAll(4, [&](std::size_t, std::size_t left) -> ssize_t {
    return ++calls < 4 ? Fail(EINTR) : static_cast<ssize_t>(left);
  });

  EXPECT_EQ(done.error, 0);
  EXPECT_EQ(done.bytes, 4U);
  EXPECT_EQ(calls, 4);
}

TEST(IoLoop, AnErrorAfterAShortStepIsReportedWithWhatWasMoved) {
  int calls = 0;

  const Transfer done = WriteAll(
      10, [&](std::size_t, std::size_t) -> ssize_t { return ++calls == 1 ? 4 : Fail(ENOSPC); });

  EXPECT_EQ(done.error, ENOSPC);
  EXPECT_EQ(done.bytes, 4U);
  EXPECT_EQ(calls, 2) << "errors are not retried";
}

TEST(IoLoop, AWriteThatMovesNothingIsAnErrorAndAReadThatDoesIsTheEnd) {
  const auto nothing = [](std::size_t, std::size_t) -> ssize_t { return 0; };

  EXPECT_EQ(WriteAll(5, nothing).error, EIO);
  EXPECT_EQ(TransferAll(5, nothing).error, 0);
  EXPECT_EQ(TransferAll(5, nothing).bytes, 0U);
}

TEST(IoLoop, NothingToMoveMakesNoCall) {
  const Transfer done = WriteAll(0, [](std::size_t, std::size_t) -> ssize_t {
    ADD_FAILURE() << "called";
    return 0;
  });

  EXPECT_EQ(done.error, 0);
}

}  // namespace
}  // namespace permafrost::vfs
