// The registry of fault points is whole, and faults/CATALOGUE.md is what it prints.
#include "faults/fault_points.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

namespace permafrost::faults {
namespace {

constexpr const char* kCatalogue = "faults/CATALOGUE.md";

TEST(FaultPoints, EveryCallHasOnePointNamedAfterIt) {
  std::set<vfs::CallKind> kinds;
  for (const FaultPoint& point : FaultPoints()) {
    EXPECT_EQ(point.name, "vfs/" + std::string(vfs::ToString(point.kind)));
    EXPECT_FALSE(point.if_wrong.empty()) << point.name;
    kinds.insert(point.kind);
  }

  EXPECT_EQ(kinds.size(), static_cast<std::size_t>(vfs::kCallKindCount));
}

TEST(FaultPoints, AreSortedByName) {
  const auto by_name = [](const FaultPoint& a, const FaultPoint& b) { return a.name < b.name; };

  EXPECT_TRUE(std::is_sorted(FaultPoints().begin(), FaultPoints().end(), by_name));
}

TEST(FaultPoints, TheCatalogueIsWhatTheRegistryPrints) {
  if (std::getenv("PERMAFROST_REWRITE_GOLDEN") != nullptr)
    std::ofstream(kCatalogue) << CatalogueText();
  std::ostringstream text;
  text << std::ifstream(kCatalogue).rdbuf();

  EXPECT_EQ(text.str(), CatalogueText()) << "rewrite it as its first lines say";
}

}  // namespace
}  // namespace permafrost::faults
