// Two processes on one root: whichever root it is and whatever the first one does, the second is
// refused with the first one's number, and the first goes on.
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/engine/permafrost_process.h"
#include "tests/engine/served_fifo.h"

namespace permafrost::engine {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

struct Root {
  const char* name;
  const char* path;
};
constexpr Root kRoots[] = {{"catalog", "catalog"},
                           {"ledgers", "ledgers"},
                           {"events", "events"},
                           {"txhash_raw", "txhash/raw"},
                           {"txhash_index", "txhash/index"},
                           {"hot", "hot"},
                           {"journal", "journal"},
                           {"records", "records"}};

std::vector<std::string> JournalFlags() {
  return {"--storage.journal", "journal", "--storage.records", "records"};
}

class PermafrostRoots : public ::testing::Test {
 protected:
  PermafrostRoots() { EXPECT_EQ(::mkdir(data_.c_str(), 0700), 0); }

  // A data directory of its own that shares this root with the first one, by a link.
  std::string Sharing(const Root& root) const {
    std::string other = scratch_.Join("other");
    std::filesystem::remove_all(other);
    const std::filesystem::path link = other + "/" + root.path;
    std::filesystem::create_directories(link.parent_path());
    std::filesystem::create_directory_symlink(data_ + "/" + root.path, link);
    return other;
  }
  Ran Serve(const std::string& data) const {
    std::string line = "serve --ingestion.source synthetic:7,20 --storage.default_data_dir " + data;
    for (const std::string& flag : JournalFlags()) line += " " + flag;
    return RunBinary(scratch_, line);
  }
  Ran Ingest(const std::string& data) const {
    return RunBinary(scratch_, "ingest --source synthetic:7,20 --data " + data);
  }
  static void ExpectHeld(const Ran& ran, const Root& root, pid_t holder) {
    EXPECT_EQ(ran.code, 3);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.err,
              fmt::format("permafrost: open store: the {} root is held: lock {}/permafrost.lock: "
                          "held by another process (pid {}); stop it or use another directory\n",
                          root.name, root.path, holder));
  }

  TempDir scratch_;
  const std::string data_ = scratch_.Join("data");
};

TEST_F(PermafrostRoots, AnyRootOfARunningServeIsRefused) {
  ServedFifo first(scratch_, data_, 2, 1'000'000, JournalFlags());
  ASSERT_TRUE(first.WaitUntilServing(30 * kSecond));
  const pid_t holder = first.process().pid();

  for (const Root& root : kRoots) {
    SCOPED_TRACE(root.path);
    const std::string other = Sharing(root);
    ExpectHeld(Serve(other), root, holder);
    const bool has_flag =
        std::string_view(root.name) == "journal" || std::string_view(root.name) == "records";
    if (!has_flag) ExpectHeld(Ingest(other), root, holder);
  }
  ExpectHeld(Serve(data_), kRoots[0], holder);
  ExpectHeld(Ingest(data_), kRoots[0], holder);

  first.RunFor(30 * kSecond, 20);
  EXPECT_GE(first.durable(), 20U);
  first.process().Signal(SIGTERM);
  EXPECT_EQ(first.process().Wait().code, 0);
  EXPECT_EQ(AlwaysViolated(scratch_, data_), "");
}

TEST_F(PermafrostRoots, AnyRootOfARunningIngestIsRefused) {
  const std::string fifo = scratch_.Join("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  RunningBinary first(scratch_,
                      {"ingest", "--earliest", "2", "--source", "stream:" + fifo, "--data", data_});
  const auto holds = [&] {
    return std::filesystem::exists(data_ + "/hot/permafrost.lock") &&
           std::filesystem::exists(data_ + "/catalog/rocksdb/CURRENT");
  };
  while (!holds()) ASSERT_FALSE(first.WaitFor(10'000'000).has_value());

  for (const Root& root : kRoots) {
    SCOPED_TRACE(root.path);
    if (!std::filesystem::exists(data_ + "/" + root.path)) continue;  // ingest has no such root
    const std::string other = Sharing(root);
    ExpectHeld(Serve(other), root, first.pid());
    ExpectHeld(Ingest(other), root, first.pid());
  }

  first.Signal(SIGTERM);
  EXPECT_EQ(first.Wait().code, 0);
}

}  // namespace
}  // namespace permafrost::engine
