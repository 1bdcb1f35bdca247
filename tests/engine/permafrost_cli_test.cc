// The permafrost command as a shell sees it: output, the one error line, and the exit code.
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/engine/permafrost_process.h"
#include "tests/status_matchers.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/posix/posix_file_system.h"

namespace permafrost::engine {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class PermafrostCli : public ::testing::Test {
 protected:
  PermafrostCli() { EXPECT_EQ(::mkdir(data_.c_str(), 0700), 0); }

  void MakeStore() { FillRealStore(data_); }
  Ran Command(const std::string& arguments) { return RunBinary(scratch_, arguments); }

  TempDir scratch_;
  const std::string data_ = scratch_.Join("data");
};

TEST_F(PermafrostCli, VersionNamesTheStoreFormat) {
  EXPECT_EQ(Command("version").out, "permafrost 0.1.0 (store format 1)\n");
  EXPECT_EQ(nlohmann::json::parse(Command("version --json").out)["store_format"], 1);
}

TEST_F(PermafrostCli, ASoundStorePassesTheAudit) {
  MakeStore();

  const Ran text = Command("audit --data " + data_);
  const Ran json = Command("audit --json --data " + data_);

  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, EndsWith("floor chunk 0: 0 violations\n"));
  EXPECT_THAT(nlohmann::json::parse(json.out)["violations"], IsEmpty());
  EXPECT_EQ(nlohmann::json::parse(json.out)["geometry"], "8/3/2");
}

TEST_F(PermafrostCli, AuditNamesEachViolation) {
  MakeStore();
  ASSERT_OK_AND_ASSIGN(auto fs, vfs::PosixFileSystem::Open(data_));
  ASSERT_OK(fs->Unlink("ledgers/00000/00000001.pack"));
  ASSERT_OK(fs->Create("events/00000/stray"));
  ASSERT_OK(fs->MakeDir("hot/00000009"));

  const Ran ran = Command("audit --data " + data_);

  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("invariant 10 (always): events/00000/stray is named by no key\n"));
  EXPECT_THAT(ran.out, HasSubstr("invariant 11 (always): chunk:00000001:ledgers is frozen but "
                                 "ledgers/00000/00000001.pack is missing\n"));
  EXPECT_THAT(ran.out, HasSubstr("invariant 13 (always): directory hot/00000009 has no hot key\n"));
  EXPECT_THAT(ran.out, EndsWith("3 violations\n"));
}

TEST_F(PermafrostCli, DumpPrintsKeysAndValues) {
  MakeStore();

  const Ran text = Command("catalog dump --data " + data_);
  const Ran json = Command("catalog dump --json --data " + data_);

  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("\nconfig:geometry 8/3/2\n"));
  EXPECT_THAT(text.out, HasSubstr("\nhot:chunk:00000002 v1 ready\n"));
  EXPECT_EQ(nlohmann::json::parse(json.out)[0]["key"], "chunk:00000000:events");
}

TEST_F(PermafrostCli, AnUnknownFlagIsOneLineAndTwo) {
  ExpectUsage(Command("audit --thoroughly --data " + data_),
              "permafrost: no flag '--thoroughly'; see permafrost audit --help\n");
  ExpectUsage(Command("audit --dta " + data_),
              "permafrost: no flag '--dta'; did you mean '--data'?; see permafrost audit --help\n");
}

TEST_F(PermafrostCli, AnUnknownCommandIsNamedWithTheNearest) {
  ExpectUsage(Command("audti --data " + data_),
              "permafrost: no command 'audti'; did you mean 'audit'?; known: audit catalog "
              "config ingest get status serve journal records version; see permafrost --help\n");
  ExpectUsage(Command("catalog dunp --data " + data_),
              "permafrost: no command 'dunp'; did you mean 'dump'?; known: dump; see permafrost "
              "catalog --help\n");
}

TEST_F(PermafrostCli, NoCommandIsOneLineAndTwo) {
  ExpectUsage(
      Command(""),
      "permafrost: a command is missing; known: audit catalog config ingest get status serve "
      "journal records version; see permafrost --help\n");
}

TEST_F(PermafrostCli, AMissingOrImpossibleValueIsNamed) {
  ExpectUsage(Command("audit"), "permafrost: '--data' is missing; see permafrost audit --help\n");
  ExpectUsage(Command("audit --retention-chunks -1 --data " + data_),
              "permafrost: --retention-chunks: '-1' is not a whole number from 0 to 4294967295; "
              "see permafrost audit --help\n");
  ExpectUsage(Command("audit --watch 0 --data " + data_),
              "permafrost: --watch: '0' is not a whole number from 1 to 4294967295; see "
              "permafrost audit --help\n");
}

TEST_F(PermafrostCli, VersionAndHelpAreFlagsAndCommands) {
  EXPECT_EQ(Command("--version").out, Command("version").out);
  EXPECT_EQ(Command("help audit").out, Command("audit --help").out);
  EXPECT_EQ(Command("help").out, Command("--help").out);
  EXPECT_EQ(Command("--help").code, 0);
}

TEST_F(PermafrostCli, AFullStandardOutputIsOneLineAndSeventy) {
  const Ran ran = Command("version >/dev/full");

  EXPECT_EQ(ran.code, 70);
  EXPECT_THAT(ran.err, StartsWith("permafrost: write standard output: No space left on device"));
}

TEST_F(PermafrostCli, AFileInPlaceOfTheDirectoryIsOneLineAndTwo) {
  ASSERT_OK_AND_ASSIGN(auto fs, vfs::PosixFileSystem::Open(scratch_.path()));
  ASSERT_OK(fs->Create("file"));
  const std::string file = scratch_.Join("file");

  for (const char* command : {"audit", "catalog dump"}) {
    ExpectUsage(Command(command + (" --data " + file)),
                "permafrost: --data '" + file + "': open root " + file +
                    ": Not a directory (errno 20); name the data directory of a store\n");
  }
}

TEST_F(PermafrostCli, ARootThatIsAFileIsNamedAndNobodyHoldsIt) {
  MakeStore();
  ASSERT_EQ(::rename((data_ + "/hot").c_str(), (data_ + "/moved").c_str()), 0);
  ASSERT_OK_AND_ASSIGN(auto fs, vfs::PosixFileSystem::Open(data_));
  ASSERT_OK(fs->Create("hot"));

  ExpectUsage(Command("audit --data " + data_),
              "permafrost: lock hot/permafrost.lock: Not a directory (errno 20)\n");
}

TEST_F(PermafrostCli, ALockFileThatIsRefusedIsNotAHeldRoot) {
  MakeStore();
  ASSERT_OK_AND_ASSIGN(auto fs, vfs::PosixFileSystem::Open(data_));
  ASSERT_OK(fs->Unlink("hot/permafrost.lock"));
  ASSERT_OK(fs->MakeDir("hot/permafrost.lock"));  // what the system answers to any user

  const Ran ran = Command("audit --data " + data_);

  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, StartsWith("permafrost: lock hot/permafrost.lock: Is a directory"));
}

TEST_F(PermafrostCli, AMissingDirectoryIsOneLineAndTwo) {
  const Ran ran = Command("audit --data " + data_ + "/nowhere");

  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err, "permafrost: --data '" + data_ + "/nowhere': open root " + data_ +
                         "/nowhere: No such file or directory (errno 2); name the data directory "
                         "of a store\n");
}

TEST_F(PermafrostCli, ADirectoryWithoutAStoreIsRefusedAndLeftAlone) {
  const Ran ran = Command("catalog dump --data " + data_);

  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err,
            "permafrost: open store: no catalog root 'catalog'; check the data directory\n");
  EXPECT_EQ(::rmdir(data_.c_str()), 0);  // still empty
}

TEST_F(PermafrostCli, AHeldRootIsOneLineAndThree) {
  RealStore real(data_);

  const Ran ran = Command("audit --data " + data_);

  EXPECT_EQ(ran.code, 3);
  EXPECT_EQ(ran.err,
            "permafrost: open store: the catalog root is held: lock catalog/permafrost.lock: held "
            "by another process (pid 4242); stop it or use another directory\n");
}

TEST_F(PermafrostCli, ACorruptKeyIsOneLineAndFour) {
  {
    RealStore real(data_);
    vfs::RocksBatch batch;
    batch.Put(vfs::kDefaultFamily, "chunk:7:ledgers", "v1 frozen");
    ASSERT_OK(real.store().catalog().db()->Write(batch, vfs::SyncWrite::kYes));
    ASSERT_OK(real.Close());
  }

  const Ran dump = Command("catalog dump --data " + data_);
  const Ran audit = Command("audit --data " + data_);

  EXPECT_EQ(dump.code, 4);
  EXPECT_EQ(dump.err,
            "permafrost: parse catalog key 'chunk:7:ledgers': not a key of geometry 8/3/2\n");
  EXPECT_EQ(audit.code, 4);
  EXPECT_THAT(audit.out, StartsWith("invariant 9 (always): parse catalog key 'chunk:7:ledgers'"));
}

}  // namespace
}  // namespace permafrost::engine
