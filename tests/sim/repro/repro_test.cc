// Repro files: what prints parses; a damaged one is refused with file, line and finding.
#include "sim/repro/repro.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "tests/status_matchers.h"

namespace permafrost::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

// Parses the header, a scenario line, and then `line` as line 3 of the file "f".
absl::StatusOr<Repro> ParseLine(const std::string& line) {
  return ParseRepro("powercut-repro 1\nscenario: s\n" + line + "\n", "f");
}

TEST(Repro, PrintsEveryKeyInAFixedOrder) {
  Repro repro{.scenario = "rocksdb/basic",
              .seed = 255,
              .personality = {.kind = Personality::Kind::kOrdered, .da_alloc = true},
              .is_stock = true,
              .reverts_after_failed_sync = true,
              .without = {"scan_logs", "settle_names"},
              .mutate = "drop freeze.sync.file",
              .faults = "when any nth=3 then eio",
              .has_threads = true,
              .thread_mode = ThreadMode::kFutex,
              .has_sync_points = true,
              .strategy = {.kind = StrategySpec::Kind::kPct, .depth = 2, .length = 500},
              .schedule = Schedule{{{3, 1}, {7, 0}}},
              .ops = {"put k v"},
              .cuts = {{.kind = CutKind::kProcessDeath, .point = 4, .label = "x", .ops = {"die"}},
                       {.point = 5, .choice = "c d", .label = "y"}},
              .expect = "26-acknowledged-is-present",
              .text = "k is gone",
              .story = "once upon\na time"};

  EXPECT_EQ(ToString(repro),
            "powercut-repro 1\n"
            "# once upon\n"
            "# a time\n"
            "scenario: rocksdb/basic\n"
            "seed: 0x00000000000000ff\n"
            "personality: ordered+da_alloc\n"
            "stock: yes\n"
            "after-failed-sync: revert\n"
            "without: scan_logs\n"
            "without: settle_names\n"
            "mutate: drop freeze.sync.file\n"
            "faults: when any nth=3 then eio\n"
            "threads: futex\n"
            "strategy: pct 2 500\n"
            "sync-points: yes\n"
            "schedule: 3:1 7:0\n"
            "op: put k v\n"
            "cut: death point=4 label=x\n"
            "op: die\n"
            "cut: power point=5 label=y choice=c d\n"
            "expect: 26-acknowledged-is-present\n"
            "text: k is gone\n");
}

TEST(Repro, OperationsBelongToTheCutBeforeThem) {
  ASSERT_OK_AND_ASSIGN(const Repro repro,
                       ParseRepro("powercut-repro 1\nscenario: s\nop: one\nop: two\n"
                                  "cut: death point=1 label=x\nop: three\n"
                                  "cut: death point=2 label=x\nexpect: clean\n",
                                  "f"));

  EXPECT_THAT(repro.ops, ElementsAre("one", "two"));
  ASSERT_EQ(repro.cuts.size(), 2U);
  EXPECT_THAT(repro.cuts[0].ops, ElementsAre("three"));
  EXPECT_THAT(repro.cuts[1].ops, ElementsAre());
}

TEST(Repro, BlanksCarriageReturnsAndEmptyLinesDoNotMatter) {
  ASSERT_OK_AND_ASSIGN(
      const Repro repro,
      ParseRepro("powercut-repro 1\r\n\n  scenario:   s  \r\n#story\n\texpect: clean", "f"));

  EXPECT_EQ(repro.scenario, "s");
  EXPECT_EQ(repro.story, "story");
  EXPECT_EQ(repro.expect, "");
}

TEST(Repro, AFileThatIsNoReproIsNamed) {
  EXPECT_ERROR(ParseRepro("", "f"), kInvalid,
               Eq("parse f: empty file, expected 'powercut-repro 1'"));
  EXPECT_ERROR(ParseRepro("powercut-repro 2\n", "f"), kInvalid,
               Eq("parse f line 1: found 'powercut-repro 2', expected 'powercut-repro 1'"));
  EXPECT_ERROR(
      ParseRepro(std::string(5000, 'z'), "f"), kInvalid,
      Eq("parse f line 1: found '" + std::string(60, 'z') + "', expected 'powercut-repro 1'"));
  EXPECT_ERROR(ParseRepro("powercut-repro 1\nseed: 1\n", "f"), kInvalid,
               Eq("parse f: no 'scenario:' line"));
}

TEST(Repro, AFileThatWasCutShortIsNoCleanRepro) {
  EXPECT_ERROR(ParseLine("op: put k v"), kInvalid,
               Eq("parse f: no 'expect:' line, as in a file that was cut short; add 'expect: "
                  "clean' or the invariant that is broken"));
}

TEST(Repro, AnUnknownKeyIsNamedWithTheKnownOnes) {
  EXPECT_ERROR(ParseLine("sead: 1"), kInvalid,
               Eq("parse f line 3: unknown key 'sead'; known: scenario seed personality stock "
                  "after-failed-sync without mutate faults threads sync-points strategy schedule "
                  "op cut "
                  "expect text"));
}

TEST(Repro, EveryBadValueIsNamedWithItsLine) {
  EXPECT_ERROR(ParseLine("seed"), kInvalid, Eq("parse f line 3: 'seed' is not 'key: value'"));
  EXPECT_ERROR(ParseLine("seed: many"), kInvalid, Eq("parse f line 3: 'many' is not a number"));
  EXPECT_ERROR(ParseLine("stock: maybe"), kInvalid,
               Eq("parse f line 3: 'maybe' is neither 'yes' nor 'no'"));
  EXPECT_ERROR(ParseLine("after-failed-sync: hope"), kInvalid,
               Eq("parse f line 3: 'hope' is neither 'keep' nor 'revert'"));
  EXPECT_ERROR(ParseLine("threads: native"), kInvalid,
               Eq("parse f line 3: thread mode 'native': known: futex, fiber"));
  EXPECT_ERROR(ParseLine("schedule: 3"), kInvalid,
               Eq("parse f line 3: schedule: '3' is no 'decision:thread', as in '12:3'"));
  EXPECT_ERROR(ParseLine("sync-points: 1"), kInvalid,
               Eq("parse f line 3: '1' is neither 'yes' nor 'no'"));
  EXPECT_ERROR(ParseLine("cut: fuse point=1"), kInvalid,
               Eq("parse f line 3: 'fuse point=1' begins with neither 'power' nor 'death'"));
  EXPECT_ERROR(ParseLine("personality: mild"), kInvalid,
               Eq("parse f line 3: personality 'mild': unknown word 'mild'; known: strict ordered "
                  "writeback treelog prefix all none, then +da_alloc +nopsow +tear_bytes"));
}

// A line as operations, stories and texts have it: no line end, no blank at either end.
std::string AnyLine() {
  return "x" + *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab #:=;. "))) + "x";
}

std::vector<std::string> AnyLines() {
  std::vector<std::string> lines;
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) lines.push_back(AnyLine());
  return lines;
}

Repro AnyRepro() {
  Repro repro;
  repro.scenario = AnyLine();
  repro.seed = *rc::gen::arbitrary<std::uint64_t>();
  repro.personality = {
      .kind = static_cast<Personality::Kind>(*rc::gen::inRange(0, 7)),
      .da_alloc = *rc::gen::arbitrary<bool>(),
      .nopsow = *rc::gen::arbitrary<bool>(),
      .tear_bytes = *rc::gen::arbitrary<bool>(),
  };
  repro.is_stock = *rc::gen::arbitrary<bool>();
  repro.reverts_after_failed_sync = *rc::gen::arbitrary<bool>();
  repro.without = AnyLines();
  repro.mutate = AnyLine();
  repro.faults = AnyLine();
  repro.has_threads = *rc::gen::arbitrary<bool>();
  if (repro.has_threads) {
    repro.thread_mode = *rc::gen::element(ThreadMode::kFutex, ThreadMode::kFiber);
    repro.has_sync_points = *rc::gen::arbitrary<bool>();
    repro.strategy.kind =
        *rc::gen::element(StrategySpec::Kind::kRunToBlock, StrategySpec::Kind::kUniform,
                          StrategySpec::Kind::kRandomWalk, StrategySpec::Kind::kPct);
    repro.schedule = Schedule{{{1, 2}, {*rc::gen::inRange<std::uint64_t>(2, 1'000'000), 0}}};
  }
  repro.ops = AnyLines();
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
    repro.cuts.push_back({.point = *rc::gen::arbitrary<std::uint64_t>(),
                          .choice = AnyLine(),
                          .label = AnyLine(),
                          .ops = AnyLines()});
  }
  repro.expect = AnyLine();
  repro.text = AnyLine();
  repro.story = AnyLine() + "\n" + AnyLine();
  return repro;
}

RC_GTEST_PROP(ReproProperty, WhatPrintsParsesBackToTheSameText, ()) {
  const std::string text = ToString(AnyRepro());

  const auto parsed = ParseRepro(text, "f");

  RC_ASSERT(parsed.ok());
  RC_ASSERT(ToString(*parsed) == text);
}

RC_GTEST_PROP(ReproProperty, DamagedFilesParseOrAreRefusedAndNeverAbort, ()) {
  std::string text = ToString(AnyRepro());
  const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
  text[at] = *rc::gen::arbitrary<char>();
  text.resize(*rc::gen::inRange<std::size_t>(0, text.size() + 1));

  const auto parsed = ParseRepro(text, "f");

  RC_ASSERT(parsed.ok() || absl::IsInvalidArgument(parsed.status()));
}

}  // namespace
}  // namespace permafrost::sim
