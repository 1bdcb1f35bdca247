// Splitting reconciliation batches: at the limit, one byte below it, what cannot be split, and the
// way back.
#include "engine/journal/reconciliation_parts.h"

#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "engine/journal/records.pb.h"
#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

using records::ReconciliationBatch;

ReconciliationBatch BatchOf(int accounts) {
  ReconciliationBatch batch;
  batch.set_batch_id("id");
  batch.set_source("peer");
  for (int i = 0; i < accounts; ++i) {
    auto* const account = batch.add_accounts();
    account->set_account("account-" + std::to_string(i));
    account->set_balance(std::to_string(i * 1000));
    account->set_nonce(static_cast<std::uint64_t>(i));
  }
  return batch;
}

TEST(ReconciliationParts, ABatchThatFitsExactlyStaysAsItIs) {
  const ReconciliationBatch batch = BatchOf(5);

  const auto parts = SplitReconciliationBatch(batch, batch.ByteSizeLong());

  ASSERT_OK(parts);
  ASSERT_EQ(parts->size(), 1U);
  EXPECT_EQ(parts->front().SerializeAsString(), batch.SerializeAsString());
}

TEST(ReconciliationParts, OneByteLessMakesTwo) {
  const ReconciliationBatch batch = BatchOf(5);

  const auto parts = SplitReconciliationBatch(batch, batch.ByteSizeLong() - 1);

  ASSERT_OK(parts);
  ASSERT_EQ(parts->size(), 2U);
  EXPECT_EQ((*parts)[0].part_index(), 0U);
  EXPECT_EQ((*parts)[1].part_index(), 1U);
  EXPECT_EQ((*parts)[1].part_count(), 2U);
  EXPECT_EQ((*parts)[1].batch_id(), "id");
  EXPECT_EQ((*parts)[1].source(), "peer");
}

TEST(ReconciliationParts, APartIsFilledToTheLastByte) {
  const ReconciliationBatch batch = BatchOf(8);
  ReconciliationBatch four = BatchOf(4);
  four.set_part_count(2);

  const auto parts = SplitReconciliationBatch(batch, four.ByteSizeLong());

  ASSERT_OK(parts);
  EXPECT_EQ((*parts)[0].accounts_size(), 4);
  EXPECT_EQ((*parts)[0].ByteSizeLong(), four.ByteSizeLong());
}

TEST(ReconciliationParts, AHundredThousandAccountsFitTheirLimit) {
  const std::size_t body_bytes_max = 64 << 10;

  const auto parts = SplitReconciliationBatch(BatchOf(100'000), body_bytes_max);

  ASSERT_OK(parts);
  EXPECT_GT(parts->size(), 30U);
  for (const ReconciliationBatch& part : *parts) EXPECT_LE(part.ByteSizeLong(), body_bytes_max);
}

TEST(ReconciliationParts, AnAccountThatDoesNotFitIsNamed) {
  ReconciliationBatch batch = BatchOf(3);
  batch.mutable_accounts(1)->set_account(std::string(50, 'x'));

  EXPECT_ERROR(SplitReconciliationBatch(batch, 50), absl::StatusCode::kInvalidArgument,
               "split reconciliation batch: account '" + std::string(50, 'x') +
                   "' alone needs a record of 82 bytes (limit 50)");
}

TEST(ReconciliationParts, AHeadThatDoesNotFitIsRefused) {
  EXPECT_ERROR(SplitReconciliationBatch(BatchOf(3), 14), absl::StatusCode::kInvalidArgument,
               "split reconciliation batch: its head alone needs a record of 15 bytes (limit 14)");
  EXPECT_ERROR(SplitReconciliationBatch(BatchOf(0), 9), absl::StatusCode::kInvalidArgument,
               "split reconciliation batch: its head alone needs a record of 15 bytes (limit 9)");
}

TEST(ReconciliationParts, APartIsNotSplitAgain) {
  ReconciliationBatch part = BatchOf(3);
  part.set_part_index(1);
  part.set_part_count(4);

  EXPECT_ERROR(SplitReconciliationBatch(part, 1'000), absl::StatusCode::kInvalidArgument,
               "split reconciliation batch: it is part 1 of 4 already");
}

TEST(ReconciliationParts, PartsThatDoNotBelongTogetherAreNotJoined) {
  auto parts = *SplitReconciliationBatch(BatchOf(20), 100);
  ASSERT_GT(parts.size(), 2U);
  const std::string count = std::to_string(parts.size());

  EXPECT_ERROR(JoinReconciliationBatch({}), absl::StatusCode::kInvalidArgument,
               "join reconciliation batch: no part is given");
  EXPECT_ERROR(
      JoinReconciliationBatch(std::span(parts).first(2)), absl::StatusCode::kInvalidArgument,
      "join reconciliation batch: place 0 of 2 holds part 0 of " + count + " of batch 'id'");
  parts[1].set_batch_id("other");
  EXPECT_ERROR(JoinReconciliationBatch(parts), absl::StatusCode::kInvalidArgument,
               "join reconciliation batch: place 1 of " + count + " holds part 1 of " + count +
                   " of batch 'other'");
  parts[1].set_batch_id("id");
  std::swap(parts[1], parts[2]);
  EXPECT_ERROR(JoinReconciliationBatch(parts), absl::StatusCode::kInvalidArgument,
               "join reconciliation batch: place 1 of " + count + " holds part 2 of " + count +
                   " of batch 'id'");
}

RC_GTEST_PROP(ReconciliationParts, JoiningGivesWhatWasSplit, ()) {
  ReconciliationBatch batch;
  batch.set_batch_id(*rc::gen::arbitrary<std::string>());
  const std::size_t accounts = *rc::gen::inRange<std::size_t>(0, 60);
  std::size_t element_bytes_max = 0;
  for (std::size_t i = 0; i < accounts; ++i) {
    auto* const account = batch.add_accounts();
    account->set_account(std::string(*rc::gen::inRange<std::size_t>(0, 200), 'a'));
    account->set_balance(std::to_string(*rc::gen::arbitrary<std::int64_t>()));
    account->set_nonce(*rc::gen::arbitrary<std::uint64_t>());
    if (*rc::gen::arbitrary<bool>())
      account->GetReflection()->MutableUnknownFields(account)->AddVarint(77, i);
    element_bytes_max = std::max(element_bytes_max, account->ByteSizeLong() + 3);
  }
  if (*rc::gen::arbitrary<bool>())
    batch.GetReflection()->MutableUnknownFields(&batch)->AddLengthDelimited(99, "later");
  const std::size_t body_bytes_max =
      batch.batch_id().size() + element_bytes_max + *rc::gen::inRange<std::size_t>(40, 400);

  const auto parts = SplitReconciliationBatch(batch, body_bytes_max);

  RC_ASSERT(parts.ok());
  for (const ReconciliationBatch& part : *parts) RC_ASSERT(part.ByteSizeLong() <= body_bytes_max);
  // No two neighbours would have fitted into one.
  for (std::size_t i = 1; i < parts->size(); ++i) {
    ReconciliationBatch longer = (*parts)[i - 1];
    *longer.add_accounts() = (*parts)[i].accounts(0);
    RC_ASSERT(longer.ByteSizeLong() > body_bytes_max);
  }
  const auto joined = JoinReconciliationBatch(*parts);
  RC_ASSERT(joined.ok());
  RC_ASSERT(joined->SerializeAsString() == batch.SerializeAsString());
}

}  // namespace
}  // namespace permafrost::engine
