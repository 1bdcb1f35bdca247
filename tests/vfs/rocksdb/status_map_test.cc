// Both mappings over every code, subcode and errno; names of hardenings and file kinds.
#include "vfs/rocksdb/status_map.h"

#include <cerrno>

#include "tests/status_matchers.h"
#include "vfs/rocksdb/rocks_labels.h"
#include "vfs/rocksdb/rocks_options.h"

namespace permafrost::vfs {
namespace {

using ::testing::HasSubstr;
using Rocks = rocksdb::Status;

TEST(StatusMap, EveryRocksCodeAndSubcodeHasACodeAndOnlyOkIsOk) {
  for (int code = 0; code < Rocks::kMaxCode; ++code) {
    for (int subcode = 0; subcode < Rocks::kMaxSubCode; ++subcode) {
      const absl::StatusCode mapped =
          CodeOf(static_cast<Rocks::Code>(code), static_cast<Rocks::SubCode>(subcode));
      EXPECT_EQ(mapped == absl::StatusCode::kOk, code == Rocks::kOk) << code << "." << subcode;
      EXPECT_NE(mapped, absl::StatusCode::kUnknown) << code << "." << subcode;
    }
  }
}

TEST(StatusMap, EveryAbslCodeReachesRocksDBAndComesBackUnlessRocksDBHasNoWordForIt) {
  using absl::StatusCode;
  for (int code = 0; code <= static_cast<int>(StatusCode::kUnauthenticated); ++code) {
    const auto before = static_cast<StatusCode>(code);
    const rocksdb::IOStatus there = ToIOStatus(MakeStatus(before, "append x: text"));
    const absl::Status back = FromRocksStatus(there, "write", "db");
    EXPECT_EQ(there.ok(), before == StatusCode::kOk);
    switch (before) {
      case StatusCode::kOutOfRange: EXPECT_EQ(back.code(), StatusCode::kInvalidArgument); break;
      case StatusCode::kCancelled: EXPECT_EQ(back.code(), StatusCode::kAborted); break;
      case StatusCode::kUnknown:
      case StatusCode::kAlreadyExists:
      case StatusCode::kPermissionDenied:
      case StatusCode::kInternal:
      case StatusCode::kUnauthenticated: EXPECT_EQ(back.code(), StatusCode::kDataLoss); break;
      default: EXPECT_EQ(back.code(), before); break;
    }
    if (!back.ok()) {
      EXPECT_EQ(Message(back), "write db: append x: text");
    }
  }
}

TEST(StatusMap, EveryErrnoKeepsItsCodeAndNumber) {
  for (int error = 1; error <= 133; ++error) {
    const absl::Status before = ErrnoToStatus(error, "append", "db/000004.log");
    const absl::Status back = FromRocksStatus(ToIOStatus(before), "write", "db");
    EXPECT_EQ(back.code(), before.code()) << error;
    EXPECT_EQ(ErrnoOf(back), error);
  }
}

TEST(StatusMap, NoSpaceAndAMissingFileAreWhatRocksDBAsksFor) {
  EXPECT_TRUE(ToIOStatus(ErrnoToStatus(ENOSPC, "append", "x")).IsNoSpace());
  EXPECT_TRUE(ToIOStatus(ErrnoToStatus(ENOENT, "open", "x")).IsPathNotFound());
  EXPECT_TRUE(ToIOStatus(FailedPrecondition("poisoned")).IsIOFenced());
}

TEST(StatusMap, AnInjectedFaultStaysMarkedAndTheTextStaysClean) {
  const absl::Status before = MarkInjected(ErrnoToStatus(EIO, "sync", "x"));

  const absl::Status back = FromRocksStatus(ToIOStatus(before), "write", "db");

  EXPECT_TRUE(IsInjected(back));
  EXPECT_EQ(Message(back), "write db: sync x: Input/output error (errno 5)");
  EXPECT_FALSE(IsInjected(FromRocksStatus(Rocks::IOError("x"), "write", "db")));
}

TEST(StatusMap, AnErrnoInACorruptionsTextIsOnlyText) {
  const absl::Status back = FromRocksStatus(Rocks::Corruption("bad key (errno 2)"), "get", "db");

  EXPECT_EQ(back.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ErrnoOf(back), 0);
}

TEST(StatusMap, ATextOfSeveralLinesBecomesOne) {
  EXPECT_EQ(Message(FromRocksStatus(Rocks::Corruption("bad a\n", " bad\tb\n"), "open", "db")),
            "open db: bad a : bad b");
}

TEST(StatusMap, AStatusWithoutTextSaysItsCode) {
  EXPECT_EQ(Message(FromRocksStatus(Rocks::Busy(), "open", "db")), "open db: Resource busy:");
}

TEST(RocksOptions, EveryHardeningHasANameThatParsesBack) {
  for (const Hardening hardening : kAllHardenings) {
    EXPECT_EQ(ParseHardening(ToString(hardening)), hardening);
    const RocksOptions without = RocksOptions().Without(hardening);
    for (const Hardening other : kAllHardenings) EXPECT_EQ(without.Has(other), other != hardening);
    EXPECT_EQ(DescribeHardening(without), "without " + std::string(ToString(hardening)));
  }
  EXPECT_EQ(ParseHardening("settle"), std::nullopt);
  EXPECT_EQ(DescribeHardening(RocksOptions()), "all");
}

TEST(RocksOptions, StockSwitchesEveryHardeningOff) {
  const RocksOptions stock{.stock = true};
  for (const Hardening hardening : kAllHardenings) EXPECT_FALSE(stock.Has(hardening));
  EXPECT_EQ(DescribeHardening(stock), "stock");
}

TEST(RocksLabels, EveryFileOfADatabaseHasItsKind) {
  const std::pair<const char*, RocksFileKind> cases[] = {
      {"db/000004.log", RocksFileKind::kWal},
      {"db/000009.sst", RocksFileKind::kSst},
      {"db/MANIFEST-000005", RocksFileKind::kManifest},
      {"db/CURRENT", RocksFileKind::kCurrent},
      {"db/000005.dbtmp", RocksFileKind::kCurrent},
      {"db/000000.dbtmp", RocksFileKind::kIdentity},
      {"db/IDENTITY", RocksFileKind::kIdentity},
      {"db/OPTIONS-000007", RocksFileKind::kOptions},
      {"db/OPTIONS-000007.dbtmp", RocksFileKind::kOptions},
      {"db/LOCK", RocksFileKind::kLock},
      {"db/other", RocksFileKind::kOther},
      {"", RocksFileKind::kOther}};
  for (const auto& [path, kind] : cases) EXPECT_EQ(RocksFileKindOf(path), kind) << path;
  EXPECT_STREQ(RocksLabel(RocksFileKind::kWal, RocksVerb::kSync), "rocksdb.wal.sync");
  EXPECT_STREQ(RocksLabel(RocksFileKind::kManifest, RocksVerb::kAppend), "rocksdb.manifest.append");
}

}  // namespace
}  // namespace permafrost::vfs
