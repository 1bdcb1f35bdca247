// The transcripts of faults/README.md, command by command: a real permafrost process whose fault
// points fiu-run and fiu-ctrl switch.
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>

#include "tests/engine/permafrost_process.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/base/check.h"
#include "vfs/posix/unique_fd.h"

namespace permafrost::engine {
namespace {

constexpr int kPatienceMillis =
    20'000;  // far above what is asked for, on a machine with other work

struct Exchange {
  std::string command;
  std::vector<std::string> answers;  // lines that come, in this order, maybe among others
};

// The "$ command" lines of the console blocks of a page, with the lines below them.
std::vector<Exchange> TranscriptsOf(const std::string& page) {
  std::vector<Exchange> exchanges;
  bool is_inside = false;
  std::size_t at = 0;
  while (at < page.size()) {
    const std::size_t end = std::min(page.find('\n', at), page.size());
    const std::string line = page.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("```")) {
      is_inside = line == "```console";
    } else if (is_inside && line.starts_with("$ ")) {
      exchanges.push_back({line.substr(2), {}});
    } else if (is_inside && !exchanges.empty()) {
      exchanges.back().answers.push_back(line);
    }
  }
  return exchanges;
}

// A shell that reads commands, with both outputs in one pipe. What it started dies with it.
class Shell {
 public:
  Shell() {
    int commands[2] = {};
    int answers[2] = {};
    VFS_CHECK(::pipe(commands) == 0 && ::pipe(answers) == 0, "pipe: errno {}", errno);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::setpgid(0, 0);
      ::dup2(commands[0], STDIN_FILENO);
      ::dup2(answers[1], STDOUT_FILENO);
      ::dup2(answers[1], STDERR_FILENO);
      for (const int fd : {commands[0], commands[1], answers[0], answers[1]}) ::close(fd);
      ::execlp("sh", "sh", "-s", nullptr);
      ::_exit(127);
    }
    ::setpgid(pid_, pid_);  // whoever is first
    ::close(commands[0]);
    ::close(answers[1]);
    commands_ = vfs::UniqueFd(commands[1]);
    answers_ = vfs::UniqueFd(answers[0]);
  }
  ~Shell() {
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;

  void Type(const std::string& command) {
    const std::string line = command + "\n";
    ASSERT_EQ(::write(commands_.get(), line.data(), line.size()),
              static_cast<ssize_t>(line.size()));
  }

  // The next line of output; nothing if none comes in time or the shell is gone.
  std::optional<std::string> NextLine() {
    while (pending_.find('\n') == std::string::npos) {
      pollfd ready{.fd = answers_.get(), .events = POLLIN, .revents = 0};
      if (::poll(&ready, 1, kPatienceMillis) != 1) return std::nullopt;
      char buffer[4096];
      const ssize_t count = ::read(answers_.get(), buffer, sizeof(buffer));
      if (count <= 0) return std::nullopt;
      pending_.append(buffer, static_cast<std::size_t>(count));
    }
    const std::size_t end = pending_.find('\n');
    const std::string line = pending_.substr(0, end);
    pending_.erase(0, end + 1);
    return line;
  }

 private:
  pid_t pid_ = -1;
  vfs::UniqueFd commands_;
  vfs::UniqueFd answers_;
  std::string pending_;
};

// In an answer "..." at the beginning stands for any text.
bool Answers(std::string_view expected, std::string_view line) {
  if (expected.starts_with("...")) return line.ends_with(expected.substr(3));
  return line == expected;
}

// Types the command and waits for its answers. What came instead, if they did not.
std::string Missed(Shell& shell, const Exchange& exchange) {
  shell.Type(exchange.command);
  std::string seen;
  for (const std::string& expected : exchange.answers) {
    while (true) {
      const std::optional<std::string> line = shell.NextLine();
      if (!line) return "no line '" + expected + "' came; what came:\n" + seen;
      if (Answers(expected, *line)) break;
      seen += *line + "\n";
    }
  }
  return "";
}

class PermafrostFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string data = scratch_.Join("data");
    ASSERT_EQ(::mkdir(data.c_str(), 0700), 0);
    FillRealStore(data);
    // TMPDIR is where fiu-run and fiu-ctrl meet.
    shell_.Type("export DATA='" + data + "' TMPDIR='" + scratch_.path() +
                "' PATH=" PERMAFROST_BINARIES ":\"$PATH\"");
    // The library that fiu-run preloads forgets a string; the address sanitizer tells.
    const std::string known = scratch_.Write("leaks", "leak:fiu_run_preload.so\n");
    shell_.Type("export LSAN_OPTIONS=suppressions='" + known + "':print_suppressions=0");
  }

  const TempDir scratch_;
  Shell shell_;
};

TEST_F(PermafrostFaults, TheTranscriptsOfTheReadmeAreWhatHappens) {
  ASSERT_EQ(std::system("command -v fiu-run fiu-ctrl >/dev/null"), 0)
      << "install the package fiu-utils (.ci/packages)";
  const std::vector<Exchange> exchanges = TranscriptsOf(ReadText("faults/README.md"));
  ASSERT_THAT(exchanges, ::testing::SizeIs(::testing::Ge(6U)));

  for (const Exchange& exchange : exchanges) {
    ASSERT_THAT(exchange.answers, ::testing::Not(::testing::IsEmpty())) << exchange.command;
    ASSERT_EQ(Missed(shell_, exchange), "") << exchange.command;
  }
}

TEST_F(PermafrostFaults, AWatchedSoundStoreEndsAtOnceWithZeroWhenAsked) {
  for (const char* name : {"TERM", "INT"}) {
    EXPECT_EQ(
        Missed(shell_, {"permafrost audit --watch 3600 --data \"$DATA\" &", {"... 0 violations"}}),
        "");
    EXPECT_EQ(Missed(shell_, {"kill -" + std::string(name) + " $!; wait $!; echo \"exit code $?\"",
                              {"exit code 0"}}),
              "");
  }
}

}  // namespace
}  // namespace permafrost::engine
