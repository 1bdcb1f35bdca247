// The persistent map against std::map: content, order, sharing, digests, isolation of copies.
#include "sim/disk/persistent_map.h"

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace permafrost::sim {
namespace {

struct Traits {
  static std::uint64_t Priority(std::uint32_t key) { return vfs::Mix64(key % 61); }  // with ties
  static vfs::Hash128 Digest(std::uint32_t key, const std::string& value) {
    return vfs::Hasher().Add(key).Add(value).Finish();
  }
};
struct WideTraits {
  static std::uint64_t Priority(std::uint64_t key) { return vfs::Mix64(key + 1); }
};
using Map = PersistentMap<std::uint32_t, std::string, Traits>;
using Model = std::map<std::uint32_t, std::string>;

vfs::Hash128 DigestOf(const Model& model) {
  vfs::Hash128 sum;
  for (const auto& [key, value] : model) sum += Traits::Digest(key, value);
  return sum;
}

Model ContentOf(const Map& map, std::uint32_t first = 0) {
  Model content;
  std::uint32_t last = 0;
  map.ForEachFrom(first, [&](std::uint32_t key, const std::string& value) {
    if (!content.empty()) RC_ASSERT(last < key);
    last = key;
    content.emplace(key, value);
    return true;
  });
  return content;
}

struct Change {
  int kind = 0;
  std::uint32_t key = 0;
  std::uint32_t value = 0;
};

void Apply(Map& map, Model& model, const Change& change) {
  const std::string value = std::to_string(change.value);
  switch (change.kind) {
    case 0:
    case 1:
      RC_ASSERT(*map.Set(change.key, value) == value);
      model[change.key] = value;
      break;
    case 2: RC_ASSERT(map.Erase(change.key) == (model.erase(change.key) > 0)); break;
    default: {
      std::string* found = map.Mutable(change.key);
      RC_ASSERT((found != nullptr) == model.contains(change.key));
      if (found != nullptr) *found = model[change.key] = value + "!";
      break;
    }
  }
}

rc::Gen<std::vector<Change>> Changes() {
  return rc::gen::container<std::vector<Change>>(
      rc::gen::map(rc::gen::tuple(rc::gen::inRange(0, 4), rc::gen::inRange<std::uint32_t>(0, 80),
                                  rc::gen::arbitrary<std::uint32_t>()),
                   [](const std::tuple<int, std::uint32_t, std::uint32_t>& drawn) {
                     return Change{std::get<0>(drawn), std::get<1>(drawn), std::get<2>(drawn)};
                   }));
}

RC_GTEST_PROP(PersistentMap, BehavesAsAnOrderedMapAndCopiesStayAsTheyWere, ()) {
  Map map;
  Model model;
  std::vector<std::pair<Map, Model>> copies;
  const auto changes = *Changes();
  for (const Change& change : changes) {
    if (change.value % 4 == 0) copies.emplace_back(map, model);
    Apply(map, model, change);
    if (change.value % 3 == 0) RC_ASSERT(map.Digest() == DigestOf(model));
    RC_ASSERT(map.size() == model.size());
  }
  copies.emplace_back(map, model);
  for (const auto& [copy, expected] : copies) {
    RC_ASSERT(ContentOf(copy) == expected);
    RC_ASSERT(copy.Digest() == DigestOf(expected));
    for (std::uint32_t key = 0; key < 80; ++key) {
      RC_ASSERT((copy.Find(key) != nullptr) == expected.contains(key));
    }
  }
}

RC_GTEST_PROP(PersistentMap, WalksFromAnyKey, (std::uint32_t first)) {
  first %= 90;
  Map map;
  Model model;
  for (const Change& change : *Changes()) Apply(map, model, change);
  RC_ASSERT(ContentOf(map, first) == Model(model.lower_bound(first), model.end()));
}

TEST(PersistentMap, AChangeCopiesOnlyItsPath) {
  PersistentMap<std::uint64_t, int, WideTraits> map;
  for (std::uint64_t key = 0; key < 10'000; ++key) map.Set(key, 0);
  auto copy = map;
  *copy.Mutable(std::uint64_t{5'000}) = 1;

  EXPECT_GE(copy.SharedNodes(map), 10'000U - 60U);
  EXPECT_LT(copy.SharedNodes(map), 10'000U);
}

}  // namespace
}  // namespace permafrost::sim
