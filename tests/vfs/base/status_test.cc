// The errno table over every value, texts and payloads.
#include "vfs/base/status.h"

#include <cerrno>
#include <cstring>
#include <map>

#include "tests/status_matchers.h"

namespace permafrost::vfs {
namespace {

using absl::StatusCode;

TEST(Status, EveryErrnoMapsAsTheTableSays) {
  const std::map<int, StatusCode> kTable = {
      {ENOENT, StatusCode::kNotFound},           {ENOTDIR, StatusCode::kNotFound},
      {EEXIST, StatusCode::kAlreadyExists},      {ENOSPC, StatusCode::kResourceExhausted},
      {EDQUOT, StatusCode::kResourceExhausted},  {EMFILE, StatusCode::kResourceExhausted},
      {ENFILE, StatusCode::kResourceExhausted},  {ENOTEMPTY, StatusCode::kFailedPrecondition},
      {EISDIR, StatusCode::kFailedPrecondition}, {EACCES, StatusCode::kFailedPrecondition},
      {EPERM, StatusCode::kFailedPrecondition},  {EROFS, StatusCode::kFailedPrecondition},
      {EBUSY, StatusCode::kFailedPrecondition},  {EXDEV, StatusCode::kFailedPrecondition},
      {EINVAL, StatusCode::kInvalidArgument},    {ENAMETOOLONG, StatusCode::kInvalidArgument},
      {ENOSYS, StatusCode::kUnimplemented},      {EOPNOTSUPP, StatusCode::kUnimplemented}};
  constexpr int kErrnoLast = 200;

  for (int error = 1; error <= kErrnoLast; ++error) {
    const auto it = kTable.find(error);
    const StatusCode expected = it == kTable.end() ? StatusCode::kDataLoss : it->second;
    const absl::Status status = ErrnoToStatus(error, "op", "path");
    EXPECT_EQ(status.code(), expected) << error;
    EXPECT_EQ(ErrnoOf(status), error);
    EXPECT_EQ(
        Message(status).find(fmt::format("op path: {} (errno {})", std::strerror(error), error)),
        0U)
        << Message(status);
  }
}

TEST(Status, TextsAnOperatorCanActOnEndWithTheRemedy) {
  EXPECT_EQ(Message(ErrnoToStatus(ENOSPC, "append", "ledgers/00005/00005350.pack")),
            "append ledgers/00005/00005350.pack: No space left on device (errno 28); free space on "
            "this volume, then restart");
  EXPECT_EQ(Message(ErrnoToStatus(EMFILE, "open", "f")),
            "open f: Too many open files (errno 24); raise the limit of open files, then restart");
  EXPECT_EQ(Message(ErrnoToStatus(EACCES, "open", "f")),
            "open f: Permission denied (errno 13); give this user the right to it");
  EXPECT_EQ(Message(ErrnoToStatus(EROFS, "create", "f")),
            "create f: Read-only file system (errno 30); remount the volume read-write");
  EXPECT_EQ(Message(ErrnoToStatus(EIO, "sync", "f")), "sync f: Input/output error (errno 5)");
}

TEST(Status, HelpersGiveTheirCodeAndFormattedText) {
  EXPECT_ERROR(NotFound("a {}", 1), StatusCode::kNotFound, "a 1");
  EXPECT_ERROR(AlreadyExists("b"), StatusCode::kAlreadyExists, "b");
  EXPECT_ERROR(OutOfRange("c"), StatusCode::kOutOfRange, "c");
  EXPECT_ERROR(InvalidArgument("d"), StatusCode::kInvalidArgument, "d");
  EXPECT_ERROR(FailedPrecondition("e"), StatusCode::kFailedPrecondition, "e");
  EXPECT_ERROR(ResourceExhausted("f"), StatusCode::kResourceExhausted, "f");
  EXPECT_ERROR(DataLoss("{}: {:#010x}", "g", 255), StatusCode::kDataLoss, "g: 0x000000ff");
  EXPECT_ERROR(Unavailable("h"), StatusCode::kUnavailable, "h");
  EXPECT_ERROR(Aborted("i"), StatusCode::kAborted, "i");
  EXPECT_ERROR(Unimplemented("j"), StatusCode::kUnimplemented, "j");
  EXPECT_ERROR(Internal("k"), StatusCode::kInternal, "k");
}

TEST(Status, OnlyAMarkedStatusIsInjected) {
  const absl::Status plain = ErrnoToStatus(EIO, "sync", "injected");

  EXPECT_FALSE(IsInjected(plain)) << "the text does not count";
  EXPECT_TRUE(IsInjected(MarkInjected(plain)));
  EXPECT_EQ(ErrnoOf(MarkInjected(plain)), EIO) << "the mark keeps the errno";
  EXPECT_FALSE(IsInjected(MarkInjected(absl::OkStatus())));
  EXPECT_EQ(ErrnoOf(DataLoss("no errno")), 0);
}

absl::StatusOr<int> Doubled(absl::StatusOr<int> value) {
  VFS_ASSIGN_OR_RETURN(const int number, std::move(value));
  VFS_RETURN_IF_ERROR(number < 100 ? absl::OkStatus() : OutOfRange("{} is too large", number));
  return number * 2;
}

TEST(Status, MacrosReturnTheFirstError) {
  EXPECT_EQ(*Doubled(21), 42);
  EXPECT_ERROR(Doubled(NotFound("none")), StatusCode::kNotFound, "none");
  EXPECT_ERROR(Doubled(100), StatusCode::kOutOfRange, "100 is too large");
}

}  // namespace
}  // namespace permafrost::vfs
