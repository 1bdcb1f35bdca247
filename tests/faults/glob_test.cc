// Globs of fault rules: what each star reaches.
#include "faults/glob.h"

#include <gtest/gtest.h>

namespace permafrost::faults {
namespace {

TEST(Glob, PlainTextMatchesItselfOnly) {
  EXPECT_TRUE(GlobMatches("hot/CURRENT", "hot/CURRENT"));
  EXPECT_FALSE(GlobMatches("hot/CURRENT", "hot/CURRENT2"));
  EXPECT_FALSE(GlobMatches("hot/CURRENT", "hot/CURREN"));
  EXPECT_TRUE(GlobMatches("", ""));
  EXPECT_FALSE(GlobMatches("", "a"));
}

TEST(Glob, OneStarStaysWithinAComponent) {
  EXPECT_TRUE(GlobMatches("ledgers/*/*.pack", "ledgers/00005/00005350.pack"));
  EXPECT_FALSE(GlobMatches("ledgers/*.pack", "ledgers/00005/00005350.pack"));
  EXPECT_TRUE(GlobMatches("*.log", ".log"));
  EXPECT_TRUE(GlobMatches("a*b*c", "aXbYbZc"));
  EXPECT_FALSE(GlobMatches("a*b*c", "aXbYbZ"));
}

TEST(Glob, TwoStarsCrossComponents) {
  EXPECT_TRUE(GlobMatches("**", "a/b/c"));
  EXPECT_TRUE(GlobMatches("**.sst", "hot/7/000012.sst"));
  EXPECT_TRUE(GlobMatches("hot/**", "hot/7/CURRENT"));
  EXPECT_FALSE(GlobMatches("hot/**", "cold/7/CURRENT"));
}

TEST(Glob, TwoStarsAndASlashMatchNoComponentToo) {
  EXPECT_TRUE(GlobMatches("a/**/b", "a/b"));
  EXPECT_TRUE(GlobMatches("a/**/b", "a/x/y/b"));
  EXPECT_TRUE(GlobMatches("**/CURRENT", "CURRENT"));
  EXPECT_FALSE(GlobMatches("a/**/b", "ab"));
}

TEST(Glob, AQuestionMarkIsOneCharacterButASlash) {
  EXPECT_TRUE(GlobMatches("0000?.log", "00007.log"));
  EXPECT_FALSE(GlobMatches("a?b", "a/b"));
  EXPECT_FALSE(GlobMatches("a?", "a"));
}

}  // namespace
}  // namespace permafrost::faults
