// Stored ledgers: round trips, the worked example, and that no bytes whatever are taken for one
// that was never stored.
#include "engine/ledger/stored_ledger.h"

#include <vector>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "tests/status_matchers.h"
#include "tests/vectors.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/base/prng.h"

namespace permafrost::engine {
namespace {

using ::testing::HasSubstr;

// Payments between 50 accounts, whose keys every ledger shares with every other.
std::string SomeLedger(std::uint64_t seed) {
  vfs::Prng prng(seed);
  const auto account = [&prng] {
    vfs::Prng key(prng.Below(50));
    return fmt::format("account-{:016x}{:016x}", key.Next(), key.Next());
  };
  std::string ledger;
  while (ledger.size() < 1'500)
    ledger += account() + fmt::format(" pays {} to ", prng.Below(1'000)) + account() + ";";
  return ledger;
}

std::vector<std::string> SomeLedgers(std::uint64_t first, std::size_t count) {
  std::vector<std::string> ledgers;
  for (std::size_t i = 0; i < count; ++i) ledgers.push_back(SomeLedger(first + i));
  return ledgers;
}

std::string Stored(std::string_view ledger, std::string_view dictionary = {}) {
  return *LedgerCompressor(dictionary).Compress(ledger, false);
}

TEST(StoredLedger, IsTheBytesOfTheWorkedExample) {
  const std::string page = ReadText("engine/FORMATS.md");
  const std::string line = "01 28b52ffd 24 06 310000 6c6564676572 ";
  const std::size_t at = page.find(line);
  ASSERT_NE(at, std::string::npos);
  std::string hex = page.substr(at, line.size() + 8);
  std::erase(hex, ' ');

  ASSERT_OK_AND_ASSIGN(const std::string stored, LedgerCompressor({}).Compress("ledger", true));

  EXPECT_EQ(stored, BytesOfHex(hex));
  EXPECT_EQ(*LedgerDecompressor({}).Decompress(BytesOfHex(hex)), "ledger");
  EXPECT_TRUE(*IsUndecoded(stored));
}

RC_GTEST_PROP(StoredLedger, ComesBackAsItWas, (const std::string& ledger, bool is_undecoded)) {
  const std::string stored = *LedgerCompressor({}).Compress(ledger, is_undecoded);

  RC_ASSERT(*LedgerDecompressor({}).Decompress(stored) == ledger);
  RC_ASSERT(*IsUndecoded(stored) == is_undecoded);
}

TEST(StoredLedger, IsTheSameWhateverWasCompressedBefore) {
  const std::string dictionary = *TrainLedgerDictionary(SomeLedgers(1, 200), 4096);
  for (const std::string& with : {std::string(), std::string("raw content"), dictionary}) {
    LedgerCompressor busy(with);
    ASSERT_OK(busy.Compress(std::string(300'000, 'x'), true));
    ASSERT_OK(busy.Compress(SomeLedger(7), false));

    ASSERT_OK_AND_ASSIGN(const std::string stored, busy.Compress(SomeLedger(999), false));

    EXPECT_EQ(stored, Stored(SomeLedger(999), with));
    EXPECT_EQ(*LedgerDecompressor(with).Decompress(stored), SomeLedger(999));
  }
}

TEST(StoredLedger, ADictionaryOfOthersMakesItSmaller) {
  ASSERT_OK_AND_ASSIGN(const std::string dictionary,
                       TrainLedgerDictionary(SomeLedgers(1, 200), 4096));
  EXPECT_EQ(dictionary, *TrainLedgerDictionary(SomeLedgers(1, 200), 4096));

  EXPECT_LT(Stored(SomeLedger(999), dictionary).size() * 10, Stored(SomeLedger(999)).size() * 9);
}

TEST(StoredLedger, OfAnotherDictionaryIsRefused) {
  const std::string dictionary = *TrainLedgerDictionary(SomeLedgers(1, 200), 4096);
  const std::string other = *TrainLedgerDictionary(SomeLedgers(5'000, 300), 4096);
  const std::string stored = Stored(SomeLedger(999), dictionary);

  for (const std::string& with : {std::string(), other, std::string("raw content")}) {
    EXPECT_ERROR(LedgerDecompressor(with).Decompress(stored), absl::StatusCode::kDataLoss,
                 HasSubstr("stored ledger of"));
  }
}

TEST(StoredLedger, OneFlippedByteNeverGivesAnotherLedger) {
  const std::string ledger = SomeLedger(3);
  const std::string stored = Stored(ledger);
  LedgerDecompressor decompressor{std::string_view()};
  for (std::size_t at = 0; at < stored.size(); ++at) {
    for (const char mask : {'\x01', '\x80', '\x24'}) {
      std::string flipped = stored;
      flipped[at] = static_cast<char>(flipped[at] ^ mask);
      const auto found = decompressor.Decompress(flipped);
      if (found.ok()) {
        EXPECT_EQ(*found, ledger) << at;
      } else {
        EXPECT_EQ(found.status().code(), absl::StatusCode::kDataLoss);
      }
    }
  }
}

TEST(StoredLedger, CutShortOrContinuedIsRefused) {
  const std::string stored = Stored(SomeLedger(3));
  LedgerDecompressor decompressor{std::string_view()};
  for (std::size_t bytes = 0; bytes < stored.size(); ++bytes) {
    EXPECT_ERROR(decompressor.Decompress(stored.substr(0, bytes)), absl::StatusCode::kDataLoss,
                 HasSubstr(fmt::format("stored ledger of {} bytes: ", bytes)));
  }
  EXPECT_ERROR(decompressor.Decompress(stored + '\0'), absl::StatusCode::kDataLoss,
               HasSubstr("a frame of another length"));
  EXPECT_ERROR(decompressor.Decompress(stored + stored.substr(1)), absl::StatusCode::kDataLoss,
               HasSubstr("a frame of another length"));
}

// A frame of one run-length block, whose header claims any number of bytes.
std::string Claiming(std::uint64_t content) {
  std::string stored = BytesOfHex("0028b52ffde4");  // 8 bytes of content size, checksum, no window
  for (int shift = 0; shift < 64; shift += 8)
    stored.push_back(static_cast<char>((content >> shift) & 0xff));
  return stored + BytesOfHex("03000061") + "sum.";
}

TEST(StoredLedger, AnImplausibleSizeIsRefusedBeforeMemoryIsTaken) {
  for (const std::uint64_t content : {std::uint64_t{kLedgerBytesMax} + 1, std::uint64_t{1} << 62,
                                      ~std::uint64_t{2}, std::uint64_t{kLedgerBytesMax}}) {
    EXPECT_ERROR(LedgerDecompressor({}).Decompress(Claiming(content)), absl::StatusCode::kDataLoss,
                 HasSubstr(fmt::format("a frame that claims to hold {} bytes", content)));
  }
}

TEST(StoredLedger, RefusalsAreTheseTexts) {
  const auto text = [](const std::string& hex) {
    return vfs::Message(LedgerDecompressor({}).Decompress(BytesOfHex(hex)).status());
  };
  EXPECT_EQ(text(""), "stored ledger of 0 bytes: it has no zstd frame");
  EXPECT_EQ(text("0228b52ffd2406310000"),
            "stored ledger of 10 bytes: flags 0x02; a newer release wrote it");
  EXPECT_EQ(text("00504b03042406310000"), "stored ledger of 10 bytes: it has no zstd frame");
  EXPECT_EQ(text("0028b52ffd2006310000"), "stored ledger of 10 bytes: a frame of descriptor 0x20");
  EXPECT_EQ(text("0028b52ffd0406310000"),
            "stored ledger of 10 bytes: a frame that does not say how much it holds");
  const std::string trained_magic = BytesOfHex("37a430ec") + std::string(60, '\xff');
  EXPECT_ERROR(LedgerDecompressor(trained_magic).Decompress(Stored("a")),
               absl::StatusCode::kDataLoss, HasSubstr("its dictionary is none that zstd knows"));
  EXPECT_ERROR(LedgerCompressor(trained_magic).Compress("a", false),
               absl::StatusCode::kInvalidArgument,
               ::testing::StrEq("compress ledger: its dictionary is none that zstd knows"));
  EXPECT_ERROR(TrainLedgerDictionary({}, 4096), absl::StatusCode::kInvalidArgument,
               HasSubstr("train dictionary of 0 ledgers: "));
}

RC_GTEST_PROP(StoredLedger, RandomBytesAreRefused, (std::string bytes)) {
  LedgerDecompressor decompressor{std::string_view()};
  RC_ASSERT(!decompressor.Decompress(bytes).ok());
  bytes.insert(0, BytesOfHex("0028b52ffd24"));
  RC_ASSERT(!decompressor.Decompress(bytes).ok());
}

}  // namespace
}  // namespace permafrost::engine
