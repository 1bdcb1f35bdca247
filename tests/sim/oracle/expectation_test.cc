// The memory's judgement: what may be served after what was attempted, acknowledged and served.
#include "sim/oracle/expectation.h"

#include <map>
#include <set>

#include <gmock/gmock.h>

#include "tests/status_matchers.h"

namespace permafrost::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Event Attempt(std::string value) { return {EventKind::kAttempt, "db", std::move(value)}; }
Event Acknowledge() { return {EventKind::kAcknowledge, "db", ""}; }
Event Serve(std::string value) { return {EventKind::kServe, "db", std::move(value)}; }

// The invariants broken by these events, in order; "" for an event that breaks nothing.
std::vector<std::string> Judged(Expectation& memory, const std::vector<Event>& events) {
  std::vector<std::string> names;
  for (const Event& event : events) {
    const auto violation = memory.Fold(event);
    names.push_back(violation.has_value() ? violation->invariant : "");
  }
  return names;
}

// Whether the memory of `past` allows this answer.
bool Allows(const std::vector<Event>& past, const std::string& answer) {
  Expectation memory;
  for (const Event& event : past) memory.Fold(event);
  return !memory.Fold(Serve(answer)).has_value();
}

TEST(Expectation, AcknowledgedIsPresent) {
  const std::vector<Event> past{Attempt("a"), Acknowledge()};

  EXPECT_TRUE(Allows(past, "a"));
  EXPECT_FALSE(Allows(past, kAbsent));
}

TEST(Expectation, UnacknowledgedIsWholeOrAbsent) {
  const std::vector<Event> past{Attempt("abcd")};

  EXPECT_TRUE(Allows(past, "abcd"));
  EXPECT_TRUE(Allows(past, kAbsent));
  EXPECT_FALSE(Allows(past, "ab"));
}

TEST(Expectation, EveryAttemptSinceTheLastAcknowledgedOneIsAllowed) {
  const std::vector<Event> past{Attempt("a"), Acknowledge(), Attempt("b"), Attempt("c")};

  EXPECT_TRUE(Allows(past, "a"));
  EXPECT_TRUE(Allows(past, "b"));
  EXPECT_TRUE(Allows(past, "c"));
  EXPECT_FALSE(Allows(past, kAbsent));
}

TEST(Expectation, AnAcknowledgementEndsEverythingBeforeIt) {
  const std::vector<Event> past{Attempt("a"), Attempt("b"), Acknowledge()};

  EXPECT_TRUE(Allows(past, "b"));
  EXPECT_FALSE(Allows(past, "a"));
}

TEST(Expectation, AfterAnErrorEitherOutcomeIsAllowedAndTheServedOneStays) {
  // An attempt without acknowledgement is what a failed operation leaves.
  const std::vector<Event> past{Attempt("a"), Acknowledge(), Attempt("b")};
  Expectation took_effect;
  Expectation had_none;
  for (const Event& event : past) {
    took_effect.Fold(event);
    had_none.Fold(event);
  }

  EXPECT_THAT(Judged(took_effect, {Serve("b"), Serve("b"), Serve("a")}),
              ElementsAre("", "", "26-acknowledged-is-present"));
  EXPECT_THAT(Judged(had_none, {Serve("a"), Serve("a"), Serve("b")}),
              ElementsAre("", "", "26-acknowledged-is-present"));
}

TEST(Expectation, WhatWasNeverWrittenIsReported) {
  Expectation memory;

  EXPECT_THAT(Judged(memory, {Serve("ghost")}), ElementsAre("1-only-what-was-written"));
}

TEST(Expectation, AnEmptyMemoryAllowsAbsentOnly) {
  EXPECT_TRUE(Allows({}, kAbsent));
  EXPECT_FALSE(Allows({}, ""));
}

TEST(Expectation, DomainsAreJudgedApart) {
  Expectation memory;
  memory.Fold({EventKind::kAttempt, "one", "a"});
  memory.Fold({EventKind::kAcknowledge, "one", ""});

  EXPECT_EQ(memory.Fold({EventKind::kServe, "two", kAbsent}), std::nullopt);
  EXPECT_TRUE(memory.Fold({EventKind::kServe, "two", "a"}).has_value());
}

TEST(Expectation, TheTextNamesWhatIsMissingAndWhatIsTooMuch) {
  Expectation memory;
  memory.Fold(Attempt("k1=a;k2=b;k3=c;"));
  memory.Fold(Acknowledge());

  const auto violation = memory.Fold(Serve("k1=a;k3=d;"));

  ASSERT_TRUE(violation.has_value());
  EXPECT_EQ(violation->text,
            "db: served k1=a;k3=d;, promised k1=a;k2=b;k3=c;; difference: -k2=b -k3=c +k3=d");
}

TEST(Expectation, LongValuesAreCutInTheTextAndTheirLengthIsNamed) {
  Expectation memory;
  memory.Fold(Attempt(std::string(5000, 'x')));
  memory.Fold(Acknowledge());

  const auto violation = memory.Fold(Serve("y"));

  ASSERT_TRUE(violation.has_value());
  EXPECT_THAT(violation->text, HasSubstr("xxx... (5000 bytes)"));
  EXPECT_LT(violation->text.size(), 600U);
}

TEST(Expectation, ABreachSeenWithoutTheMemoryComesBackAsItIs) {
  Expectation memory;

  const auto violation = memory.Fold({EventKind::kViolation, "10-every-file-has-a-key", "stray"});

  EXPECT_EQ(violation, (Violation{"10-every-file-has-a-key", "stray"}));
}

TEST(Expectation, AConfigurationChangesNoPromise) {
  Expectation memory;
  memory.Fold(Attempt("a"));
  const vfs::Hash128 before = memory.Digest();

  EXPECT_EQ(memory.Fold({EventKind::kConfigure, "", "retention=3"}), std::nullopt);
  EXPECT_EQ(memory.Digest(), before);
}

// Every sequence of up to `length` events of one domain over two values and absence.
std::vector<std::vector<Event>> EverySequence(std::size_t length) {
  const std::vector<Event> alphabet{Attempt("a"), Attempt("b"), Attempt(kAbsent), Acknowledge(),
                                    Serve("a"),   Serve("b"),   Serve(kAbsent)};
  std::vector<std::vector<Event>> sequences{{}};
  for (std::size_t begin = 0; length > 0; --length) {
    const std::size_t end = sequences.size();
    for (std::size_t i = begin; i < end; ++i) {
      for (const Event& event : alphabet) {
        sequences.push_back(sequences[i]);
        sequences.back().push_back(event);
      }
    }
    begin = end;
  }
  return sequences;
}

Expectation Folded(const std::vector<Event>& events) {
  Expectation memory;
  for (const Event& event : events) memory.Fold(event);
  return memory;
}

TEST(ExpectationDigest, EqualDigestsJudgeEveryLaterEventEqually) {
  const auto later = EverySequence(3);
  std::map<vfs::Hash128, std::vector<std::vector<std::string>>> by_digest;
  std::size_t repeated = 0;
  for (const std::vector<Event>& past : EverySequence(4)) {
    std::vector<std::vector<std::string>> judgements;
    for (const std::vector<Event>& events : later) {
      Expectation memory = Folded(past);
      judgements.push_back(Judged(memory, events));
    }

    const auto [it, is_new] = by_digest.emplace(Folded(past).Digest(), judgements);

    ASSERT_EQ(it->second, judgements);
    repeated += is_new ? 0 : 1;
  }
  EXPECT_GT(repeated, 2000U);  // most of the 2,801 memories are one of few
}

TEST(ExpectationDigest, MemoriesThatCameAboutDifferentlyAreOneWhenTheyPromiseTheSame) {
  EXPECT_EQ(Folded({Attempt("a"), Acknowledge()}).Digest(), Folded({Serve("a")}).Digest());
  EXPECT_EQ(Folded({Attempt("b"), Attempt("a"), Acknowledge()}).Digest(),
            Folded({Attempt("a"), Acknowledge()}).Digest());
  EXPECT_EQ(Folded({Attempt("a"), Attempt("a")}).Digest(), Folded({Attempt("a")}).Digest());
}

TEST(ExpectationDigest, EveryPromiseCounts) {
  const std::vector<std::vector<Event>> pasts{{},
                                              {Attempt("a")},
                                              {Attempt("a"), Acknowledge()},
                                              {Attempt("b")},
                                              {Attempt("a"), Attempt("b")},
                                              {Attempt("a"), Acknowledge(), Attempt("b")}};
  std::set<vfs::Hash128> digests;
  for (const std::vector<Event>& past : pasts) digests.insert(Folded(past).Digest());

  EXPECT_EQ(digests.size(), pasts.size());
}

TEST(History, KeepsEventsInOrderAndTheNewestConfiguration) {
  History history("first");

  history.Attempt("db", "a");
  history.Acknowledge("db");
  history.Serve("db", "a");
  history.Violate("12-database-opens", "no");
  history.Configure("second");

  EXPECT_EQ(history.config(), "second");
  EXPECT_THAT(history.events(), ElementsAre(Attempt("a"), Acknowledge(), Serve("a"),
                                            Event{EventKind::kViolation, "12-database-opens", "no"},
                                            Event{EventKind::kConfigure, "", "second"}));
}

TEST(History, TheFirstConfigurationIsNoEvent) {
  const History history("first");

  EXPECT_EQ(history.config(), "first");
  EXPECT_TRUE(history.events().empty());
}

}  // namespace
}  // namespace permafrost::sim
