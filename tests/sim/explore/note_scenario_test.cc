// The example of sim/README.md is the one that is compiled here, and it is right.
#include "tests/sim/explore/note_scenario.h"

#include <cstdio>

#include <gmock/gmock.h>

#include "tests/sim/explore/tiny_scenario.h"

namespace permafrost::sim {
namespace {

std::string ReadText(const std::string& path) {
  std::string text;
  std::FILE* const file = std::fopen(path.c_str(), "r");
  EXPECT_NE(file, nullptr) << path;
  char chunk[4096];
  while (const std::size_t count = std::fread(chunk, 1, sizeof(chunk), file))
    text.append(chunk, count);
  std::fclose(file);
  return text;
}

// What stands between the two marks.
std::string Between(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t from = text.find(begin) + begin.size();
  return text.substr(from, text.find(end, from) - from);
}

TEST(NoteScenario, IsTheExampleOfTheReadme) {
  const std::string source =
      Between(ReadText("tests/sim/explore/note_scenario.h"), "// README-BEGIN\n", "// README-END");

  EXPECT_GT(source.size(), 1000U);
  EXPECT_EQ(Between(ReadText("sim/README.md"), "```cpp\n", "```"), source);
}

TEST(NoteScenario, IsCleanUnderEveryPersonalityWithDeathsAndTwoCuts) {
  const NoteScenario scenario;
  ExploreOptions options = TinyOptions(scenario);
  options.death_share = 1;
  options.depth = 2;
  for (const auto kind :
       {Personality::Kind::kStrict, Personality::Kind::kOrdered, Personality::Kind::kWriteback,
        Personality::Kind::kTreelog, Personality::Kind::kPrefix}) {
    options.rules.personality.kind = kind;

    const Certificate certificate = Explored(scenario, options);

    EXPECT_THAT(Invariants(certificate), testing::IsEmpty()) << ToString(options.rules.personality);
    EXPECT_GT(certificate.crash_points, 8U);
  }
}

}  // namespace
}  // namespace permafrost::sim
