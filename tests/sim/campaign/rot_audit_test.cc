// Damage at rest: what a checksum notices is clean, what nothing notices is found.
#include "sim/campaign/rot_audit.h"

#include <cstdlib>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/sim/explore/tiny_scenario.h"
#include "tests/status_matchers.h"
#include "vfs/base/crc32c.h"

namespace permafrost::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

enum class Checks { kYes, kNo, kAbort };

// One file of 1,500 bytes with its checksum at the end.
class Checksummed final : public Scenario {
 public:
  explicit Checksummed(Checks checks) : checks_(checks) {}

  std::string_view name() const override { return "test/checksummed"; }
  std::string_view description() const override { return "one file"; }
  Script FixedScript(ScriptSize) const override { return {"go"}; }
  Script RandomScript(vfs::Prng&) const override { return {"go"}; }
  void Work(World& world, History&, const Script&) const override {
    std::string bytes;
    for (int i = 0; i < 150; ++i) bytes += fmt::format("line {:04};", i);
    const auto file = world.env().fs->Create("data.txt");
    ASSERT_OK((*file)->Append(bytes + fmt::format("{:08x}", vfs::Crc32c(bytes))));
    ASSERT_OK(world.env().fs->Create("empty"));
  }
  void Recover(World&, History&) const override {}
  std::string LogicalState(World&) const override { return ""; }
  std::uint64_t OpenDatabases(World&) const override { return 0; }
  std::vector<std::string> RequiredLabels() const override { return {}; }
  std::vector<std::string> RequiredProbes(const Personality&, ScriptSize) const override {
    return {};
  }
  Answers AnswersOf(World& world, const std::string&) const override {
    const std::string whole = Content(*world.env().fs, "data.txt");
    const std::string bytes = whole.substr(0, whole.size() - 8);
    const bool is_good = fmt::format("{:08x}", vfs::Crc32c(bytes)) == whole.substr(bytes.size());
    if (!is_good && checks_ == Checks::kAbort) std::abort();
    if (!is_good && checks_ == Checks::kYes) return {{"a", "error: read data.txt: checksum"}};
    return {{"a", bytes}};
  }

 private:
  const Checks checks_;
};

TEST(RotAudit, EveryByteSectorAndPlaceIsTried) {
  const Checksummed scenario(Checks::kYes);

  ASSERT_OK_AND_ASSIGN(const RotReport report, AuditRot(scenario, TinyOptions(scenario), {}));

  EXPECT_EQ(report.files, 1U) << "an empty file has nothing to damage";
  EXPECT_EQ(report.bytes, 1508U);
  // 3 sectors zeroed, 2 of them misdirected.
  EXPECT_EQ(report.total().damages, 1508U + 3 + 2);
  EXPECT_EQ(report.total().named, report.total().damages);
  EXPECT_THAT(report.findings, IsEmpty());
}

TEST(RotAudit, AnAnswerFromDamageIsAViolationOfEachKind) {
  const Checksummed scenario(Checks::kNo);

  ASSERT_OK_AND_ASSIGN(const RotReport report, AuditRot(scenario, TinyOptions(scenario), {}));

  std::vector<std::string> found;
  for (const RotFinding& finding : report.findings) found.push_back(ToString(finding.damage));
  EXPECT_THAT(found, ElementsAre("flip data.txt 0", "zero data.txt 0", "misdirect data.txt 0"));
  EXPECT_THAT(report.findings[0].text, HasSubstr("before the damage 'line 0000;"));
  // Damage of the checksum alone changes no answer of a program that does not look at it.
  EXPECT_EQ(report.total().unchanged, 8U);
}

TEST(RotAudit, TheEndOfAProcessIsAViolation) {
  const Checksummed scenario(Checks::kAbort);

  ASSERT_OK_AND_ASSIGN(const RotReport report,
                       AuditRot(scenario, TinyOptions(scenario), {.every = 500}));

  ASSERT_THAT(report.findings, ::testing::SizeIs(1));
  EXPECT_THAT(report.findings[0].text, HasSubstr("the process ended: "));
}

TEST(RotAudit, DamagesPrintAsTheyParseAndMustLieInAFile) {
  const Checksummed scenario(Checks::kYes);
  for (const char* text : {"flip a/b 17", "zero a 0", "misdirect c.log 3"}) {
    ASSERT_OK_AND_ASSIGN(const Damage damage, ParseDamage(text));
    EXPECT_EQ(ToString(damage), text);
  }
  EXPECT_ERROR(ParseDamage("flop a 1"), absl::StatusCode::kInvalidArgument,
               HasSubstr("damage 'flop a 1': expected 'flip PATH BYTE', 'zero PATH SECTOR'"));
  EXPECT_ERROR(
      AuditRot(scenario, TinyOptions(scenario), {.only = {{DamageKind::kFlip, "data.txt", 1508}}}),
      absl::StatusCode::kInvalidArgument,
      HasSubstr("damage 'flip data.txt 1508': the disk has no such byte"));
  EXPECT_ERROR(AuditRot(scenario, TinyOptions(scenario), {.files = "*.log"}),
               absl::StatusCode::kInvalidArgument,
               HasSubstr("no file of test/checksummed matches"));
}

}  // namespace
}  // namespace permafrost::sim
