// The id of this boot: read twice it is the same, and a malformed one is refused.
#include "vfs/posix/boot_id.h"

#include <gmock/gmock.h>

#include "tests/status_matchers.h"

namespace permafrost::vfs {
namespace {

TEST(BootId, IsTheSameWheneverItIsRead) {
  ASSERT_OK_AND_ASSIGN(const BootId first, ReadBootId());
  ASSERT_OK_AND_ASSIGN(const BootId second, ReadBootId());

  EXPECT_EQ(first, second);
  EXPECT_NE(first, BootId{});
}

TEST(BootId, EveryDigitCounts) {
  constexpr BootId kExpected = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                                0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10};
  ASSERT_OK_AND_ASSIGN(const BootId id, ParseBootId("01234567-89ab-cdef-fedc-ba9876543210\n"));
  EXPECT_EQ(id, kExpected);
  ASSERT_OK_AND_ASSIGN(const BootId bare, ParseBootId("01234567-89ab-cdef-fedc-ba9876543210"));
  EXPECT_EQ(bare, kExpected);
}

TEST(BootId, AnythingElseIsRefused) {
  EXPECT_ERROR(ParseBootId("none\n"), absl::StatusCode::kDataLoss,
               "read boot id /proc/sys/kernel/random/boot_id: 'none\\x0a', 32 hexadecimal digits "
               "in five groups expected");
  for (const char* text :
       {"", "01234567-89ab-cdef-fedc-ba987654321", "01234567-89ab-cdef-fedc-ba98765432100",
        "0123456789ab-cdef-fedc-ba9876543210--", "01234567-89ab-cdef-fedc-ba987654321g",
        "01234567-89AB-cdef-fedc-ba9876543210", "01234567+89ab-cdef-fedc-ba9876543210",
        "-1234567-89ab-cdef-fedc-ba9876543210"}) {
    EXPECT_EQ(ParseBootId(text).status().code(), absl::StatusCode::kDataLoss) << text;
  }
}

}  // namespace
}  // namespace permafrost::vfs
