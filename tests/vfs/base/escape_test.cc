// Hostile bytes stay on one line of printable ASCII, and short.
#include "vfs/base/escape.h"

#include <gtest/gtest.h>

namespace permafrost::vfs {
namespace {

TEST(EscapedForError, QuotesWhatIsPlain) { EXPECT_EQ(EscapedForError("a b/c"), "'a b/c'"); }

TEST(EscapedForError, EscapesQuotesControlsAndForeignBytes) {
  EXPECT_EQ(EscapedForError(std::string_view("'\\\n\0\x7f\xc3", 6)),
            "'\\x27\\x5c\\x0a\\x00\\x7f\\xc3'");
}

TEST(EscapedForError, CutsAfterEightyCharacters) {
  EXPECT_EQ(EscapedForError(std::string(80, 'a')), "'" + std::string(80, 'a') + "'");
  EXPECT_EQ(EscapedForError(std::string(81, 'a')), "'" + std::string(80, 'a') + "'...");
}

}  // namespace
}  // namespace permafrost::vfs
