// `permafrost audit --deep` as a shell sees it.
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

  TempDir scratch_;
};

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
  const std::string name = "data/ledgers/00000/00000001.pack";
  std::string bytes = ReadText(scratch_.Join(name));
  bytes[bytes.size() / 3] ^= 1;
  scratch_.Write(name, bytes);

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

}  // namespace
}  // namespace permafrost::engine
