// The table of leaves is whole: unique names, fields of their own, contiguous tables, sound
// defaults.
#include "engine/config/schema.h"

#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "engine/config/value_text.h"
#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

using ::testing::Contains;
using ::testing::Not;

std::string_view TableOf(std::string_view path) { return path.substr(0, path.rfind('.')); }

TEST(Schema, EveryLeafHasAPathAFieldAndWordsOfItsOwn) {
  std::set<std::string_view> paths;
  std::vector<const void*> fields;
  Config config;
  for (const Leaf& leaf : Leaves()) {
    EXPECT_TRUE(paths.insert(leaf.path).second) << leaf.path;
    const void* const field =
        std::visit([&](auto at) { return static_cast<const void*>(&at(config)); }, leaf.field);
    EXPECT_THAT(fields, Not(Contains(field))) << leaf.path;
    fields.push_back(field);
    EXPECT_FALSE(leaf.help.empty()) << leaf.path;
    EXPECT_FALSE(RuleText(leaf).empty()) << leaf.path;
  }
}

TEST(Schema, NoFieldOfTheConfigIsWithoutALeaf) {
  constexpr std::size_t kTexts = 10 + 1 + 1 + 2 + 1 + 2 + 2;  // storage to logging
  constexpr std::size_t kNumbers = (sizeof(Config) - kTexts * sizeof(std::string)) / 8;

  EXPECT_EQ(Leaves().size(), kTexts + kNumbers);
}

TEST(Schema, TheKeysOfATableStandTogether) {
  std::set<std::string_view> closed;
  std::string_view table;
  for (const Leaf& leaf : Leaves()) {
    if (TableOf(leaf.path) == table) continue;
    EXPECT_FALSE(closed.contains(TableOf(leaf.path))) << leaf.path;
    closed.insert(table);
    table = TableOf(leaf.path);
  }
}

TEST(Schema, DefaultsPassTheirOwnRules) {
  for (const Leaf& leaf : Leaves()) {
    if (leaf.is_required() || leaf.default_text == kProcessors) continue;
    EXPECT_OK(ParseText(leaf, leaf.default_text));
  }
}

TEST(Schema, NoKeyIsATable) {
  for (const std::string_view name : TableNames()) EXPECT_EQ(FindLeaf(name), nullptr) << name;
  EXPECT_THAT(TableNames(), Contains("service.methods.getEvents"));
}

TEST(Schema, WhatIsLeftOutIsNotThere) {
  for (const LeftOut& key : LeftOutKeys()) {
    EXPECT_EQ(FindLeaf(key.path), nullptr) << key.path;
    EXPECT_THAT(TableNames(), Not(Contains(key.path)));
  }
  EXPECT_NE(FindLeftOut("service.preflight.worker_count"), nullptr);
  EXPECT_EQ(FindLeftOut("service.preflights"), nullptr);
}

}  // namespace
}  // namespace permafrost::engine
