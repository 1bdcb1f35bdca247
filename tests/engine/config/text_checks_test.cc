// Networks, ledgers, sources, addresses and directories as texts.
#include "engine/config/text_checks.h"

#include <gtest/gtest.h>

#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

constexpr const char* kPubnet = "7ac33997544e3175d266bd022439b22cdb16508c01163f26e5cb2a3e1045a979";

TEST(EarliestLedger, IsAWordOrTheFirstLedgerOfAChunk) {
  for (const char* text : {"genesis", "now", "2", "10002", "53500002", "4294950002"})
    EXPECT_EQ(CheckEarliestLedger(text), "") << text;
  EXPECT_EQ(EarliestLedger("genesis"), LedgerSeq{2});
  EXPECT_EQ(EarliestLedger("10002"), LedgerSeq{10'002});
  EXPECT_EQ(EarliestLedger("now"), std::nullopt);
}

TEST(EarliestLedger, MisalignedNamesTheNeighbours) {
  const std::string rule =
      "must be 'genesis', 'now' or the first ledger of a chunk, 2 + a multiple of 10000; ";

  EXPECT_EQ(CheckEarliestLedger("3"), rule + "write '2' or '10002'");
  EXPECT_EQ(CheckEarliestLedger("10001"), rule + "write '2' or '10002'");
  EXPECT_EQ(CheckEarliestLedger("10003"), rule + "write '10002' or '20002'");
  EXPECT_EQ(CheckEarliestLedger(""), rule + "write it as '10002'");
  EXPECT_EQ(CheckEarliestLedger("Genesis"), rule + "write it as '10002'");
  EXPECT_EQ(CheckEarliestLedger("-2"), rule + "write it as '10002'");
  EXPECT_EQ(CheckEarliestLedger("010002"), rule + "write it as '10002'");
}

TEST(EarliestLedger, BelowGenesisAndBeyondTheLastChunkAreRefused) {
  for (const char* text : {"0", "1"}) {
    EXPECT_EQ(CheckEarliestLedger(text), "must not be below the genesis ledger 2; write 'genesis'");
  }
  for (const char* text : {"4294960002", "4294967295", "4294967296", "99999999999999999999"}) {
    EXPECT_EQ(CheckEarliestLedger(text),
              "must be at most 4294950002, where the last chunk begins; lower it");
  }
}

TEST(Network, HasTwoNamesOrIsAHash) {
  EXPECT_EQ(NetworkPin("pubnet"), kPubnet);
  EXPECT_EQ(NetworkPin("testnet"),
            "cee0302d59844d32bdca915c8203dd44b33fbb7edc19051ea37abedf28ecd472");
  EXPECT_EQ(NetworkPin(kPubnet), kPubnet);
  EXPECT_EQ(NetworkPin(""), "");
  EXPECT_EQ(NetworkPassphrase(kPubnet), "Public Global Stellar Network ; September 2015");
  EXPECT_EQ(NetworkPassphrase("testnet"), "Test SDF Network ; September 2015");
  EXPECT_EQ(NetworkPassphrase(std::string(64, '0')), "");
  EXPECT_EQ(NetworkPassphrase(""), "");
  for (const std::string text : {"mainnet", "ABC",
                                 "7AC33997544E3175D266BD022439B22CDB16508C01163F26"
                                 "E5CB2A3E1045A979"}) {
    EXPECT_EQ(CheckNetwork(text),
              "must be 'pubnet', 'testnet', 64 lower-case hex digits or empty; give the SHA-256 of "
              "the network's passphrase");
  }
}

TEST(Source, NamesAPlaceOrASeed) {
  for (const char* text : {"lake:/data/lake", "stream:-", "stream:core.xdr", "synthetic:0,1",
                           "synthetic:18446744073709551615,4294967295", "journal", "none"})
    EXPECT_EQ(CheckSource(text), "") << text;
  for (const char* text :
       {"", "lake", "lake:", "stream:", "synthetic", "synthetic:1", "synthetic:1,0",
        "synthetic:a,1", "synthetic:1,2,3", "journal:x", "none:", "Lake:x", "core:x"}) {
    EXPECT_EQ(CheckSource(text),
              "must be lake:DIR, stream:FILE, synthetic:SEED,LEDGERS, journal or none; name where "
              "ledgers come from");
  }
}

TEST(Endpoint, IsAHostAndAPort) {
  for (const char* text : {"localhost:8000", "127.0.0.1:1", "[::1]:65535", "host.example:80"})
    EXPECT_EQ(CheckEndpoint(text), "") << text;
  for (const char* text : {"", "localhost", ":8000", "localhost:", "localhost:0", "localhost:65536",
                           "localhost:http", "::1:80", "http://a:80", "[]:80", "a b:80"}) {
    EXPECT_EQ(CheckEndpoint(text),
              "must be HOST:PORT with a port from 1 to 65535; write it as 'localhost:8000'")
        << text;
  }
  EXPECT_EQ(CheckOptionalEndpoint(""), "");
}

std::string Below(std::string_view data_dir, std::string_view root) {
  const absl::StatusOr<std::string> below = BelowDataDir(data_dir, root);
  return below.ok() ? *below : vfs::Message(below.status());
}

TEST(BelowDataDir, RelativeAndInsideAreOneThing) {
  EXPECT_EQ(Below("/data", "hot"), "hot");
  EXPECT_EQ(Below("/data", "./a//hot/"), "a/hot");
  EXPECT_EQ(Below("/data/", "/data//hot"), "hot");
  EXPECT_EQ(Below("/", "/hot"), "hot");
  EXPECT_EQ(Below("data", "hot"), "hot");
}

TEST(BelowDataDir, OutsideIsRefusedWithTheWayOut) {
  const std::string remedy = "name a directory inside it, which may be a link to another volume";

  EXPECT_EQ(Below("/data", "/nvme/hot"), "lies outside the data directory '/data'; " + remedy);
  EXPECT_EQ(Below("/data", "/database"), "lies outside the data directory '/data'; " + remedy);
  EXPECT_EQ(Below("data", "/data/hot"), "lies outside the data directory 'data'; " + remedy);
  EXPECT_EQ(Below("/data", "a/../../hot"),
            "leads upwards with '..'; name a directory inside the data directory");
  EXPECT_EQ(Below("/data", "/data/../hot"),
            "leads upwards with '..'; name a directory inside the data directory");
  EXPECT_EQ(Below("/data", std::string(256, 'a')),
            "has a component of more than 255 bytes; name a directory inside the data directory");
}

TEST(BelowDataDir, TheDataDirectoryItselfIsNoRoot) {
  for (const char* root : {".", "./", "/data", "/data/."}) {
    EXPECT_EQ(Below("/data", root), "is the data directory itself; name a directory inside it");
  }
}

}  // namespace
}  // namespace permafrost::engine
