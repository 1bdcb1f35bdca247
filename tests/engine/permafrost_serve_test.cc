// permafrost serve beside a slow writer: asked to stop at any time it ends cleanly within a second;
// killed at any time it loses nothing that it called durable.
#include <httplib.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/engine/ledger/chained_ledgers.h"
#include "tests/engine/permafrost_process.h"
#include "tests/engine/served_fifo.h"
#include "vfs/base/prng.h"

namespace permafrost::engine {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kMillisecond = 1'000'000;
constexpr std::uint64_t kSecond = 1'000 * kMillisecond;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kPatience = 10 * kSecond;
#else
constexpr std::uint64_t kPatience = kSecond;
#endif
constexpr std::uint32_t kChunkEnd = 10'001;  // of the first chunk
constexpr std::uint32_t kBaseLast = kChunkEnd - 40;

// As often as PERMAFROST_KILLS says.
int Kills(int otherwise) {
  const char* const wish = std::getenv("PERMAFROST_KILLS");
  return wish == nullptr ? otherwise : std::atoi(wish);
}

class PermafrostServe : public ::testing::Test {
 protected:
  PermafrostServe() { EXPECT_EQ(::mkdir(data_.c_str(), 0700), 0); }

  // A store that lacks a few ledgers of its first chunk, for all of these tests.
  static const std::string& Base() {
    static const TempDir kScratch;
    static const std::string kBase = [] {
      std::string base = kScratch.Join("base");
      Ingest(kScratch, base, kBaseLast);
      return base;
    }();
    return kBase;
  }
  // Ledgers 2 to `last` as a file.
  static std::string StreamTo(const TempDir& scratch, std::uint32_t last) {
    std::string path = scratch.Join(fmt::format("to-{}.xdr", last));
    std::ofstream file(path, std::ios::binary);
    for (std::uint32_t at = 2; at <= last; ++at) file << FramedLedger(at);
    return path;
  }
  // Brings a store to this ledger, through `ingest`, undisturbed; and settles it.
  static void Ingest(const TempDir& scratch, const std::string& data, std::uint32_t last) {
    const Ran ran = RunBinary(scratch, "ingest --json --data " + data +
                                           " --source stream:" + StreamTo(scratch, last) +
                                           " --store-id " + std::string(32, '7'));
    ASSERT_EQ(ran.code, 0) << ran.err;
    ASSERT_EQ(Json::parse(ran.out)["last"], last);
  }
  void BeginWithBase() {
    std::filesystem::remove(data_);
    Copy(Base(), data_);
  }
  static void Copy(const std::string& from, const std::string& to) {
    std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
  }
  // What the store has; 1 if it has none.
  std::uint32_t Last() const {
    const Ran ran = RunBinary(scratch_, "status --json --data " + data_);
    EXPECT_EQ(ran.code, 0) << ran.err;
    const Json latest = Json::parse(ran.out)["latest"];
    return latest.is_null() ? 1 : latest.get<std::uint32_t>();
  }
  void ExpectHas(std::uint32_t ledger) const {
    const std::string raw = scratch_.Join("raw");
    std::filesystem::remove(raw);
    const Ran ran =
        RunBinary(scratch_, fmt::format("get ledger {} --raw {} --data {}", ledger, raw, data_));
    ASSERT_EQ(ran.code, 0) << ran.err;
    EXPECT_TRUE(ReadText(raw) == ChainedLedger(ledger)) << ledger;
  }
  static void ExpectEndsCleanly(RunningBinary& running, std::uint64_t patience = kPatience) {
    running.Signal(SIGTERM);
    const auto ran = running.WaitFor(patience);
    ASSERT_TRUE(ran.has_value()) << "it runs still";
    // Before its first words nobody may have caught the signal yet, and nothing has begun.
    const bool has_begun = ran->code != -SIGTERM || !ran->err.empty();
    if (has_begun) {
      EXPECT_EQ(ran->code, 0) << ran->err;
    }
    EXPECT_EQ(ran->out, "");
  }
  // The same ledgers without a disturbance make the same files.
  void ExpectAsUndisturbed(std::uint32_t last) {
    const std::string whole = scratch_.Join("whole");
    Copy(Base(), whole);
    ASSERT_NO_FATAL_FAILURE(Ingest(scratch_, data_, last));
    ASSERT_NO_FATAL_FAILURE(Ingest(scratch_, whole, last));
    ExpectSameColdFiles(data_, whole);
    const Ran audit = RunBinary(scratch_, "audit --deep --data " + data_);
    EXPECT_EQ(audit.code, 0) << audit.out << audit.err;
  }

  TempDir scratch_;
  const std::string data_ = scratch_.Join("data");
};

TEST_F(PermafrostServe, FollowsAWriterAndReportsWhatIsDurable) {
  ServedFifo served(scratch_, data_, 2, kMillisecond);
  ASSERT_TRUE(served.WaitUntilServing(30 * kSecond));

  served.RunFor(30 * kSecond, 30);

  EXPECT_GE(served.durable(), 30U);
  ASSERT_NO_FATAL_FAILURE(ExpectEndsCleanly(served.process()));
  EXPECT_GE(Last(), served.durable());
  ExpectHas(served.durable());
}

TEST_F(PermafrostServe, EndsWhileNobodyHasOpenedTheFifo) {
  ServedFifo served(scratch_, data_, 2, 0);
  ASSERT_TRUE(served.WaitUntilServing(30 * kSecond));

  ExpectEndsCleanly(served.process());

  EXPECT_EQ(Last(), 1U);
}

TEST_F(PermafrostServe, EndsWhileItsWriterIsStalled) {
  for (const std::size_t bytes : {0U, 2U, 4U, 100U}) {
    const std::uint32_t last = bytes == 0 ? 1 : Last();
    ServedFifo served(scratch_, data_, last + 1, 0);
    ASSERT_TRUE(served.WaitUntilServing(30 * kSecond));
    served.StallAfter(bytes);
    served.WatchFor(50 * kMillisecond);

    ASSERT_NO_FATAL_FAILURE(ExpectEndsCleanly(served.process()));

    EXPECT_EQ(Last(), last);
  }
  ServedFifo served(scratch_, data_, 2, 0);
  served.RunFor(30 * kSecond, 5);
  EXPECT_GE(served.durable(), 5U);
}

TEST_F(PermafrostServe, EndsWhileAScraperKeepsItsConnection) {
  ServedFifo served(scratch_, data_, 2, 0);
  ASSERT_TRUE(served.WaitUntilServing(30 * kSecond));
  httplib::Client scraper("127.0.0.1", served.port());
  scraper.set_keep_alive(true);
  ASSERT_TRUE(scraper.Get("/metrics"));

  ExpectEndsCleanly(served.process());
}

// Such a connection is given up after a second.
TEST_F(PermafrostServe, EndsWhileAConnectionSaysNothing) {
  ServedFifo served(scratch_, data_, 2, 0);
  ASSERT_TRUE(served.WaitUntilServing(30 * kSecond));
  const vfs::UniqueFd silent = ConnectTo(served.port());
  served.WatchFor(50 * kMillisecond);

  ExpectEndsCleanly(served.process(), 2 * kPatience);
}

// Whole chunks from a bulk source, before anything is followed.
TEST_F(PermafrostServe, EndsWhileItCatchesUp) {
  vfs::Prng prng(3);
  vfs::SystemClock clock;
  for (int i = 0; i < 6; ++i) {
    RunningBinary running(
        scratch_, {"serve", "--storage.default_data_dir", data_, "--storage.reserve_bytes", "0",
                   "--ingestion.source", "synthetic:7,1000000"});
    clock.SleepNanos(50 * kMillisecond + prng.Below(2'000) * kMillisecond);

    ASSERT_NO_FATAL_FAILURE(ExpectEndsCleanly(running)) << i;

    ASSERT_EQ(AlwaysViolated(scratch_, data_), "") << i;
  }
}

// At a random moment: starting, catching up, following, freezing.
TEST_F(PermafrostServe, EndsCleanlyAtAnyMomentAndGoesOn) {
  ASSERT_NO_FATAL_FAILURE(BeginWithBase());
  const int stops = Kills(8);
  vfs::Prng prng(static_cast<std::uint64_t>(stops));
  std::uint32_t durable = kBaseLast;
  for (int i = 0; i < stops; ++i) {
    ServedFifo served(scratch_, data_, Last() + 1, kMillisecond);
    served.RunFor(20 * kMillisecond + prng.Below(500) * kMillisecond);

    ASSERT_NO_FATAL_FAILURE(ExpectEndsCleanly(served.process())) << i;

    ASSERT_EQ(AlwaysViolated(scratch_, data_), "") << i;
    durable = std::max(durable, served.durable());
    ASSERT_GE(Last(), durable) << i;
  }
  EXPECT_GT(durable, kBaseLast);
  ExpectAsUndisturbed(std::max(Last(), kChunkEnd) + 5);
}

TEST_F(PermafrostServe, EndsWhileItFreezes) {
  ASSERT_NO_FATAL_FAILURE(BeginWithBase());
  const std::string before = scratch_.Join("before");
  ASSERT_NO_FATAL_FAILURE(Ingest(scratch_, data_, kChunkEnd - 1));
  Copy(data_, before);
  int begun = 0;
  for (const std::uint64_t wait : {0U, 10U, 30U, 60U, 120U, 240U}) {
    std::filesystem::remove_all(data_);
    Copy(before, data_);
    ServedFifo served(scratch_, data_, kChunkEnd, kMillisecond);
    served.RunFor(30 * kSecond, kChunkEnd);
    served.RunFor(wait * kMillisecond);

    ASSERT_NO_FATAL_FAILURE(ExpectEndsCleanly(served.process())) << wait;

    EXPECT_EQ(AlwaysViolated(scratch_, data_), "") << wait;
    const Ran audit = RunBinary(scratch_, "audit --data " + data_);
    begun += audit.code == 1 ? 1 : 0;  // a freeze was begun and is not settled
  }
  EXPECT_GT(begun, 0);
  ExpectAsUndisturbed(Last() + 5);
}

TEST_F(PermafrostServe, KilledAtAnyMomentItLosesNothingThatItCalledDurable) {
  ASSERT_NO_FATAL_FAILURE(BeginWithBase());
  const int kills = Kills(8);
  vfs::Prng prng(static_cast<std::uint64_t>(kills) + 1);
  std::uint32_t durable = kBaseLast;
  for (int i = 0; i < kills; ++i) {
    // A writer that was ahead writes some of it again.
    const auto again = static_cast<std::uint32_t>(prng.Below(4));
    ServedFifo served(scratch_, data_, Last() + 1 - again, kMillisecond * prng.Below(3));
    served.RunFor(20 * kMillisecond + prng.Below(600) * kMillisecond);

    served.process().Signal(SIGKILL);
    ASSERT_EQ(served.process().Wait().code, -SIGKILL) << i;

    ASSERT_EQ(AlwaysViolated(scratch_, data_), "") << i;
    durable = std::max(durable, served.durable());
    ASSERT_GE(Last(), durable) << i;
    ASSERT_NO_FATAL_FAILURE(ExpectHas(durable)) << i;
  }
  EXPECT_GT(durable, kBaseLast);
  ExpectAsUndisturbed(std::max(Last(), kChunkEnd) + 5);
}

}  // namespace
}  // namespace permafrost::engine
