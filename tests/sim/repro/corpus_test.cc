// Every repro under corpus/regressions replays through the powercut binary: a mended bug stays
// clean, a mistake that must be found is found as the invariant that it breaks.
#include <dirent.h>

#include <algorithm>
#include <cstdio>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "sim/repro/repro.h"
#include "tests/sim/cli/powercut_process.h"
#include "tests/status_matchers.h"
#include "tests/vfs/temp_dir.h"

namespace permafrost::sim {
namespace {

using ::testing::HasSubstr;

constexpr char kDirectory[] = "corpus/regressions";  // tests run in the repository's root

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

// Sorted; none before the first bug was found (git keeps no empty directory).
std::vector<std::string> ReproNames() {
  std::vector<std::string> names;
  DIR* const directory = opendir(kDirectory);
  if (directory == nullptr) return names;
  while (const dirent* const entry = readdir(directory)) {
    if (std::string_view(entry->d_name).ends_with(".repro")) names.emplace_back(entry->d_name);
  }
  closedir(directory);
  std::sort(names.begin(), names.end());
  return names;
}

// What is wrong with the repro at `path`; empty if it shows what it expects.
std::string WrongWith(const std::string& path) {
  const auto repro = ParseRepro(ReadText(path), path);
  if (!repro.ok()) return vfs::Message(repro.status());
  const ProcessResult ran = RunPowercut({"replay", "--json", "-q", path});
  if (ran.signal != 0 || ran.code > 1) return "replay failed: " + ran.err;
  const auto json = nlohmann::json::parse(ran.out);
  if (repro->expect.empty()) return ran.code == 0 ? "" : "no longer clean: " + ran.out;
  return json["reproduced"] == true ? "" : "no longer shows " + repro->expect + ": " + ran.out;
}

TEST(Corpus, EveryReproShowsWhatItExpects) {
  for (const std::string& name : ReproNames()) {
    EXPECT_EQ(WrongWith(std::string(kDirectory) + "/" + name), "") << name;
  }
}

TEST(Corpus, AReproThatShowsSomethingElseIsReported) {
  const TempDir scratch;
  const auto write = [&scratch](std::string_view name, const std::string& lines) {
    const std::string path = scratch.Join(name);
    std::FILE* const file = std::fopen(path.c_str(), "w");
    std::fputs(("powercut-repro 1\nscenario: rocksdb/basic\nop: put k v\n" + lines).c_str(), file);
    std::fclose(file);
    return path;
  };

  EXPECT_EQ(WrongWith(write("clean", "expect: clean\n")), "");
  EXPECT_THAT(WrongWith(write("gone", "expect: 12-database-opens\n")),
              HasSubstr("no longer shows 12-database-opens"));
  EXPECT_THAT(WrongWith(write("far", "expect: clean\ncut: power point=9999 label=x choice=y\n")),
              HasSubstr("replay failed: "));
  EXPECT_THAT(WrongWith(write("bad", "sead: 1\n")), HasSubstr("unknown key 'sead'"));
}

TEST(Corpus, EveryReproTellsItsStoryAndStandsInTheTrackRecord) {
  const std::string record = ReadText("corpus/README.md");
  for (const std::string& name : ReproNames()) {
    SCOPED_TRACE(name);
    ASSERT_OK_AND_ASSIGN(const Repro repro,
                         ParseRepro(ReadText(std::string(kDirectory) + "/" + name), name));

    EXPECT_FALSE(repro.story.empty());
    EXPECT_THAT(record, HasSubstr(name.substr(0, name.size() - std::string(".repro").size())));
  }
}

}  // namespace
}  // namespace permafrost::sim
