// Spawns, collects both pipes, reaps.
#include "tests/sim/cli/powercut_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <iterator>
#include <sstream>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace permafrost::sim {
namespace {

constexpr int kTickMillis = 2;  // how often a watcher is asked

// Reads what is there; false at the end of the stream.
bool ReadSome(int fd, std::string& text) {
  std::array<char, 65536> chunk{};
  const ssize_t count = read(fd, chunk.data(), chunk.size());
  if (count <= 0) return count < 0 && errno == EINTR;
  text.append(chunk.data(), static_cast<std::size_t>(count));
  return true;
}

pid_t Spawn(const char* binary, const std::vector<std::string>& arguments, int out, int err) {
  std::vector<std::string> words{binary};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  pid_t pid = -1;
  EXPECT_EQ(posix_spawn(&pid, binary, &actions, nullptr, argv.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

// Collects what comes out of the pipes (-1: none) until both end, and reaps the process.
ProcessResult Collect(pid_t pid, std::array<int, 2> ends, const Watcher& watcher) {
  ProcessResult result;
  bool has_out = ends[0] >= 0;
  bool has_err = true;
  while (has_out || has_err) {
    // A negative descriptor is not polled.
    std::array<pollfd, 2> polls{pollfd{has_out ? ends[0] : -1, POLLIN, 0},
                                pollfd{has_err ? ends[1] : -1, POLLIN, 0}};
    if (poll(polls.data(), polls.size(), watcher ? kTickMillis : -1) < 0) continue;
    if (polls[0].revents != 0) has_out = ReadSome(ends[0], result.out);
    if (polls[1].revents != 0) has_err = ReadSome(ends[1], result.err);
    if (watcher) watcher(pid, result.err);
  }
  if (ends[0] >= 0) close(ends[0]);
  close(ends[1]);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status)) result.code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  return result;
}

}  // namespace

namespace {

ProcessResult Run(const char* binary,
                  const std::vector<std::string>& arguments,
                  const Watcher& watcher) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  EXPECT_EQ(pipe2(out.data(), O_CLOEXEC), 0);
  EXPECT_EQ(pipe2(err.data(), O_CLOEXEC), 0);
  const pid_t pid = Spawn(binary, arguments, out[1], err[1]);
  close(out[1]);
  close(err[1]);
  return Collect(pid, {out[0], err[0]}, watcher);
}

}  // namespace

ProcessResult RunPowercut(const std::vector<std::string>& arguments, const Watcher& watcher) {
  return Run(PERMAFROST_POWERCUT, arguments, watcher);
}

ProcessResult RunPlantedPowercut(const std::vector<std::string>& arguments) {
  return Run(PERMAFROST_PLANTED_POWERCUT, arguments, {});
}

ProcessResult RunPowercutInto(int out_fd, const std::vector<std::string>& arguments) {
  EXPECT_GE(out_fd, 0);
  std::array<int, 2> err{};
  EXPECT_EQ(pipe2(err.data(), O_CLOEXEC), 0);
  const pid_t pid = Spawn(PERMAFROST_POWERCUT, arguments, out_fd, err[1]);
  close(out_fd);
  close(err[1]);
  return Collect(pid, {-1, err[0]}, {});
}

int PipeWithoutReader() {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  close(ends[0]);
  return ends[1];
}

std::vector<int> ChildrenOf(int pid) {
  const std::string path = fmt::format("/proc/{}/task/{}/children", pid, pid);
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::string text;
  while (ReadSome(fd, text)) {
  }
  close(fd);
  std::istringstream words(text);
  return {std::istream_iterator<int>(words), std::istream_iterator<int>()};
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    lines.emplace_back(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return lines;
}

}  // namespace permafrost::sim
