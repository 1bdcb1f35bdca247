// The rules of the house over the sources of the checkout; and, for each rule, a planted offence
// that it must find.
//
// Run from the repository root. What a rule means and why it is there: the style guide's sections
// 5.1 to 5.12.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/fault_points.h"
#include "tests/tidy/rules.h"
#include "tests/tidy/source_file.h"
#include "vfs/base/step_labels.h"

namespace permafrost::tidy {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<SourceFile>& Tree() {
  static const std::vector<SourceFile> kTree = LoadTree(".");
  return kTree;
}

std::vector<std::string_view> FaultPointNames() {
  std::vector<std::string_view> names;
  for (const faults::FaultPoint& point : faults::FaultPoints()) names.push_back(point.name);
  return names;
}

std::vector<std::string_view> StepLabelNames() {
  std::vector<std::string_view> labels;
  for (const vfs::StepLabel& entry : vfs::kStepLabels) labels.push_back(entry.label);
  return labels;
}

#define EXPECT_TIDY(offences) EXPECT_EQ(ToString(offences), "")

TEST(Tidy, TheFirstLineOfEveryFileSaysWhatItIs) { EXPECT_TIDY(CheckFirstLine(Tree())); }
TEST(Tidy, NoLineIsLongerThanAHundredColumns) { EXPECT_TIDY(CheckColumns(Tree())); }
TEST(Tidy, SourcesArePrintableAscii) { EXPECT_TIDY(CheckAscii(Tree())); }
TEST(Tidy, NothingIsLeftForLater) { EXPECT_TIDY(CheckOpenEnds(Tree())); }
TEST(Tidy, NoFileIsLongerThanFiveHundredLines) { EXPECT_TIDY(CheckFileLength(Tree())); }
TEST(Tidy, BannedWordsStandOnlyWhereTheyAreAllowed) { EXPECT_TIDY(CheckBans(Tree())); }
TEST(Tidy, IncludesPointDownwards) { EXPECT_TIDY(CheckLayering(Tree())); }
TEST(Tidy, HeavyHeadersStayInFewFiles) { EXPECT_TIDY(CheckHeavyHeaders(Tree())); }
TEST(Tidy, TestsAreNamedAfterWhatTheyTest) { EXPECT_TIDY(CheckTestNames(Tree())); }
TEST(Tidy, EveryHeaderIsIncludedBySomebody) { EXPECT_TIDY(CheckDeadHeaders(Tree())); }
TEST(Tidy, EverySourceIsRegisteredWithCMake) { EXPECT_TIDY(CheckRegistration(Tree())); }
TEST(Tidy, FaultPointsAndTheirLiteralsAgree) {
  EXPECT_TIDY(CheckFaultPoints(Tree(), FaultPointNames()));
}
TEST(Tidy, StepLabelsAndTheirRegistryAgree) {
  EXPECT_TIDY(CheckStepLabels(Tree(), StepLabelNames()));
}

TEST(Tidy, TheTreeWasFound) {
  std::map<std::string_view, int> files;
  for (const SourceFile& file : Tree()) ++files[RoomOf(file.path)];

  for (const char* room : {"vfs", "faults", "engine", "sim", "tests"})
    EXPECT_GT(files[room], 3) << room;
}

TEST(Tidy, StepLabelsAreSortedAndUnique) {
  const std::vector<std::string_view> labels = StepLabelNames();

  EXPECT_TRUE(std::is_sorted(labels.begin(), labels.end()));
  EXPECT_EQ(std::set<std::string_view>(labels.begin(), labels.end()).size(), labels.size());
}

// The self-test: what each rule must find, in files that exist only here.

std::vector<SourceFile> Files1(std::string path, std::string_view text) {
  return {MakeSourceFile(std::move(path), text)};
}

TEST(TidySelfTest, AFirstLineWithoutASentenceIsFound) {
  EXPECT_THAT(ToString(CheckFirstLine(Files1("vfs/a.h", "#pragma once\n"))),
              HasSubstr("vfs/a.h:1: first line"));
  EXPECT_THAT(ToString(CheckFirstLine(Files1("vfs/a.h", "// a.h\n"))), HasSubstr("first line"));
  EXPECT_THAT(ToString(CheckFirstLine(Files1("vfs/CMakeLists.txt", "add_library(a)\n"))),
              HasSubstr("first line"));
  EXPECT_THAT(CheckFirstLine(Files1("vfs/a.h", "// Names and classes of calls.\n")), IsEmpty());
}

TEST(TidySelfTest, ALineBeyondTheLimitIsFound) {
  EXPECT_THAT(CheckColumns(Files1("vfs/a.h", std::string(100, 'x') + "\n")), IsEmpty());
  EXPECT_THAT(ToString(CheckColumns(Files1("vfs/a.h", "\n" + std::string(101, 'x') + "\n"))),
              HasSubstr("vfs/a.h:2: line of 101 columns"));
}

TEST(TidySelfTest, ForeignCharactersTabsAndTrailingBlanksAreFound) {
  EXPECT_THAT(ToString(CheckAscii(Files1("vfs/a.h", "// 3 \xc2\xb5s\n"))),
              HasSubstr("not printable ASCII"));
  EXPECT_THAT(ToString(CheckAscii(Files1("vfs/a.h", "\tint a;\n"))),
              HasSubstr("not printable ASCII"));
  EXPECT_THAT(ToString(CheckAscii(Files1("vfs/a.h", "int a; \n"))), HasSubstr("blank at the end"));
  EXPECT_THAT(CheckAscii(Files1("vfs/a.h", "int a;\n")), IsEmpty());
}

TEST(TidySelfTest, WorkLeftForLaterIsFound) {
  EXPECT_THAT(ToString(CheckOpenEnds(Files1("sim/a.cc", "// FIXME(me): later\n"))),
              HasSubstr("sim/a.cc:1: FIXME"));
  EXPECT_THAT(ToString(CheckOpenEnds(Files1("sim/CMakeLists.txt", "# TODO\n"))), HasSubstr("TODO"));
  EXPECT_THAT(CheckOpenEnds(Files1("sim/a.cc", "// kTodoList is a name\n")), IsEmpty());
}

TEST(TidySelfTest, AFileThatIsTooLongIsFound) {
  std::string text;
  for (int i = 0; i < 501; ++i) text += "int a;\n";

  EXPECT_THAT(ToString(CheckFileLength(Files1("sim/a.cc", text))),
              HasSubstr("sim/a.cc:0: file of 501 lines"));
  EXPECT_THAT(CheckFileLength(Files1("sim/a.cc", text.substr(7))), IsEmpty());
}

TEST(TidySelfTest, EveryBannedWordIsFoundInTheEngineAndNamesItsReplacement) {
  for (const auto& [line, replacement] :
       std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"auto t = std::chrono::steady_clock::now();", "vfs::Clock"},
           {"std::this_thread::sleep_for(1s);", "vfs::Clock::SleepNanos"},
           {"usleep(3);", "vfs::Clock::SleepNanos"},
           {"int a = std::rand();", "vfs::Prng"},
           {"std::random_device device;", "vfs::Prng"},
           {"std::thread worker(Run);", "vfs::Executor"},
           {"const char* home = getenv(name);", "an option that main reads"},
           {"const auto pid = getpid();", "vfs::LockOptions::content"},
           {"std::filesystem::path path;", "vfs::FileSystem"},
           {"#include <fstream>", "vfs::FileSystem"},
           {"std::ifstream in(path);", "vfs::FileSystem"},
           {"std::hash<int> hash;", "vfs::HashBytes"},
           {"absl::Mutex mu;", "vfs::Mutex"},
           {"std::unordered_map<int, int> m;", "std::map, absl::btree_map"},
           {"absl::flat_hash_set<int> s;", "std::map, absl::btree_map"},
           {"fs->SyncDir(path);", "a barrier of vfs/durable.h"},
           {"throw 1;", "absl::Status"},
           {"std::printf(text);", "vfs::Log"},
           {"std::cout << 1;", "vfs::Log"},
           {"std::map<Node*, int> nodes;", "a key that is equal in every process"},
           {"std::set<const vfs::File*> files;", "a key that is equal in every process"},
       }) {
    EXPECT_THAT(ToString(CheckBans(Files1("engine/a.cc", line))), HasSubstr(replacement)) << line;
  }
}

TEST(TidySelfTest, BannedWordsInCommentsTextsLongerNamesAndAllowedRoomsAreNot) {
  EXPECT_THAT(
      CheckBans(Files1("engine/a.cc",
                       "// std::thread is banned; sleep too\n/* throw\n throw */ int a;\n")),
      IsEmpty());
  EXPECT_THAT(
      CheckBans(Files1("engine/a.cc",
                       "auto a = \"throw\"; auto b = R\"(getpid()\n throw)\"; char c = '\"';\n")),
      IsEmpty());
  EXPECT_THAT(CheckBans(Files1(
                  "engine/a.cc",
                  "int known(); int rethrow; auto a = snprintf_like(x); long n = 1'000'000;\n")),
              IsEmpty());
  EXPECT_THAT(
      CheckBans(Files1("engine/a.cc", "std::map<int, Node*> nodes; a->BeginSyncDirs(1);\n")),
      IsEmpty());
  EXPECT_THAT(CheckBans(Files1("vfs/posix/a.cc", "std::thread t; getpid(); clock::now();\n")),
              IsEmpty());
  EXPECT_THAT(CheckBans(Files1("vfs/durable.cc", "fs->SyncDir(path);\n")), IsEmpty());
}

TEST(TidySelfTest, AWordAfterATextIsStillFound) {
  EXPECT_THAT(ToString(CheckBans(Files1("sim/a.cc", "Log(\"a \\\" b\"); throw 1;\n"))),
              HasSubstr("'throw'"));
  EXPECT_THAT(ToString(CheckBans(Files1("sim/a.cc", "auto r = R\"x(a)\" b)x\"; throw 1;\n"))),
              HasSubstr("'throw'"));
  EXPECT_THAT(ToString(CheckBans(Files1("sim/a.cc", "int n = 10'000; /* a */ throw 1;\n"))),
              HasSubstr("'throw'"));
}

TEST(TidySelfTest, AnIncludeUpwardsIsFound) {
  for (const auto& [path, include] : std::initializer_list<std::pair<std::string, std::string>>{
           {"vfs/a.h", "engine/b.h"},
           {"engine/a.h", "faults/b.h"},
           {"engine/a.h", "sim/b.h"},
           {"faults/a.h", "engine/b.h"},
           {"sim/a.h", "tests/b.h"},
           {"vfs/base/a.h", "vfs/b.h"},
           {"engine/a.h", "b.h"},
       }) {
    EXPECT_EQ(CheckLayering(Files1(path, "#include \"" + include + "\"\n")).size(), 1U)
        << path << " -> " << include;
  }
  EXPECT_THAT(CheckLayering(Files1("sim/a.h", "#include \"engine/b.h\"\n#include <vector>\n")),
              IsEmpty());
}

TEST(TidySelfTest, AHeavyHeaderInTheWrongRoomIsFound) {
  EXPECT_THAT(ToString(CheckHeavyHeaders(Files1("engine/layout/a.h", "#include <rocksdb/db.h>\n"))),
              HasSubstr("<rocksdb/db.h> belongs in vfs/rocksdb/"));
  EXPECT_EQ(CheckHeavyHeaders(Files1("sim/a.cc", "#include <gmock/gmock.h>\n")).size(), 1U);
  EXPECT_THAT(CheckHeavyHeaders(Files1("vfs/rocksdb/a.cc", "#include <rocksdb/db.h>\n")),
              IsEmpty());
}

TEST(TidySelfTest, ATestNamedAfterNothingIsFound) {
  const std::vector<SourceFile> files = {
      MakeSourceFile("engine/layout/keys.h", ""),
      MakeSourceFile("tests/engine/keys_hostile_test.cc", ""),
      MakeSourceFile("tests/engine/layout_test.cc", ""),
      MakeSourceFile("tests/engine/layout/random_test.cc", ""),
      MakeSourceFile("tests/engine/zebra_test.cc", ""),
      MakeSourceFile("tests/engine/zoo/keys_test.cc", ""),
  };

  EXPECT_EQ(ToString(CheckTestNames(files)),
            "tests/engine/zebra_test.cc:0: no file or folder of engine/ begins with that word\n"
            "tests/engine/zoo/keys_test.cc:0: there is no folder engine/zoo to mirror\n");
}

TEST(TidySelfTest, AHeaderThatOnlyItsOwnSourceIncludesIsDead) {
  const std::vector<SourceFile> files = {
      MakeSourceFile("vfs/dead.h", ""),
      MakeSourceFile("vfs/dead.cc", "#include \"vfs/dead.h\"\n"),
      MakeSourceFile("vfs/live.h", ""),
      MakeSourceFile("vfs/user.cc", "#include \"vfs/live.h\"\n// #include \"vfs/dead.h\"\n"),
  };

  EXPECT_THAT(ToString(CheckDeadHeaders(files)), HasSubstr("vfs/dead.h:0: nobody includes"));
  EXPECT_EQ(CheckDeadHeaders(files).size(), 1U);
}

TEST(TidySelfTest, ASourceThatNoCMakeFileNamesIsFound) {
  const std::vector<SourceFile> files = {
      MakeSourceFile("tests/vfs/CMakeLists.txt",
                     "permafrost_test(a SOURCES named_test.cc sub/deep_test.cc)\n"),
      MakeSourceFile("tests/vfs/named_test.cc", ""),
      MakeSourceFile("tests/vfs/sub/deep_test.cc", ""),
      MakeSourceFile("tests/vfs/med_test.cc", ""),
      MakeSourceFile("tests/sim/deep_test.cc", ""),
  };

  EXPECT_EQ(ToString(CheckRegistration(files)),
            "tests/vfs/med_test.cc:0: no CMake file names this file: it is never compiled\n"
            "tests/sim/deep_test.cc:0: no CMake file names this file: it is never compiled\n");
}

TEST(TidySelfTest, AFaultPointWithTwoSitesOrNoneOrNoEntryIsFound) {
  constexpr std::array<std::string_view, 3> kNames = {"vfs/list", "vfs/open", "vfs/read"};
  const std::vector<SourceFile> files = {
      MakeSourceFile("faults/fault_points.cc", "{\"vfs/list\"}, {\"vfs/open\"}, {\"vfs/read\"}\n"),
      MakeSourceFile("vfs/a.cc", "FaultPoint(\"vfs/open\", p);\nFaultErrno(\"vfs/open\", p);\n"),
      MakeSourceFile("vfs/b.cc", "FaultPoint(\"vfs/list\", p);\nFaultPoint(\"vfs/lsit\", p);\n"),
      MakeSourceFile("tests/c.cc", "FaultPoint(\"vfs/list\", p); f(\"vfs/errno\");\n"),
  };

  EXPECT_EQ(ToString(CheckFaultPoints(files, kNames)),
            "vfs/b.cc:2: fault point 'vfs/lsit' is not listed in faults/fault_points.cc\n"
            "faults/fault_points.cc:0: fault point 'vfs/open' is a literal at 2 sites (vfs/a.cc:1, "
            "vfs/a.cc:2), not at one\n"
            "faults/fault_points.cc:0: fault point 'vfs/read' is a literal at 0 sites (), not at "
            "one\n");
}

TEST(TidySelfTest, AStepLabelThatIsNotListedOrNotUsedIsFound) {
  constexpr std::array<std::string_view, 3> kLabels = {"background", "freeze.flip", "freeze.mark"};
  const std::vector<SourceFile> files = {
      MakeSourceFile(
          "engine/a.cc",
          "const vfs::Step step(\"freeze.mark\");\nBarrier({.file = \"freeze.synk.file\"});\n"
          "const vfs::Step other(\"hot.wipe\"); f(\"freeze.log\", \"wal.log\");\n"),
      MakeSourceFile("engine/config/k.cc",
                     "f(\"freeze.bytes\");\nconst Step step(\"freeze.x\");\n"),
      MakeSourceFile("vfs/b.cc", "const Step step(\"background\");\n"),
      MakeSourceFile("tests/c.cc", "const vfs::Step step(\"anything\"); f(\"freeze.flip\");\n"),
  };

  EXPECT_EQ(ToString(CheckStepLabels(files, kLabels)),
            "engine/a.cc:2: step label 'freeze.synk.file' is not listed in vfs/base/step_labels.h\n"
            "engine/a.cc:3: step label 'hot.wipe' is not listed in vfs/base/step_labels.h\n"
            "engine/a.cc:3: step label 'freeze.log' is not listed in vfs/base/step_labels.h\n"
            "engine/config/k.cc:2: step label 'freeze.x' is not listed in vfs/base/step_labels.h\n"
            "vfs/base/step_labels.h:0: label 'freeze.flip' is used nowhere; remove its line\n");
}

}  // namespace
}  // namespace permafrost::tidy
