// permafrost journal tail: what it prints when, how it waits, and how it ends.
#include <cstdlib>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "engine/daemon/journal_tail_command.h"
#include "tests/engine/journal/follower.h"
#include "tests/engine/permafrost_journal.h"

namespace permafrost::engine {
namespace {

using journal::testing::AppendUpTo;
using journal::testing::BodyOf;
using journal::testing::BootOptions;
using journal::testing::JournalWorld;
using journal::testing::kDir;
using journal::testing::kType;
using journal::testing::ThisBoot;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

using PermafrostTail = JournalDirectory;

// A tail on a simulated disk: what it printed between its pauses.
class SimTail {
 public:
  explicit SimTail(JournalWorld* world) : world_(world) {}

  // `meanwhile` is what happens in a pause for more; false ends the tail.
  template <class Meanwhile>
  CommandResult Run(const JournalTailOptions& tail, Meanwhile meanwhile) {
    const JournalPlaceOptions place{.directory = kDir, .holder = "42", .boot_id = ThisBoot()};
    return JournalTailCommand(
        world_->Env(), place, tail,
        [&](std::uint64_t nanos) -> absl::StatusOr<bool> {
          if (nanos == 0) return false;
          printed.emplace_back();
          return !meanwhile(printed.size() - 1);
        },
        [&](std::string_view line) {
          printed.back() += std::string(line.substr(0, line.find(' '))) + ",";
          return absl::OkStatus();
        });
  }

  std::vector<std::string> printed = {""};

 private:
  JournalWorld* const world_;
};

TEST(JournalTail, PrintsARecordInTheFirstPauseAfterItIsDurable) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open(BootOptions()));
  AppendUpTo(*journal, 20);
  SimTail tail(&world);

  const CommandResult result =
      tail.Run({.which = {.from = 18}, .at_the_end = AtTheEnd::kFollow}, [&](std::size_t pause) {
        if (pause == 1) AppendUpTo(*journal, 21);
        if (pause == 2)
          static_cast<void>(journal->Buffer(kType, BodyOf(22)).ok());  // not durable yet
        if (pause == 3) AppendUpTo(*journal, 60);                      // over segments
        return pause < 4;
      });

  EXPECT_EQ(result.err, "");
  ASSERT_THAT(tail.printed, SizeIs(5));
  EXPECT_EQ(tail.printed[0], "18,19,20,");
  EXPECT_EQ(tail.printed[1], "21,");
  EXPECT_EQ(tail.printed[2], "");
  EXPECT_THAT(tail.printed[3], StartsWith("22,23,"));
  EXPECT_THAT(tail.printed[3], ::testing::EndsWith(",59,60,"));
}

TEST(JournalTail, EndsWhereNoMoreIsDurableOrAtItsLimit) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open(BootOptions()));
  AppendUpTo(*journal, 5);
  const auto never = [](std::size_t /*pause*/) {
    ADD_FAILURE() << "it waited";
    return false;
  };
  SimTail all(&world);
  SimTail two(&world);
  SimTail none(&world);

  EXPECT_EQ(all.Run({}, never).err, "");
  EXPECT_EQ(two.Run({.which = {.limit = 2}, .at_the_end = AtTheEnd::kFollow}, never).err, "");
  EXPECT_EQ(none.Run({.which = {.type = "epoch"}}, never).err, "");

  EXPECT_THAT(all.printed, ElementsAre("1,2,3,4,5,"));
  EXPECT_THAT(two.printed, ElementsAre("1,2,"));
  EXPECT_THAT(none.printed, ElementsAre(""));
}

TEST_F(PermafrostTail, PrintsWhatADumpPrints) {
  Fill();
  ASSERT_EQ(Append({kEpoch}).code, 0);
  for (const char* flags : {"", "--json", "--from 2 --limit 2", "--type epoch --json"}) {
    const std::string rest = std::string(flags) + " --dir " + dir_;
    const Ran tail = Command("journal tail " + rest);
    EXPECT_EQ(tail.code, 0) << tail.err;
    EXPECT_EQ(tail.out, Command("journal dump " + rest).out) << flags;
    EXPECT_THAT(tail.out, HasSubstr("AQI="));
  }
}

// The second record is written only after the first was seen, and the writer lives on.
TEST_F(PermafrostTail, FollowsAWriterAndEndsWithZeroWhenAsked) {
  const std::string in = scratch_.Join("in");
  const std::string out = scratch_.Join("out");
  const std::string told = scratch_.Join("told");
  for (const std::string signal : {"TERM", "INT"}) {
    const std::string script = scratch_.Write(
        "script", "seen() { for i in $(seq 300); do [ \"$(wc -l <" + out +
                      ")\" = $1 ] && return; sleep 0.1; done; echo \"never saw $1\"; }\n" +
                      "rm -rf " + dir_ + " " + in + "; mkfifo " + in + "; exec 3<>" + in + "; : >" +
                      out + "\n" + BinaryPath() +
                      " journal append --journal.segment_bytes 65536 --dir " + dir_ +
                      " --json-file " + in + " >/dev/null & writer=$!\n" + "until [ -e " + dir_ +
                      "/" + first_segment_ + " ]; do sleep 0.1; done\n" +
                      // A shell's background jobs ignore SIGINT unless somebody else starts them.
                      "env " + BinaryPath() + " journal tail --follow --dir " + dir_ + " >" + out +
                      " & tail=$!\n" + "{ echo '" + kEpoch + "' >&3; seen 1; echo '" + kAccounts +
                      "' >&3; seen 2\nkill -" + signal + " $tail; wait $tail; echo $?; } >" + told +
                      "\nkill -TERM $writer; wait $writer; :\n");
    ASSERT_EQ(std::system(("sh " + script + " 2>/dev/null").c_str()), 0);

    EXPECT_EQ(ReadText(told), "0\n") << signal;
    EXPECT_EQ(ReadText(out), Command("journal dump --dir " + dir_).out);
  }
}

TEST_F(PermafrostTail, AReaderThatLeavesEndsItThoughNothingComes) {
  Fill();
  const std::string code = scratch_.Join("code");

  const Ran ran = Command("version >/dev/null; (" + BinaryPath() + " journal tail --follow --dir " +
                          dir_ + "; echo $? >" + code + ") | head -n 1");

  EXPECT_THAT(ran.out, StartsWith("1 64 assertion "));
  EXPECT_EQ(ReadText(code), "141\n");
}

TEST_F(PermafrostTail, RefusalsAreThoseOfADump) {
  Fill();
  ASSERT_EQ(Append({kEpoch}).code, 0);
  ASSERT_EQ(
      Command("journal checkpoint --journal.segment_bytes 65536 --cursor a=4 --dir " + dir_).code,
      0);

  EXPECT_THAT(Command("journal tail --dir " + dir_).out, StartsWith("4 "));
  ExpectUsage(Command("journal tail --from 1 --dir " + dir_),
              "permafrost: read journal: LSN 1 was truncated, the first that is there is 4\n");
  ExpectUsage(Command("journal tail --dir " + scratch_.Join("none")),
              "permafrost: open journal none: list none: No such file or directory (errno 2); name "
              "a journal's directory\n");
  ExpectUsage(Command("journal tail --folow --dir " + dir_),
              "permafrost: no flag '--folow'; did you mean '--follow'?; see permafrost journal "
              "tail --help\n");
  EXPECT_EQ(Command("journal tail --help").code, 0);
}

TEST_F(PermafrostTail, DamageIsFourAndItsPlace) {
  Fill();
  ASSERT_EQ(Append({kEpoch}).code, 0);  // what follows proves that all of the first was durable
  Overwrite(first_segment_, 150, "damage");

  const Ran ran = Command("journal tail --dir " + dir_);

  EXPECT_EQ(ran.code, 4);
  EXPECT_THAT(ran.out, StartsWith("1 64 assertion "));
  EXPECT_THAT(ran.out, SizeIs(ran.out.find('\n') + 1));
  EXPECT_THAT(ran.err, HasSubstr("damage at byte 144 (offset 144): expected crc32c "));
}

}  // namespace
}  // namespace permafrost::engine
