// What is printed is TOML, says where each value came from, and loads as the same configuration.
#include "engine/config/print.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

namespace permafrost::engine {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

LoadedConfig LoadText(std::string text) {
  return LoadedConfig::Load({.file = ConfigFile{.name = "f.toml", .text = std::move(text)},
                             .required = RequiredKeys::kMayBeMissing});
}

TEST(ConfigText, ShowsValueAndOrigin) {
  const LoadedConfig loaded = LoadedConfig::Load(
      {.file = ConfigFile{.name = "f.toml", .text = "[storage]\nreserve_bytes = 2097152\n"},
       .flags = {{"storage.default_data_dir", "/da\"ta"}},
       .required = RequiredKeys::kMayBeMissing});
  const std::string text = ConfigText(loaded);

  EXPECT_THAT(text, StartsWith("[storage]\ndefault_data_dir = \"/da\\\"ta\"  # flag\n"
                               "catalog = \"catalog\"  # default\n"));
  EXPECT_THAT(text, HasSubstr("\nreserve_bytes = \"2MiB\"  # f.toml:2:1\n"));
  EXPECT_THAT(text, HasSubstr("\n\n[ingestion]\n# source is required and not set\n"));
  EXPECT_THAT(text, HasSubstr("\n[service.methods.getHealth]\nqueue_limit = 1000  # default\n"));
}

// A text that the leaf accepts.
rc::Gen<std::string> TextFor(const Leaf& leaf) {
  switch (leaf.type) {
    case LeafType::kCount:
    case LeafType::kBytes:
    case LeafType::kDuration: {
      const std::string unit = leaf.type == LeafType::kDuration ? "ms" : "";
      const auto [min, max] = leaf.bounds;
      // Small numbers, round ones and the largest.
      return rc::gen::map(rc::gen::pair(rc::gen::inRange<std::uint64_t>(0, 5'000),
                                        rc::gen::element<std::uint64_t>(1, 1'000, 60'000, 1 << 20)),
                          [=, low = min, high = max](const auto& drawn) {
                            const std::uint64_t number = drawn.first * drawn.second;
                            return std::to_string(std::clamp(number, low, high)) + unit;
                          });
    }
    case LeafType::kChoice:
      return rc::gen::map(rc::gen::elementOf(leaf.choices),
                          [](std::string_view choice) { return std::string(choice); });
    case LeafType::kText: break;
  }
  if (leaf.check != nullptr && leaf.path != "storage.default_data_dir")
    return rc::gen::just(leaf.is_required() ? std::string("none") : std::string(leaf.default_text));
  return rc::gen::map(
      rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
          "a", "/", " ", "\"", "\\", "#", "'", "=", "\xc3\xa9", "\xf0\x9f\x98\x80", "\\u0041")),
      [](const std::vector<std::string>& pieces) {
        std::string text = "x";
        for (const std::string& piece : pieces) text += piece;
        return text;
      });
}

RC_GTEST_PROP(ConfigText, LoadsAsTheSameConfiguration, ()) {
  ConfigInputs inputs{.required = RequiredKeys::kMayBeMissing};
  for (const Leaf& leaf : Leaves()) {
    if (*rc::gen::arbitrary<bool>())
      inputs.flags.push_back({.path = std::string(leaf.path), .text = *TextFor(leaf)});
  }
  const LoadedConfig written = LoadedConfig::Load(inputs);

  const LoadedConfig read = LoadText(ConfigText(written));

  RC_ASSERT(read.findings().size() == written.findings().size());
  for (const Leaf& leaf : Leaves()) {
    RC_ASSERT(Get(leaf, read.config()) == Get(leaf, written.config()));
    RC_ASSERT(read.IsMissing(leaf) == written.IsMissing(leaf));
  }
}

}  // namespace
}  // namespace permafrost::engine
