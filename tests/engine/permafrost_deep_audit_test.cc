// `permafrost audit --deep` and `--repair` as a shell sees them.
#include <sys/stat.h>

#include <string>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/engine/permafrost_process.h"
#include "tests/status_matchers.h"
#include "tests/vfs/temp_dir.h"

namespace permafrost::engine {
namespace {

using nlohmann::json;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class DeepAuditCli : public ::testing::Test {
 protected:
  // Three chunks frozen, window 0 finished, a run of window 1, two ledgers hot.
  void SetUp() override {
    const Ran made = Command(
        "ingest --source synthetic:7,14 --ledgers-per-chunk 4 "
        "--chunks-per-window 2 --chunks-per-bucket 2");
    ASSERT_EQ(made.code, 0) << made.err;
  }

  Ran Command(const std::string& arguments) {
    return RunBinary(scratch_, arguments + " --data " + scratch_.Join("data"));
  }

  // Flips a bit of a file below the data directory and returns what it was before.
  std::string Flip(const std::string& name) {
    std::string bytes = ReadText(scratch_.Join("data/" + name));
    const std::string before = bytes;
    bytes[bytes.size() / 3] ^= 1;
    scratch_.Write("data/" + name, bytes);
    return before;
  }

  TempDir scratch_;
};

constexpr char kPack1[] = "ledgers/00000/00000001.pack";

json Predicate(const json& report, int number) {
  for (const json& predicate : report.at("predicates"))
    if (predicate.at("number") == number) return predicate;
  return {};
}

TEST_F(DeepAuditCli, ASoundStorePasses) {
  const Ran text = Command("audit --deep");
  const Ran answer = Command("audit --deep --json");
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, EndsWith("0 violations\n"));
  const json report = json::parse(answer.out);
  EXPECT_THAT(report.at("orphans"), IsEmpty());
  EXPECT_THAT(report.at("tainted"), IsEmpty());
  EXPECT_EQ(Predicate(report, 18), json::parse(R"({"number": 18, "kind": "always", "checked": 15,
                                                   "violations": []})"));
  EXPECT_EQ(Predicate(report, 6).at("kind"), "settled");
  EXPECT_EQ(Predicate(json::parse(Command("audit --json").out), 18).at("checked"), 0);
}

TEST_F(DeepAuditCli, ADamagedFileIsNamedAndTheCodeIsFour) {
  Flip(kPack1);
  EXPECT_EQ(Command("audit").code, 0);
  const Ran text = Command("audit --deep");
  EXPECT_EQ(text.code, 4);
  EXPECT_THAT(text.out,
              HasSubstr("invariant 18 (always): read ledgers/00000/00000001.pack at 0: "));
  EXPECT_THAT(text.out,
              HasSubstr("invariant 18 (always): read ledgers/00000/00000001.pack: record "));
  const json report = json::parse(Command("audit --deep --json").out);
  EXPECT_EQ(report.at("tainted"), json::array({"chunk:00000001:ledgers"}));
  EXPECT_EQ(Predicate(report, 18).at("violations").size(), 2U);
}

TEST_F(DeepAuditCli, AFileWithoutAKeyIsAnOrphan) {
  scratch_.Write("data/ledgers/00000/00000009.pack", "stray");
  const Ran answer = Command("audit --json");
  EXPECT_EQ(answer.code, 1);
  EXPECT_EQ(json::parse(answer.out).at("orphans"), json::array({"ledgers/00000/00000009.pack"}));
}

TEST_F(DeepAuditCli, WithoutASourceDamagedLedgersStayAndTheRemedyIsNamed) {
  Flip(kPack1);
  const std::string damaged = ReadText(scratch_.Join(std::string("data/") + kPack1));
  const Ran text = Command("audit --repair");
  EXPECT_EQ(text.code, 4) << text.err;
  EXPECT_THAT(text.out,
              StartsWith("not repaired: chunk:00000001:ledgers: cannot be made again: ledgers 6 to "
                         "9 are not whole in the hot tier, an intact pack or a source; give "
                         "--source lake:DIR\ninvariant 18 (always): read " +
                         std::string(kPack1)));
  EXPECT_EQ(ReadText(scratch_.Join(std::string("data/") + kPack1)), damaged);
}

TEST_F(DeepAuditCli, ARepairMakesDamagedFilesAgain) {
  const std::string pack = Flip(kPack1);
  const std::string events = Flip("events/00000/00000000-events.pack");
  const Ran text = Command("audit --deep --repair --source synthetic:7,14");
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, StartsWith("chunk:00000000:events: made again from its ledger pack\n"
                                   "chunk:00000001:ledgers: made again from synthetic:7,14\n"));
  EXPECT_THAT(text.out, EndsWith("0 violations\n"));
  EXPECT_EQ(ReadText(scratch_.Join(std::string("data/") + kPack1)), pack);
  EXPECT_EQ(ReadText(scratch_.Join("data/events/00000/00000000-events.pack")), events);

  Flip("txhash/index/00000000/00000000-00000001.idx");
  const json report = json::parse(Command("audit --repair --json").out);
  EXPECT_EQ(report.at("repaired"),
            json::parse(R"([{"key": "index:00000000:00000000:00000001", "done": true,
                             "told": "made again from its hash runs"}])"));
  EXPECT_THAT(report.at("tainted"), IsEmpty());
  EXPECT_EQ(Predicate(report, 18).at("checked"), 15);
  EXPECT_THAT(json::parse(Command("audit --repair --json").out).at("repaired"), IsEmpty());
}

TEST_F(DeepAuditCli, ASourceOrAWatchThatARepairCannotUseIsRefused) {
  scratch_.Write("ledgers.xdr", "");
  ExpectUsage(Command("audit --repair --source stream:" + scratch_.Join("ledgers.xdr")),
              "permafrost: --source stream:" + scratch_.Join("ledgers.xdr") +
                  ": a repair asks for ledgers more than once; give lake:DIR or "
                  "synthetic:SEED,N\n");
  EXPECT_EQ(Command("audit --source synthetic:7,14").code, 2);
  EXPECT_EQ(Command("audit --repair --watch 1").code, 2);
}

}  // namespace
}  // namespace permafrost::engine
