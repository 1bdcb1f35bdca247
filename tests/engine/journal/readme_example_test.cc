// The example of engine/README.md, which quotes this file word by word, compiled and run.
#include <string>

#include <gmock/gmock.h>

#include "engine/journal/journal.h"
#include "tests/engine/journal/journal_world.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

absl::StatusOr<std::string> AppendAndReadBack(const vfs::Env& env) {
  journal::JournalOptions options;
  options.store_id.fill(7);  // whose journal it is
  VFS_ASSIGN_OR_RETURN(const auto log, journal::Journal::Open(env, "journal", options));
  VFS_ASSIGN_OR_RETURN(const journal::Lsn first, log->Append(1, "durable now"));
  VFS_RETURN_IF_ERROR(log->Buffer(1, "durable with the flush").status());
  VFS_RETURN_IF_ERROR(log->Flush());
  VFS_ASSIGN_OR_RETURN(const JournalRecord record, log->Get(first));
  std::string bodies = record.body;
  VFS_RETURN_IF_ERROR(log->Replay([&](const JournalRecord& each) {
    bodies += fmt::format("; {}: {}", each.lsn, each.body);
    return absl::OkStatus();
  }));
  VFS_RETURN_IF_ERROR(log->Close());
  return bodies;
}

TEST(ReadmeExample, ReadsBackWhatItAppended) {
  journal::testing::JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const std::string bodies, AppendAndReadBack(world.Env()));
  EXPECT_EQ(bodies, "durable now; 1: durable now; 2: durable with the flush");
}

TEST(ReadmeExample, IsQuotedWordByWord) {
  constexpr std::string_view kOpen = "```cpp\n";
  const std::string page = ReadText("engine/README.md");
  const std::size_t begin = page.find(kOpen);
  ASSERT_NE(begin, std::string::npos);
  const std::size_t code = begin + kOpen.size();
  const std::string block = page.substr(code, page.find("```\n", code) - code);

  EXPECT_THAT(block, ::testing::StartsWith("absl::StatusOr<std::string> AppendAndReadBack("));
  EXPECT_THAT(ReadText("tests/engine/journal/readme_example_test.cc"),
              ::testing::HasSubstr("\n" + block + "\n"));
  EXPECT_EQ(page.find(kOpen, code), std::string::npos) << "a second example is not checked here";
}

}  // namespace
}  // namespace permafrost::engine
