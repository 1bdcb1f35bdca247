// Failed checks say where, what and why, and abort.
#include "vfs/base/check.h"

#include <cstdio>

#include <gtest/gtest.h>

namespace permafrost::vfs {
namespace {

TEST(Check, APassingCheckDoesNotFormatItsDetail) {
  int formatted = 0;
  const auto detail = [&formatted] { return ++formatted; };

  VFS_CHECK(formatted == 0, "detail {}", detail());

  EXPECT_EQ(formatted, 0);
}

TEST(CheckDeathTest, AFailedCheckNamesFileConditionAndDetail) {
  EXPECT_DEATH(VFS_CHECK(1 > 2, "one is {}", 1),
               "check_test.cc:[0-9]+: check failed: 1 > 2: one is 1");
}

TEST(CheckDeathTest, TheHookSeesTheText) {
  EXPECT_DEATH(
      {
        SetCheckFailureHook([](const std::string& text) {
          std::fprintf(stderr, "hook got %zu bytes\n", text.size());
        });
        VFS_CHECK(false, "nothing");
      },
      "hook got [0-9]+ bytes");
}

}  // namespace
}  // namespace permafrost::vfs
