// What an operator may write, and what the answer is otherwise.
#include "engine/ledger/source_spec.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

TEST(SourceSpec, EveryKindIsRead) {
  ASSERT_OK_AND_ASSIGN(const SourceSpec lake, ParseSourceSpec("lake:/data/a:b"));
  EXPECT_EQ(lake.kind, SourceSpec::Kind::kLake);
  EXPECT_EQ(lake.path, "/data/a:b");
  ASSERT_OK_AND_ASSIGN(const SourceSpec stream, ParseSourceSpec("stream:meta.fifo"));
  EXPECT_EQ(stream.kind, SourceSpec::Kind::kStream);
  EXPECT_EQ(stream.path, "meta.fifo");
  EXPECT_FALSE(stream.is_standard_input());
  ASSERT_OK_AND_ASSIGN(const SourceSpec input, ParseSourceSpec("stream:-"));
  EXPECT_TRUE(input.is_standard_input());
  ASSERT_OK_AND_ASSIGN(const SourceSpec synthetic, ParseSourceSpec("synthetic:7,1000"));
  EXPECT_EQ(synthetic.kind, SourceSpec::Kind::kSynthetic);
  EXPECT_EQ(synthetic.seed, 7U);
  EXPECT_EQ(synthetic.ledgers, 1000U);
  ASSERT_OK_AND_ASSIGN(const SourceSpec journal, ParseSourceSpec("journal"));
  EXPECT_EQ(journal.kind, SourceSpec::Kind::kJournal);
}

TEST(SourceSpec, AnythingElseIsRefused) {
  for (const char* const text : {"", "lake", "Lake:x", "file:x", "journal:", "Journal"}) {
    EXPECT_ERROR(ParseSourceSpec(text), absl::StatusCode::kInvalidArgument,
                 std::string("source '") + text +
                     "': none of lake:DIR, stream:FILE, stream:-, synthetic:SEED,N and journal");
  }
  EXPECT_ERROR(ParseSourceSpec("lake:"), absl::StatusCode::kInvalidArgument,
               "source 'lake:': no directory behind the colon");
  EXPECT_ERROR(ParseSourceSpec("stream:"), absl::StatusCode::kInvalidArgument,
               "source 'stream:': no file behind the colon");
  for (const char* const text :
       {"synthetic:", "synthetic:1", "synthetic:1,0", "synthetic:-1,5", "synthetic:1,5,6",
        "synthetic:1,4294967294", "synthetic:18446744073709551616,5"}) {
    EXPECT_ERROR(ParseSourceSpec(text), absl::StatusCode::kInvalidArgument,
                 std::string("source '") + text +
                     "': synthetic:SEED,N has a seed and 1 to 4294967293 ledgers");
  }
}

}  // namespace
}  // namespace permafrost::engine
