// Status assertions for tests: ASSERT_OK, EXPECT_OK, ASSERT_OK_AND_ASSIGN, EXPECT_ERROR.
#pragma once

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

}  // namespace permafrost

// Each evaluates its expression once.
#define PERMAFROST_OK_IMPL(kind, expression)                                            \
  kind##_PRED_FORMAT1(                                                                  \
      ([](const char* text, const absl::Status& status) -> ::testing::AssertionResult { \
        if (status.ok()) return ::testing::AssertionSuccess();                          \
        return ::testing::AssertionFailure() << text << " is " << status.ToString();    \
      }),                                                                               \
      ::permafrost::StatusOf(expression))
#define ASSERT_OK(expression) PERMAFROST_OK_IMPL(ASSERT, expression)
#define EXPECT_OK(expression) PERMAFROST_OK_IMPL(EXPECT, expression)

#define ASSERT_OK_AND_ASSIGN(target, expression) \
  PERMAFROST_ASSERT_ASSIGN(VFS_CONCAT(vfs_test_result_, __LINE__), target, expression)
#define PERMAFROST_ASSERT_ASSIGN(result, target, expression) \
  auto result = (expression);                                \
  ASSERT_TRUE(result.ok()) << result.status().ToString();    \
  target = *std::move(result)

// EXPECT_ERROR(status_or_statusor, absl::StatusCode::kNotFound, HasSubstr("..."))
#define EXPECT_ERROR(expression, expected_code, text_matcher)                       \
  do {                                                                              \
    const absl::Status vfs_test_status = ::permafrost::StatusOf(expression);        \
    EXPECT_EQ(vfs_test_status.code(), expected_code) << vfs_test_status.ToString(); \
    EXPECT_THAT(::permafrost::vfs::Message(vfs_test_status), text_matcher);         \
  } while (false)
