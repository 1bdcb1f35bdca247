// engine/config/CONFIGURATION.md is what the schema prints.
#include "engine/config/config_page.h"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/vfs/temp_dir.h"

namespace permafrost::engine {
namespace {

constexpr const char* kPage = "engine/config/CONFIGURATION.md";

TEST(ConfigPage, IsWhatTheSchemaPrints) {
  if (std::getenv("PERMAFROST_REWRITE_GOLDEN") != nullptr) std::ofstream(kPage) << ConfigPageText();

  EXPECT_EQ(ReadText(kPage), ConfigPageText()) << "rewrite it as its first lines say";
}

}  // namespace
}  // namespace permafrost::engine
