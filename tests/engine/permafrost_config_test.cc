// permafrost config as a shell sees it: what is refused, what is printed, and that nothing is
// written.
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <string>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "engine/config/load.h"
#include "engine/daemon/config_store.h"
#include "tests/engine/permafrost_process.h"
#include "tests/status_matchers.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/posix/posix_file_system.h"

namespace permafrost::engine {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

// Everything below a directory: path and content of files, path of directories.
std::map<std::string, std::string> Listing(const vfs::FileSystem& fs, const std::string& path) {
  std::map<std::string, std::string> listing;
  const auto entries = fs.List(path);
  EXPECT_OK(entries);
  for (const vfs::DirEntry& entry : *entries) {
    const std::string inner = vfs::JoinPath(path, entry.name);
    listing[inner] = "";
    if (entry.kind == vfs::FileKind::kDirectory) listing.merge(Listing(fs, inner));
  }
  return listing;
}

class PermafrostConfig : public ::testing::Test {
 protected:
  PermafrostConfig() { EXPECT_EQ(::mkdir(data_.c_str(), 0700), 0); }

  // A file with the two keys that are required, then these lines.
  std::string FileWith(const std::string& toml) {
    return scratch_.Write(
        "p.toml", "storage.default_data_dir = '" + data_ + "'\ningestion.source = 'none'\n" + toml);
  }
  Ran Command(const std::string& arguments) { return RunBinary(scratch_, arguments); }

  // Checks the file, and that what is below the data directory stays as it was.
  Ran Check(const std::string& file, const std::string& flags = "") {
    const auto before = DataListing();
    Ran ran = Command("config check --config " + file + " " + flags);
    EXPECT_EQ(DataListing(), before);
    return ran;
  }
  void ExpectRefused(const std::string& toml, const std::string& text) {
    const std::string file = FileWith(toml);
    ExpectUsage(Check(file), "permafrost: " + file + ":" + text + "\n");
  }
  void MakeStore(const std::string& toml) {
    const LoadedConfig loaded = LoadedConfig::Load(
        {.file = ConfigFile{.name = "p.toml", .text = ReadText(FileWith(toml))}});
    ASSERT_EQ(ToString(loaded.findings()), "");
    RealStore real(data_, StoreOptionsOf(loaded.config(), LedgerSeq{20'002}));
    ASSERT_OK(real.Close());
  }
  std::map<std::string, std::string> DataListing() {
    const auto fs = vfs::PosixFileSystem::Open(data_);
    EXPECT_OK(fs);
    auto listing = Listing(**fs, "");
    for (auto& [path, text] : listing) {
      const auto info = (*fs)->Stat(path);
      if (info.ok() && info->kind == vfs::FileKind::kFile) text = ReadText(data_ + "/" + path);
    }
    return listing;
  }

  TempDir scratch_;
  const std::string data_ = scratch_.Join("data");
};

TEST_F(PermafrostConfig, ASoundFileIsValid) {
  const Ran ran = Check(FileWith(""));

  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "valid: 2 of 59 keys set; no store in '" + data_ + "' yet\n");
  EXPECT_EQ(ran.err, "");
  EXPECT_THAT(DataListing(), IsEmpty());
}

TEST_F(PermafrostConfig, ADataDirectoryThatIsNotThereYetIsNotMade) {
  ASSERT_EQ(::rmdir(data_.c_str()), 0);

  const Ran ran = Command("config check --config " + FileWith(""));

  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, EndsWith("' does not exist yet; make it before the first start\n"));
  EXPECT_NE(::access(data_.c_str(), F_OK), 0);
}

TEST_F(PermafrostConfig, EveryRowOfTheMatrixIsTwoAndOneLine) {
  ExpectRefused(
      "backfill.workers = 0",
      "3:10: backfill.workers is 0: must be a whole number from 1 to 1024; raise it to 1");
  ExpectRefused("retention.retention_chunks = 4294967296",
                "3:11: retention.retention_chunks is 4294967296: must be a whole number from 0 to "
                "4294967295; lower it to 4294967295");
  ExpectRefused("storage.reserve_bytes = -1",
                "3:9: storage.reserve_bytes is -1: must be bytes from 0 to 1024TiB; raise "
                "it to 0");
  ExpectRefused("retention.earliest_ledger = '10001'",
                "3:11: retention.earliest_ledger is '10001': must be 'genesis', 'now' or the first "
                "ledger of a chunk, 2 + a multiple of 10000; write '2' or '10002'");
  ExpectRefused("retention.earliest_ledger = '1'",
                "3:11: retention.earliest_ledger is '1': must not be below the genesis ledger 2; "
                "write 'genesis'");
  ExpectRefused("storage.hot = 'ledgers'",
                "3:9: storage.hot is 'ledgers': must not be the directory of storage.ledgers, "
                "which is 'ledgers'; give each its own");
  ExpectRefused("backfill.bsb.retry_wait = 5",
                "3:14: backfill.bsb.retry_wait is 5: must be a duration from 1ms to 24h; write a "
                "unit: ms, s, m or h");
  ExpectRefused("storage.hots = 'x'",
                "3:9: no key 'storage.hots'; did you mean 'storage.hot'?; see permafrost config "
                "print");
  EXPECT_THAT(DataListing(), IsEmpty());
}

TEST_F(PermafrostConfig, EveryFindingIsOneLine) {
  const std::string file = FileWith("backfill.workers = 0\nlogging.format = 'xml'\n");

  ExpectUsage(
      Check(file, "--storage.reserve_bytes -5"),
      "permafrost: " + file +
          ":3:10: backfill.workers is 0: must be a whole number from 1 to 1024; raise it to "
          "1\npermafrost: " +
          file +
          ":4:9: logging.format is 'xml': must be 'text' or 'json'; choose one of these\n"
          "permafrost: --storage.reserve_bytes: storage.reserve_bytes is '-5': must be "
          "bytes from 0 to 1024TiB; raise it to 0\n");
}

TEST_F(PermafrostConfig, FindingsAreAlsoJson) {
  const Ran ran = Check(FileWith("backfill.workers = 0\n"), "--json");

  EXPECT_EQ(ran.code, 2);
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_EQ(json["valid"], false);
  EXPECT_THAT(json["findings"][0]["where"].get<std::string>(), EndsWith("p.toml:3:10"));
  EXPECT_THAT(json["findings"][0]["finding"].get<std::string>(), StartsWith("backfill.workers"));
}

TEST_F(PermafrostConfig, TwoRootsOnOneDirectoryByALink) {
  ASSERT_EQ(::mkdir((data_ + "/ledgers").c_str(), 0700), 0);
  ASSERT_EQ(::symlink("ledgers", (data_ + "/hot").c_str()), 0);
  const std::string file = FileWith("");

  ExpectUsage(Check(file), "permafrost: " + file +
                               ": storage.hot is 'hot': must not be the directory of "
                               "storage.ledgers, which is 'ledgers'; give each its own\n");
}

TEST_F(PermafrostConfig, TwoRootsThatWillBeOneDirectoryByALink) {
  ASSERT_EQ(::mkdir((data_ + "/a").c_str(), 0700), 0);
  ASSERT_EQ(::symlink("a", (data_ + "/b").c_str()), 0);

  ExpectRefused("storage.hot = 'a/x/y'\nstorage.events = 'b/x/y'\n",
                "4:9: storage.hot is 'a/x/y': must not be the directory of storage.events, which "
                "is 'b/x/y'; give each its own");
  EXPECT_EQ(Check(FileWith("storage.hot = 'a/x'\nstorage.events = 'b/y'\n")).code, 0);
}

TEST_F(PermafrostConfig, ARootInsideAnotherByALink) {
  ASSERT_EQ(::mkdir((data_ + "/ledgers").c_str(), 0700), 0);
  ASSERT_EQ(::symlink("ledgers", (data_ + "/b").c_str()), 0);

  ExpectRefused("storage.quarantine = 'b/q'\n",
                "3:9: storage.quarantine is 'b/q': must not lie inside storage.ledgers, which is "
                "'ledgers'; give it a directory of its own");
  ExpectRefused("storage.quarantine = 'ledgers'\nstorage.ledgers = 'x'\nstorage.hot = 'b/y'\n",
                "5:9: storage.hot is 'b/y': must not lie inside storage.quarantine, which is "
                "'ledgers'; give it a directory of its own");
  ExpectRefused("storage.ledgers = 'x'\nstorage.hot = 'ledgers/y'\nstorage.events = 'b/y/z'\n",
                "5:9: storage.events is 'b/y/z': must not lie inside storage.hot, which is "
                "'ledgers/y'; give it a directory of its own");
}

TEST_F(PermafrostConfig, ALinkToAnotherVolumeIsARoot) {
  ASSERT_EQ(::mkdir(scratch_.Join("nvme").c_str(), 0700), 0);
  ASSERT_EQ(::symlink("../nvme", (data_ + "/hot").c_str()), 0);

  EXPECT_EQ(Check(FileWith("")).code, 0);
  MakeStore("");
  EXPECT_EQ(::access(scratch_.Join("nvme/permafrost.lock").c_str(), F_OK), 0);
  EXPECT_EQ(Check(FileWith("")).code, 0);
}

TEST_F(PermafrostConfig, AFileInPlaceOfADirectoryIsNamed) {
  const auto fs = *vfs::PosixFileSystem::Open(data_);
  ASSERT_OK(fs->Create("hot"));

  ExpectRefused("storage.journal = 'hot/journal'\n",
                "3:9: storage.journal is 'hot/journal': must not lie inside storage.hot, which is "
                "'hot'; give it a directory of its own");
  const std::string file = FileWith("");
  ExpectUsage(Check(file), "permafrost: " + file +
                               ": storage.hot: hot is a file; move it or choose another "
                               "directory\n");
  ExpectUsage(Check(file, "--storage.default_data_dir " + file),
              "permafrost: --storage.default_data_dir: storage.default_data_dir: open root " +
                  file + ": Not a directory (errno 20); name a directory that can be entered\n");
}

TEST_F(PermafrostConfig, TheSamePinsAreValid) {
  MakeStore("storage.network = 'pubnet'\nretention.earliest_ledger = 'now'\n");

  for (const char* earliest : {"now", "20002"}) {
    const Ran ran = Check(FileWith("storage.network = 'pubnet'\nretention.earliest_ledger = '" +
                                   std::string(earliest) + "'\nretention.retention_chunks = 5\n"));

    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(ran.out, MatchesRegex("valid: 5 of 59 keys set; store [0-9a-f]{32} in '.*' has the "
                                      "same pins\n"));
  }
}

TEST_F(PermafrostConfig, ChangedPinsAreRefusedWithBothValues) {
  MakeStore("storage.network = 'pubnet'\n");
  const std::string file =
      FileWith("storage.network = 'testnet'\nretention.earliest_ledger = '10002'\n");

  ExpectUsage(
      Check(file),
      "permafrost: " + file +
          ":3:9: compare config:network: the store has "
          "'7ac33997544e3175d266bd022439b22cdb16508c01163f26e5cb2a3e1045a979', the configuration "
          "says 'cee0302d59844d32bdca915c8203dd44b33fbb7edc19051ea37abedf28ecd472'; configure the "
          "store's network or another data directory\n"
          "permafrost: " +
          file +
          ":4:11: compare config:earliest_ledger: the store has '2', the configuration says "
          "'10002'; configure the store's earliest ledger or another data directory\n");
}

TEST_F(PermafrostConfig, AStoreOfAnotherGeometryIsRefused) {
  ASSERT_OK(RealStore(data_).Close());
  const std::string file = FileWith("");

  ExpectUsage(Check(file), "permafrost: " + file +
                               ":1:9: storage.default_data_dir: the store has geometry 8/3/2, this "
                               "program writes 10000/1000/1000; name another data directory\n");
}

TEST_F(PermafrostConfig, ARunningStoreIsCheckedAndLeftAlone) {
  const LoadedConfig loaded =
      LoadedConfig::Load({.file = ConfigFile{.name = "p.toml", .text = ReadText(FileWith(""))}});
  RealStore real(data_, StoreOptionsOf(loaded.config(), kFirstLedger));

  EXPECT_EQ(Check(FileWith("")).code, 0);
  EXPECT_EQ(Check(FileWith("storage.network = 'pubnet'\n")).code, 2);

  EXPECT_OK(real.store().CreateHot(ChunkId{0}));
  EXPECT_OK(real.Close());
}

TEST_F(PermafrostConfig, ADamagedCatalogIsFour) {
  MakeStore("");
  const auto fs = *vfs::PosixFileSystem::Open(data_);
  ASSERT_OK_AND_ASSIGN(auto current,
                       fs->Open("catalog/rocksdb/CURRENT", vfs::OpenMode::kReadWrite));
  ASSERT_OK(current->Truncate(0));

  EXPECT_EQ(Check(FileWith("")).code, 4);
}

TEST_F(PermafrostConfig, AFileThatCannotBeReadIsOneLineAndTwo) {
  const std::string none = scratch_.Join("none.toml");
  ExpectUsage(Check(none), "permafrost: --config: open file " + none +
                               ": No such file or directory (errno 2); name a TOML file\n");
  ExpectUsage(Check(data_), "permafrost: --config: read file " + data_ +
                                ": Is a directory (errno 21); name a TOML file\n");
  const std::string large = scratch_.Write("large", std::string(10 << 20, '\n'));
  ExpectUsage(Check(large), "permafrost: --config: read file " + large +
                                ": longer than 65536 bytes; name a TOML file\n");
  const std::string loop = scratch_.Join("loop");
  ASSERT_EQ(::symlink("loop", loop.c_str()), 0);
  ExpectUsage(Check(loop),
              "permafrost: --config: open file " + loop +
                  ": Too many levels of symbolic links (errno 40); name a TOML file\n");
  ExpectUsage(Command("config check --config ''"),
              "permafrost: --config: open file : No such file or directory (errno 2); name a TOML "
              "file\n");
  if (::geteuid() == 0) return;  // whom no mode keeps out
  const std::string closed = FileWith("");
  ASSERT_EQ(::chmod(closed.c_str(), 0), 0);
  ExpectUsage(Check(closed), "permafrost: --config: open file " + closed +
                                 ": Permission denied (errno 13); name a TOML file\n");
}

TEST_F(PermafrostConfig, BytesThatAreNoTomlAreOneLineAndTwo) {
  ExpectRefused(
      std::string("a = 'x\0y'\n", 10),
      "3:7: not TOML: error while parsing literal string: control characters other than TAB "
      "(U+0009) are explicitly prohibited; correct it");
  ExpectRefused("a = '\xff'\n", "3:5: not TOML: encountered invalid utf-8 sequence; correct it");
  ExpectRefused("backfill.workers = 1\nbackfill.workers = 1\n",
                "4:20: not TOML: error while parsing key-value pair: cannot redefine existing "
                "integer 'backfill.workers'; correct it");
  EXPECT_EQ(Check(FileWith("backfill.workers = 1\r\n\r\n")).code, 0);
  EXPECT_EQ(Check(scratch_.Write("empty.toml", "")).code, 2);
}

TEST_F(PermafrostConfig, AFileIsAlsoALinkOrAPipe) {
  const std::string file = FileWith("");
  const std::string link = scratch_.Join("link.toml");
  ASSERT_EQ(::symlink(file.c_str(), link.c_str()), 0);

  EXPECT_EQ(Check(link).code, 0);
  EXPECT_EQ(Check("/dev/stdin", "<" + file).code, 0);
}

TEST_F(PermafrostConfig, EveryKeyIsAFlag) {
  std::string flags;
  for (const Leaf& leaf : Leaves()) flags += " --" + std::string(leaf.path) + "=''";
  const Ran ran = Command("config print" + flags);

  EXPECT_EQ(ran.code, 2);
  for (const Leaf& leaf : Leaves()) {
    const bool may_be_empty = leaf.type == LeafType::kText && leaf.default_text.empty();
    if (may_be_empty || leaf.path == "backfill.datastore.type") continue;
    EXPECT_THAT(ran.err, HasSubstr("permafrost: --" + std::string(leaf.path) + ": " +
                                   std::string(leaf.path) + " is '': must be "));
  }
}

TEST_F(PermafrostConfig, UnknownAndRepeatedFlagsAreRefused) {
  const std::string file = FileWith("");

  ExpectUsage(Check(file, "--storage.hots x"),
              "permafrost: no flag '--storage.hots'; did you mean '--storage.hot'?; see permafrost "
              "config check --help\n");
  ExpectUsage(Check(file, "--storage.hot x --storage.hot y"),
              "permafrost: --storage.hot: stands there more than once; see permafrost config check "
              "--help\n");
  ExpectUsage(Command("config check"),
              "permafrost: '--config' is missing; see permafrost config check --help\n");
}

TEST_F(PermafrostConfig, PrintedIsTheConfiguration) {
  const Ran printed = Command("config print --retention.retention_chunks 5 --config " +
                              FileWith("backfill.workers = 3\n"));
  const std::string file = scratch_.Write("printed.toml", printed.out);

  EXPECT_EQ(printed.code, 0) << printed.err;
  EXPECT_THAT(printed.out, HasSubstr("\nretention_chunks = 5  # flag\n"));
  EXPECT_THAT(printed.out, HasSubstr("\nworkers = 3  # " + scratch_.Join("p.toml") + ":3:10\n"));
  EXPECT_THAT(printed.out, HasSubstr("\nmax_retries = 3  # default\n"));
  EXPECT_THAT(Check(file).out, StartsWith("valid: 59 of 59 keys set; "));
}

TEST_F(PermafrostConfig, PrintedAsJsonHasValuesAndOrigins) {
  const auto json =
      nlohmann::json::parse(Command("config print --json --storage.reserve_bytes 64MiB").out);

  EXPECT_EQ(json.size(), Leaves().size());
  EXPECT_EQ(json["storage.reserve_bytes"]["value"], 64 << 20);
  EXPECT_EQ(json["storage.reserve_bytes"]["origin"], "flag");
  EXPECT_EQ(json["backfill.bsb.retry_wait"]["value"], "5s");
  EXPECT_EQ(json["storage.hot"]["value"], "hot");
  EXPECT_TRUE(json["ingestion.source"]["value"].is_null());
}

}  // namespace
}  // namespace permafrost::engine
