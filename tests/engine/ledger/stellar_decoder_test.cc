// Ten consecutive public ledgers against the answers of two other decoders, and damaged ones.
#include "engine/ledger/stellar_decoder.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/ledger/stellar_schema.h"
#include "tests/engine/ledger/real_ledgers.h"
#include "tests/engine/ledger/sha256.h"
#include "tests/status_matchers.h"
#include "tests/vectors.h"
#include "vfs/base/prng.h"

namespace permafrost::engine {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const StellarDecoder& Decoder() {
  static const StellarDecoder kDecoder;
  return kDecoder;
}

// The shortest of the ten.
const std::string& RealLedger() {
  const std::vector<std::string>& all = PubnetLedgers();
  return *std::min_element(all.begin(), all.end(), [](const std::string& a, const std::string& b) {
    return a.size() < b.size();
  });
}

TEST(Sha256, OfAKnownText) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(StellarDecoder, RealLedgersAreWhatOthersFoundInThem) {
  const nlohmann::json rows = ReadVectors("stellar/pubnet-p26.json");
  ASSERT_EQ(PubnetLedgers().size(), rows.size());

  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSERT_OK_AND_ASSIGN(const LedgerView ledger, Decoder().Decode(PubnetLedgers()[i]));
    EXPECT_EQ(DifferenceTo(rows[i], ledger), "") << rows[i].at("seq");
  }
}

TEST(StellarDecoder, EventsAreInCursorOrderAndLieWithinTheLedger) {
  ASSERT_OK_AND_ASSIGN(const LedgerView ledger, Decoder().Decode(RealLedger()));

  EXPECT_TRUE(std::is_sorted(
      ledger.events.begin(), ledger.events.end(),
      [](const EventView& a, const EventView& b) { return a.position < b.position; }));
  for (const EventView& event : ledger.events) {
    EXPECT_GE(event.xdr.data(), ledger.bytes.data());
    EXPECT_LE(event.xdr.data() + event.xdr.size(), ledger.bytes.data() + ledger.bytes.size());
    EXPECT_EQ(event.contract.size(), 32U);
    for (const std::string_view topic : ledger.TopicsOf(event))
      EXPECT_THAT(std::string(event.xdr), HasSubstr(std::string(topic)));
  }
}

TEST(StellarDecoder, ManyLedgersBehindEachOtherAreToldApart) {
  const std::string both = PubnetLedgers()[0] + PubnetLedgers()[1];

  ASSERT_OK_AND_ASSIGN(const std::size_t length, Decoder().LengthOfFirst(both));

  EXPECT_EQ(length, PubnetLedgers()[0].size());
  EXPECT_ERROR(
      Decoder().Decode(both), absl::StatusCode::kInvalidArgument,
      AllOf(StartsWith("not a ledger: it ends at byte 1343024, "), HasSubstr("left over")));
}

TEST(StellarDecoder, TheTableHasAHash) {
  EXPECT_EQ(SchemaHash(), vfs::Blake3Of(StellarSchema()));
  EXPECT_THAT(std::string(StellarSchema()), StartsWith("LedgerCloseMetaBatch s "));
}

// A short one, of the test network: 6,512 bytes, three transactions.
const std::string& ShortLedger() {
  static const std::string kLedger =
      ReadUncompressed("tests/data/stellar/FFFFFC18--999.xdr.zstd").substr(12);
  return kLedger;
}

// Each cut has its own allocation, so that a read behind its end is seen by the address sanitizer.
void ExpectRefusedWhenCut(const std::string& whole, std::size_t length) {
  const std::vector<char> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
  const auto ledger = Decoder().Decode({cut.data(), cut.size()});
  ASSERT_EQ(ledger.status().code(), absl::StatusCode::kInvalidArgument) << length;
}

TEST(StellarDecoder, ALedgerThatIsCutAnywhereIsRefused) {
  ASSERT_OK(Decoder().Decode(ShortLedger()));
  for (std::size_t length = 0; length < ShortLedger().size(); ++length)
    ASSERT_NO_FATAL_FAILURE(ExpectRefusedWhenCut(ShortLedger(), length));
  for (std::size_t length = 0; length < RealLedger().size(); length += 7 * 389)
    ASSERT_NO_FATAL_FAILURE(ExpectRefusedWhenCut(RealLedger(), length));
  EXPECT_ERROR(Decoder().Decode(""), absl::StatusCode::kInvalidArgument,
               "not a ledger: LedgerCloseMeta at byte 0: 4 bytes or elements, 0 bytes left");
}

void CheckOfHostileBytes(const absl::StatusOr<LedgerView>& ledger, std::string_view bytes) {
  if (!ledger.ok()) {
    ASSERT_EQ(ledger.status().code(), absl::StatusCode::kInvalidArgument);
    ASSERT_THAT(vfs::Message(ledger.status()), StartsWith("not a ledger"));
    return;
  }
  if (ledger->undecoded.has_value()) {
    ASSERT_THAT(ledger->undecoded->reason, HasSubstr(" has no value "));
    ASSERT_THAT(ledger->transactions, IsEmpty());
    ASSERT_THAT(ledger->events, IsEmpty());
  }
  for (const EventView& event : ledger->events) {
    ASSERT_LE(event.apply_index, ledger->transactions.size());
    ASSERT_LE(event.xdr.data() + event.xdr.size(), bytes.data() + bytes.size());
    ASSERT_LE(event.first_topic + event.topic_count, ledger->topics.size());
  }
}

TEST(StellarDecoder, AFlippedBitIsRefusedOrKeptRawOrAnotherLedger) {
  std::string bytes = RealLedger();
  vfs::Prng prng(20'260'101);
  int refused = 0;
  int raw = 0;

  for (int i = 0; i < 600; ++i) {
    const std::size_t at = prng.Below(bytes.size());
    const auto bit = static_cast<char>(1 << prng.Below(8));
    bytes[at] = static_cast<char>(bytes[at] ^ bit);
    const auto ledger = Decoder().Decode(bytes);
    ASSERT_NO_FATAL_FAILURE(CheckOfHostileBytes(ledger, bytes)) << at;
    refused += ledger.ok() ? 0 : 1;
    raw += ledger.ok() && ledger->undecoded.has_value() ? 1 : 0;
    bytes[at] = static_cast<char>(bytes[at] ^ bit);
  }

  EXPECT_GT(refused, 20);
  EXPECT_GT(raw, 20);
}

TEST(StellarDecoder, EveryFlippedBitOfAShortLedgerIsSurvived) {
  std::string bytes = ShortLedger();
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const auto mask = static_cast<char>(1 << bit % 8);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ mask);
    ASSERT_NO_FATAL_FAILURE(CheckOfHostileBytes(Decoder().Decode(bytes), bytes)) << bit;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ mask);
  }
}

TEST(StellarDecoder, WordsPutAnywhereAreRefusedOrKeptRawOrAnotherLedger) {
  vfs::Prng prng(7);
  const std::vector<std::uint32_t> words = {0,          1,          2,          3,
                                            0x7fffffff, 0x80000000, 0xffffffff, 100'000};

  for (int round = 0; round < 400; ++round) {
    std::string bytes = RealLedger();
    // Some, near each other; and many rounds near the start, where the shape is decided.
    const std::size_t span = round % 2 == 0 ? bytes.size() - 64 : 2'048;
    const std::size_t at = prng.Below(span) / 4 * 4;
    for (std::uint64_t i = prng.Below(4) + 1; i > 0; --i) {
      std::string word;
      AppendBigEndian(word, words[prng.Below(words.size())]);
      bytes.replace(at + 4 * prng.Below(8), 4, word);
    }
    if (prng.Chance({1, 4})) bytes.resize(prng.Below(bytes.size()));
    ASSERT_NO_FATAL_FAILURE(CheckOfHostileBytes(Decoder().Decode(bytes), bytes)) << round;
  }
}

// In a ledger of version 2: version 4, extension 16, hash 32, protocol 4, previous hash 32,
// transaction set 32, time 8, no upgrades 4.
constexpr std::size_t kStellarValueExtAt = 132;

TEST(StellarDecoder, AnUnknownArmBehindTheHeaderLeavesTheHeader) {
  std::string bytes = RealLedger();
  ASSERT_OK_AND_ASSIGN(const LedgerView whole, Decoder().Decode(RealLedger()));
  // The type of a contract event follows its contract.
  const EventView& event = whole.events.back();
  const auto at = static_cast<std::size_t>(event.contract.data() - whole.bytes.data()) + 32;
  bytes.replace(at, 4, std::string("\0\0\0\7", 4));

  ASSERT_OK_AND_ASSIGN(const LedgerView ledger, Decoder().Decode(bytes));

  ASSERT_TRUE(ledger.undecoded.has_value());
  EXPECT_EQ(ledger.undecoded->reason,
            "ContractEventType has no value 7 (byte " + std::to_string(at) + ")");
  EXPECT_EQ(ledger.sequence, whole.sequence);
  EXPECT_EQ(ledger.hash, whole.hash);
  EXPECT_EQ(ledger.previous_hash, whole.previous_hash);
  EXPECT_EQ(ledger.close_time, whole.close_time);
  EXPECT_EQ(ledger.protocol, whole.protocol);
  EXPECT_THAT(ledger.transactions, IsEmpty());
  EXPECT_THAT(ledger.events, IsEmpty());
  EXPECT_THAT(ledger.topics, IsEmpty());
}

TEST(StellarDecoder, AnUnknownArmBeforeTheSequenceIsAnError) {
  std::string bytes = RealLedger();
  bytes[kStellarValueExtAt + 3] = '\x09';
  std::string next_version = RealLedger();
  next_version[3] = '\x03';

  EXPECT_ERROR(Decoder().Decode(bytes), absl::StatusCode::kInvalidArgument,
               "not a ledger that this program knows: StellarValueExt has no value 9 (byte 132)");
  EXPECT_ERROR(Decoder().Decode(next_version), absl::StatusCode::kInvalidArgument,
               "not a ledger that this program knows: LedgerCloseMeta has no value 3 (byte 0)");
}

TEST(StellarDecoder, ADamagedHeaderIsRefusedByName) {
  std::string bytes = RealLedger();
  bytes[kStellarValueExtAt - 1] = '\x07';  // upgrades, of which there are at most 6

  EXPECT_ERROR(Decoder().Decode(bytes), absl::StatusCode::kInvalidArgument,
               "not a ledger: StellarValue at byte 128: length 7, above its limit");
}

}  // namespace
}  // namespace permafrost::engine
