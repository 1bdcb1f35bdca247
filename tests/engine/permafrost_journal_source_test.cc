// Ledgers pushed with permafrost journal append and taken with permafrost ingest --source journal,
// as a shell sees it.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "engine/ledger/synthetic_source.h"
#include "engine/query/base64.h"
#include "tests/engine/permafrost_process.h"
#include "tests/status_matchers.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/posix/posix_file_system.h"
#include "vfs/posix/system_clock.h"

namespace permafrost::engine {
namespace {

using Json = nlohmann::json;
using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr const char* kSmall =
    " --ledgers-per-chunk 8 --chunks-per-window 3 --chunks-per-bucket 2 --store-id "
    "77777777777777777777777777777777";

class PermafrostJournalSource : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::mkdir(data_.c_str(), 0700), 0); }
  Ran Command(const std::string& arguments) {
    return RunBinary(scratch_, arguments + " --data " + data_);
  }
  Ran Push(const std::string& arguments) {
    return RunBinary(scratch_, "journal append --journal.segment_bytes 262144 --dir " + journal_ +
                                   " " + arguments);
  }
  Ran Ingest(const std::string& flags = "") {
    return Command("ingest --source journal" + std::string(kSmall) + " " + flags);
  }
  // A ledger as the body of a record.
  std::string Line(std::uint32_t sequence) {
    const std::string bytes = SyntheticLedger(7, LedgerSeq{sequence});
    return Json{{"sequence", sequence}, {"content", Base64Of(bytes)}}.dump() + "\n";
  }

  TempDir scratch_;
  const std::string data_ = scratch_.Join("data");
  const std::string journal_ = data_ + "/journal";
};

TEST_F(PermafrostJournalSource, WhatIsPushedArrivesOnce) {
  EXPECT_EQ(Push("--source synthetic:7,3").out, "1\n2\n3\n");
  EXPECT_EQ(Ingest().out,
            "3 ledgers appended, last 4; 0 chunks frozen, 0 indexes built, 0 hot chunks discarded, "
            "0 artifacts deleted\n");
  EXPECT_EQ(Push("--source synthetic:7,20 --from 4 --json").code, 0);
  const Ran second = Ingest("--json");
  ASSERT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(second.out,
            "{\"appended\":17,\"last\":21,\"chunksFrozen\":2,\"indexesBuilt\":2,\"hotDiscarded\":2,"
            "\"deleted\":1,\"stopped\":false}\n");
  EXPECT_EQ(Json::parse(Ingest("--json").out)["appended"], 0);
  const std::string raw = scratch_.Join("raw");
  ASSERT_EQ(Command("get ledger 17 --raw " + raw).code, 0);
  EXPECT_EQ(ReadText(raw), SyntheticLedger(7, LedgerSeq{17}));
}

TEST_F(PermafrostJournalSource, ALedgerMayBePushedAsALineOfJson) {
  const std::string lines = scratch_.Write("lines", Line(2) + Line(3));
  EXPECT_EQ(Push("--type ledger --json-file " + lines).out, "1\n2\n");

  EXPECT_EQ(Json::parse(Ingest("--json").out)["last"], 3);
}

TEST_F(PermafrostJournalSource, TheStoreSaysWhatTheJournalMayForget) {
  ASSERT_EQ(Push("--source synthetic:7,5").code, 0);
  const std::string checkpoint = "journal checkpoint --dir " + journal_;
  const Ran before = RunBinary(scratch_, checkpoint);
  EXPECT_EQ(before.code, 2);
  EXPECT_THAT(before.err, HasSubstr("there is no cursor"));
  ASSERT_EQ(Ingest().code, 0);

  const Ran after = RunBinary(scratch_, checkpoint);

  EXPECT_EQ(after.code, 0) << after.err;
  EXPECT_THAT(after.out, HasSubstr("applied up to LSN 5; needed from LSN 6 "));
}

TEST_F(PermafrostJournalSource, AGapIsNamed) {
  ASSERT_EQ(Push("--source synthetic:7,3").code, 0);
  ASSERT_EQ(Push("--source synthetic:7,9 --from 7").code, 0);

  const Ran ran = Ingest();

  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("permafrost: journal at LSN 4, offset "));
  EXPECT_THAT(ran.err, HasSubstr(": found ledger 7, expected ledger 5; "));
  EXPECT_EQ(Json::parse(Command("status --json").out)["latest"], 4);
  ASSERT_EQ(Command("ingest --source synthetic:7,5").code, 0);
  EXPECT_EQ(Json::parse(Ingest("--json").out)["last"], 10);
}

TEST_F(PermafrostJournalSource, AJournalThatIsNotThereIsNamed) {
  const std::string text =
      "permafrost: source journal: the data directory has no journal in 'journal'; push ledgers "
      "into one with permafrost journal append --source\n";
  ExpectUsage(Ingest(), text);
  EXPECT_NE(::access((data_ + "/catalog").c_str(), F_OK), 0);
  ASSERT_EQ(::mkdir(journal_.c_str(), 0700), 0);
  ExpectUsage(Ingest(), text);
  const std::string nowhere = scratch_.Join("nowhere");
  const Ran missing = RunBinary(scratch_, "ingest --source journal --data " + nowhere);
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.err, EndsWith("; name the data directory of a store\n"));
  EXPECT_NE(::access(nowhere.c_str(), F_OK), 0);
}

TEST_F(PermafrostJournalSource, AJournalWithoutLedgersIsNamed) {
  const std::string lines = scratch_.Write("lines", R"({"type":"epoch","body":{"epoch_id":"AQI="}})"
                                                    "\n");
  ASSERT_EQ(Push("--json-file " + lines).code, 0);

  ExpectUsage(Ingest(), "permafrost: journal holds no ledger; push one first\n");
}

TEST_F(PermafrostJournalSource, AJournalThatSomebodyWritesIsLocked) {
  ASSERT_EQ(Push("--source synthetic:7,3").code, 0);
  ASSERT_OK_AND_ASSIGN(const auto fs, vfs::PosixFileSystem::Open(journal_));
  ASSERT_OK_AND_ASSIGN(const auto lock, fs->Lock("writer.lock", {.content = "4242"}));

  const Ran ran = Ingest();

  EXPECT_EQ(ran.code, 3);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("4242"));
}

TEST_F(PermafrostJournalSource, WrongFlagsOfAppendAreNamed) {
  ExpectUsage(Push("--source journal"),
              "permafrost: --source journal: its ledgers go into a store; name another source\n");
  ExpectUsage(Push("--source synthetic:7,3 --type ledger"),
              "permafrost: --type excludes --source; see permafrost journal append --help\n");
  ExpectUsage(Push("--from 3"),
              "permafrost: --from requires --source; see permafrost journal append --help\n");
  ExpectUsage(Push("--source synthetic:7,3 --from 1"),
              "permafrost: --from: '1' is not a whole number from 2 to 4294967295; see permafrost "
              "journal append --help\n");
  EXPECT_NE(::access(journal_.c_str(), F_OK), 0);
}

TEST_F(PermafrostJournalSource, ALedgerThatDoesNotDecodeEndsThePush) {
  const std::string file = scratch_.Write("bad.xdr", std::string("\x80\0\0\4abcd", 8));

  const Ran ran = Push("--source stream:" + file);

  EXPECT_NE(ran.code, 0);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("stream:" + file + " at offset 0"));
}

// `permafrost serve` on the journal of a data directory.
class PermafrostJournalDaemon : public PermafrostJournalSource {
 protected:
  void Start() {
    const std::string config = scratch_.Write(
        "config", fmt::format("[storage]\ndefault_data_dir = '{}'\njournal = 'journal'\nrecords = "
                              "'records'\nreserve_bytes = 0\n[journal]\nsegment_bytes = "
                              "262144\n[ingestion]\nsource = 'journal'\n[service]\n"
                              "admin_endpoint = '127.0.0.1:{}'\n",
                              data_, port_));
    const std::string err = scratch_.Write("daemon", "");
    const std::string binary = BinaryPath();
    daemon_ = ::fork();
    if (daemon_ != 0) return;
    ::dup2(::open(err.c_str(), O_WRONLY), STDERR_FILENO);
    ::execl(binary.c_str(), binary.c_str(), "serve", "--config", config.c_str(), nullptr);
    ::_exit(127);
  }
  void Stop() {
    ASSERT_EQ(::kill(daemon_, SIGTERM), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(daemon_, &status, 0), daemon_);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << ReadText(scratch_.Join("daemon"));
  }
  // Again where the daemon had the journal for a moment.
  std::string PushBeside(const std::string& arguments) {
    Ran push;
    WaitUntil([&] {
      push = Push(arguments);
      return push.code != 3;
    });
    EXPECT_EQ(push.err, "");
    return push.out;
  }
  static void WaitUntil(const std::function<bool()>& is_so) {
    constexpr int kLooks = 3000;
    for (int i = 0; i < kLooks; ++i) {
      if (is_so()) return;
      vfs::SystemClock().SleepNanos(10'000'000);
    }
    FAIL() << "waited for too long";
  }
  static sockaddr_in Loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  // One that nobody listens on.
  static std::uint16_t FreePort() {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = Loopback(0);
    socklen_t length = sizeof(address);
    EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length), 0);
    ::close(fd);
    return ntohs(address.sin_port);
  }
  // What the daemon answers; empty: it does not listen yet.
  std::string Metrics() const {
    constexpr std::string_view kRequest = "GET /metrics HTTP/1.0\r\n\r\n";
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = Loopback(port_);
    std::string answer;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
        ::send(fd, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) > 0) {
      char buffer[4096];
      for (ssize_t count = 1; count > 0;) {
        count = ::recv(fd, buffer, sizeof(buffer), 0);
        if (count > 0) answer.append(buffer, static_cast<std::size_t>(count));
      }
    }
    ::close(fd);
    return answer;
  }

  const std::uint16_t port_ = FreePort();
  pid_t daemon_ = 0;
};

TEST_F(PermafrostJournalDaemon, ItTakesWhatClientsPushBesideIt) {
  Start();
  // Made by the daemon, which then waits for the first ledger.
  WaitUntil([&] { return ::access((journal_ + "/checkpoint").c_str(), F_OK) == 0; });
  EXPECT_EQ(PushBeside("--source synthetic:7,3"), "1\n2\n3\n");
  EXPECT_EQ(PushBeside("--source synthetic:7,5 --from 5"), "4\n5\n");
  WaitUntil([&] {
    return Metrics().find("\npermafrost_last_committed_ledger 6\n") != std::string::npos;
  });
  Stop();

  EXPECT_EQ(Json::parse(Command("status --json").out)["latest"], 6);
  const Ran checkpoint = RunBinary(scratch_, "journal checkpoint --dir " + journal_);
  EXPECT_THAT(checkpoint.out, HasSubstr("applied up to LSN 5; "));
}

}  // namespace
}  // namespace permafrost::engine
