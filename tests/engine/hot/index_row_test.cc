// Index rows to their bytes and back; and rows that nobody wrote.
#include "engine/hot/index_row.h"

#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "tests/engine/ledger/event_makers.h"
#include "tests/status_matchers.h"
#include "tests/worked_example.h"
#include "vfs/base/bytes.h"
#include "vfs/base/crc32c.h"
#include "vfs/base/prng.h"

namespace permafrost::engine {
namespace {

using ::testing::HasSubstr;
using testing::MadeLedger;

constexpr LedgerSeq kLedger{7};

template <typename Array>
Array Filled(std::uint8_t byte) {
  Array array;
  array.fill(byte);
  return array;
}

// The worked example of engine/FORMATS.md.
IndexRow Example() {
  return {.sequence = kLedger,
          .is_undecoded = false,
          .close_time = -2,
          .protocol = 23,
          .hash = Filled<Hash>(0xaa),
          .previous_hash = Filled<Hash>(0xbb),
          .transaction_count = 1,
          .event_count = 300,
          .hashes = {Filled<Hash>(0x11), Filled<Hash>(0x22)},
          .postings = {{.term = Filled<EventTerm>(0x33), .events = {0, 299}},
                       {.term = Filled<EventTerm>(0x44), .events = {1}}}};
}

// A row with this content, whose checksum is right.
std::string Sealed(std::string content) {
  std::string place;
  vfs::AppendLittleEndian(place, kLedger.value());
  vfs::AppendLittleEndian(content, vfs::Crc32cExtend(vfs::Crc32c(place), content));
  return content;
}

std::string ContentOf(const IndexRow& row) {
  const std::string bytes = EncodeIndexRow(row);
  return bytes.substr(0, bytes.size() - 4);
}

TEST(IndexRow, IsTheBytesOfTheWorkedExample) {
  ExpectOnPage(EncodeIndexRow(Example()),
               std::array<std::size_t, 14>{1, 1, 8, 4, 32, 32, 4, 4, 4, 4, 64, 20, 18, 4});
}

RC_GTEST_PROP(IndexRow, ComesBackAsItWas, ()) {
  const MadeLedger made(*rc::gen::arbitrary<std::uint64_t>(),
                        LedgerSeq{*rc::gen::arbitrary<std::uint32_t>()}, 40);
  IndexRow row = IndexRowOf(made.view());
  row.is_undecoded = *rc::gen::arbitrary<bool>();

  const auto parsed = ParseIndexRow(row.sequence, EncodeIndexRow(row));

  RC_ASSERT(parsed.ok());
  RC_ASSERT(*parsed == row);
}

// Every hash and every term of the ledger, and nothing else.
RC_GTEST_PROP(IndexRow, SaysWhatTheLedgerHas, ()) {
  const MadeLedger made(*rc::gen::arbitrary<std::uint64_t>(), kLedger, 40);
  const LedgerView& ledger = made.view();

  const IndexRow row = IndexRowOf(ledger);

  std::multiset<Hash> hashes;
  for (const TransactionView& transaction : ledger.transactions) {
    hashes.insert(transaction.hash);
    if (transaction.inner_hash.has_value()) hashes.insert(*transaction.inner_hash);
  }
  RC_ASSERT(row.hashes == std::vector<Hash>(hashes.begin(), hashes.end()));
  std::map<EventTerm, std::set<std::uint32_t>> terms;
  for (std::uint32_t i = 0; i < ledger.events.size(); ++i)
    ForEachTerm(ledger, ledger.events[i], [&](const EventTerm& term) { terms[term].insert(i); });
  std::vector<Posting> postings;
  for (const auto& [term, events] : terms)
    postings.push_back({.term = term, .events = {events.begin(), events.end()}});
  RC_ASSERT(row.postings == postings);
  RC_ASSERT(row.transaction_count == ledger.transactions.size());
  RC_ASSERT(row.event_count == ledger.events.size());
}

TEST(IndexRow, EveryFlippedBitIsDamage) {
  const std::string bytes = EncodeIndexRow(Example());

  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_ERROR(ParseIndexRow(kLedger, flipped), absl::StatusCode::kDataLoss,
                 "its index row of 200 bytes: its checksum does not match");
  }
}

TEST(IndexRow, EveryCutIsDamage) {
  const std::string bytes = EncodeIndexRow(Example());

  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(ParseIndexRow(kLedger, bytes.substr(0, size)).status().code(),
              absl::StatusCode::kDataLoss);
  }
  EXPECT_ERROR(ParseIndexRow(kLedger, "abc"), absl::StatusCode::kDataLoss,
               "its index row of 3 bytes: it is shorter than its checksum");
}

TEST(IndexRow, ARowOfAnotherLedgerIsDamage) {
  EXPECT_ERROR(ParseIndexRow(LedgerSeq{8}, EncodeIndexRow(Example())), absl::StatusCode::kDataLoss,
               "its index row of 200 bytes: its checksum does not match");
}

// Whoever writes such rows knows the checksum.
TEST(IndexRow, EachImpossibleFieldIsNamed) {
  struct Case {
    std::string_view finding;
    std::function<void(std::string&)> change;
  };
  const auto set = [](std::size_t at, char value) {
    return [=](std::string& content) { content.at(at) = value; };
  };
  const std::vector<Case> cases = {
      {"its version is not 1", set(0, 2)},
      {"it has unknown flags", set(1, 2)},
      {"its hashes do not fit", set(86, 4)},
      {"its hashes are not sorted", set(94, 0x23)},
      {"its postings do not fit", set(90, 3)},
      {"a posting names an event that is not there", set(174, 0)},    // no events
      {"a posting names an event that is not there", set(174, 100)},  // more than bytes
      {"a posting names an event that is not there", set(83, 0)},     // event 299 of 44
      {"its terms are not sorted", [](std::string& content) { content.replace(158, 16, 16, 'z'); }},
      {"it ends early", [](std::string& content) { content.resize(60); }},
      {"bytes are left over", set(90, 1)},
      {"bytes are left over", [](std::string& content) { content.push_back('\0'); }},
  };
  const std::string content = ContentOf(Example());

  for (const Case& hostile : cases) {
    std::string changed = content;
    hostile.change(changed);
    EXPECT_ERROR(ParseIndexRow(kLedger, Sealed(changed)), absl::StatusCode::kDataLoss,
                 HasSubstr(hostile.finding));
  }
}

// Numbers have one form each: what parses is what is written for it.
RC_GTEST_PROP(IndexRow, WhatParsesIsWhatEncodePrints, (std::uint64_t seed)) {
  vfs::Prng prng(seed);
  std::string content = ContentOf(IndexRowOf(MadeLedger(seed, kLedger, 6).view()));
  for (std::uint64_t changes = prng.Between(1, 3); changes > 0; --changes) {
    const std::size_t at = prng.Below(content.size());
    switch (prng.Below(3)) {
      case 0: content[at] = static_cast<char>(prng.Below(256)); break;
      case 1: content.erase(at, prng.Between(1, 4)); break;
      default: content.insert(at, prng.Between(1, 4), static_cast<char>(prng.Below(256)));
    }
    if (content.empty()) break;
  }
  const std::string bytes = Sealed(content);

  const auto row = ParseIndexRow(kLedger, bytes);

  if (row.ok()) {
    RC_ASSERT(EncodeIndexRow(*row) == bytes);
  } else {
    RC_ASSERT(row.status().code() == absl::StatusCode::kDataLoss);
  }
}

TEST(IndexRow, LongFormsOfANumberAreRefused) {
  std::string content = ContentOf(Example());
  // The first posting: events 0 and 299, the second of which is 298 further on than 1.
  ASSERT_EQ(content.substr(174, 4), std::string("\x02\x00\xaa\x02", 4));

  content.replace(176, 2, "\xaa\x82\x00", 3);

  EXPECT_EQ(ParseIndexRow(kLedger, Sealed(content)).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace permafrost::engine
