// popen and fork, and the engine on a real directory.
#include "tests/engine/permafrost_process.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/engine/store_world.h"
#include "tests/status_matchers.h"
#include "vfs/base/check.h"
#include "vfs/base/log.h"
#include "vfs/base/status.h"
#include "vfs/posix/unique_fd.h"

namespace permafrost::engine {
namespace {

std::string ReadAll(FILE* stream) {
  std::string text;
  char buffer[4096];
  while (const std::size_t count = std::fread(buffer, 1, sizeof(buffer), stream)) {
    text.append(buffer, count);
  }
  return text;
}

// A new file; its path replaces the pattern that it was asked for by.
vfs::UniqueFd MakeFile(std::string& pattern) {
  vfs::UniqueFd file(::mkstemp(pattern.data()));
  VFS_CHECK(file.is_open(), "mkstemp {}: errno {}", pattern, errno);
  return file;
}

StoreOptions SmallOptions() {
  StoreOptions options = testing::StoreWorld::SmallOptions();
  options.rocks = {};
  return options;
}

}  // namespace

Ran RunBinary(const TempDir& scratch, const std::string& arguments) {
  const std::string err_path = scratch.Join("stderr");
  const std::string line = std::string(PERMAFROST_BINARY) + " " + arguments + " 2>" + err_path;
  FILE* const pipe = ::popen(line.c_str(), "r");
  Ran ran;
  ran.out = ReadAll(pipe);
  const int status = ::pclose(pipe);
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  ran.err = ReadText(err_path);
  return ran;
}

std::string BinaryPath() { return PERMAFROST_BINARY; }

RunningBinary::RunningBinary(const TempDir& scratch, const std::vector<std::string>& arguments)
    : out_path_(scratch.Join("out.XXXXXX")), err_path_(scratch.Join("err.XXXXXX")) {
  const vfs::UniqueFd out = MakeFile(out_path_);
  const vfs::UniqueFd err = MakeFile(err_path_);
  std::vector<std::string> words = arguments;
  words.insert(words.begin(), PERMAFROST_BINARY);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_ = ::fork();
  VFS_CHECK(pid_ >= 0, "fork: errno {}", errno);
  if (pid_ != 0) return;
  ::dup2(out.get(), STDOUT_FILENO);
  ::dup2(err.get(), STDERR_FILENO);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

RunningBinary::~RunningBinary() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void RunningBinary::Signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

Ran RunningBinary::Ended(int status) const {
  return {.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
          .out = ReadText(out_path_),
          .err = ReadText(err_path_)};
}

Ran RunningBinary::Wait() {
  int status = 0;
  EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
  pid_ = -1;
  return Ended(status);
}

std::optional<Ran> RunningBinary::WaitFor(std::uint64_t nanos) {
  vfs::SystemClock clock;
  const std::uint64_t end = clock.MonotonicNanos() + nanos;
  for (;;) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return Ended(status);
    }
    if (clock.MonotonicNanos() > end) return std::nullopt;
    clock.SleepNanos(1'000'000);
  }
}

std::string RunningBinary::Err() const { return ReadText(err_path_); }

std::map<std::string, std::string> ColdFilesOf(const std::string& data) {
  std::map<std::string, std::string> files;
  for (const char* const root : {"ledgers", "events", "txhash"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(data + "/" + root)) {
      if (entry.is_regular_file() && entry.path().filename() != "permafrost.lock")
        files[entry.path().string().substr(data.size())] = ReadText(entry.path());
    }
  }
  return files;
}

void ExpectSameColdFiles(const std::string& data, const std::string& whole) {
  const auto found = ColdFilesOf(data);
  const auto wanted = ColdFilesOf(whole);
  EXPECT_GE(wanted.size(), 6U);  // a pack, a run or an index and three files of events, and more
  EXPECT_EQ(found.size(), wanted.size());
  for (const auto& [path, bytes] : wanted) {
    const auto other = found.find(path);
    EXPECT_TRUE(other != found.end() && other->second == bytes) << path;
  }
}

std::string AlwaysViolated(const TempDir& scratch, const std::string& data) {
  const Ran ran = RunBinary(scratch, "audit --json --data " + data);
  const auto report = nlohmann::json::parse(ran.out, nullptr, /*allow_exceptions=*/false);
  if (!report.is_object()) return "audit: exit code " + std::to_string(ran.code) + ": " + ran.err;
  std::string findings;
  for (const auto& violation : report.at("violations")) {
    if (violation.at("when") == "always") findings += violation.dump() + "\n";
  }
  return findings;
}

namespace {

void ExpectRefused(const Ran& ran, int code, const std::string& lines) {
  EXPECT_EQ(ran.code, code);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, lines);
}

}  // namespace

void ExpectUsage(const Ran& ran, const std::string& lines) { ExpectRefused(ran, 2, lines); }

void ExpectAbsent(const Ran& ran, const std::string& lines) { ExpectRefused(ran, 1, lines); }

RealStore::RealStore(const std::string& directory) : RealStore(directory, SmallOptions()) {}

RealStore::RealStore(const std::string& directory, const StoreOptions& options)
    : fs_(*vfs::PosixFileSystem::Open(directory)) {
  StoreOptions held = options;
  held.holder = "4242";
  absl::StatusOr<std::unique_ptr<Store>> store = Store::Open({.fs = fs_.get(),
                                                              .clock = &clock_,
                                                              .executor = &executor_,
                                                              .prng = &prng_,
                                                              .log = &vfs::NullLog()},
                                                             held);
  VFS_CHECK(store.ok(), "open store: {}", vfs::Message(store.status()));
  store_ = *std::move(store);
}

void FillRealStore(const std::string& directory) {
  RealStore real(directory);
  testing::TestSource source;
  source.complete = {ChunkId{0}, ChunkId{1}};
  ASSERT_OK(real.store().CreateHot(ChunkId{2}));
  ASSERT_OK(real.store().RunLifecycle(source));
  ASSERT_OK(real.Close());
}

}  // namespace permafrost::engine
