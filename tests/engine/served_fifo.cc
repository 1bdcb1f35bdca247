// One loop that writes without waiting.
#include "tests/engine/served_fifo.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "tests/engine/ledger/chained_ledgers.h"
#include "vfs/base/check.h"

namespace permafrost::engine {
namespace {

constexpr std::uint64_t kMillisecond = 1'000'000;

std::string MakeFifo(const TempDir& scratch) {
  std::string path = scratch.Join("fifo");
  ::unlink(path.c_str());
  VFS_CHECK(::mkfifo(path.c_str(), 0600) == 0, "mkfifo {}: errno {}", path, errno);
  return path;
}

sockaddr_in LocalAddress(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

}  // namespace

int FreePort() {
  const vfs::UniqueFd listener(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address = LocalAddress(0);
  socklen_t bytes = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  VFS_CHECK(::bind(listener.get(), any, bytes) == 0, "bind: errno {}", errno);
  VFS_CHECK(::getsockname(listener.get(), any, &bytes) == 0, "getsockname: errno {}", errno);
  return ntohs(address.sin_port);
}

vfs::UniqueFd ConnectTo(int port) {
  vfs::UniqueFd connection(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address = LocalAddress(port);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  VFS_CHECK(::connect(connection.get(), any, sizeof(address)) == 0, "connect: errno {}", errno);
  return connection;
}

ServedFifo::ServedFifo(const TempDir& scratch,
                       const std::string& data,
                       std::uint32_t first,
                       std::uint64_t pause_nanos,
                       const std::vector<std::string>& more)
    : fifo_(MakeFifo(scratch)), port_(FreePort()), pause_nanos_(pause_nanos), next_(first) {
  ::signal(SIGPIPE, SIG_IGN);  // the reader is killed while there is something to write
  std::vector<std::string> arguments = {"serve",
                                        "--storage.default_data_dir",
                                        data,
                                        "--storage.reserve_bytes",
                                        "0",
                                        "--ingestion.source",
                                        "stream:" + fifo_,
                                        "--service.admin_endpoint",
                                        "127.0.0.1:" + std::to_string(port_)};
  arguments.insert(arguments.end(), more.begin(), more.end());
  process_ = std::make_unique<RunningBinary>(scratch, arguments);
}

std::optional<std::string> ServedFifo::Get(const std::string& path) const {
  httplib::Client client("127.0.0.1", port_);
  const httplib::Result result = client.Get(path.c_str());
  if (!result || result->status != 200) return std::nullopt;
  return result->body;
}

std::uint64_t ServedFifo::Metric(const std::string& name) const {
  const std::string body = Get("/metrics").value_or("");
  const std::string line = "\npermafrost_" + name + " ";
  const std::size_t at = body.find(line);
  return at == std::string::npos ? 0 : std::stoull(body.substr(at + line.size()));
}

void ServedFifo::Watch() {
  durable_ = std::max(durable_, static_cast<std::uint32_t>(Metric("last_committed_ledger")));
}

bool ServedFifo::OpenFifo() {
  if (!writer_.is_open())
    writer_ = vfs::UniqueFd(::open(fifo_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  return writer_.is_open();
}

void ServedFifo::WriteNext() {
  if (pending_.empty()) {
    if (clock_.MonotonicNanos() < write_at_) return;
    pending_ = FramedLedger(next_++);
    write_at_ = clock_.MonotonicNanos() + pause_nanos_;
  }
  const ssize_t count = ::write(writer_.get(), pending_.data(), pending_.size());
  if (count > 0) pending_.erase(0, static_cast<std::size_t>(count));
}

void ServedFifo::RunFor(std::uint64_t nanos, std::uint32_t until) {
  const std::uint64_t end = clock_.MonotonicNanos() + nanos;
  std::uint64_t watch_at = 0;
  while (clock_.MonotonicNanos() < end && durable_ < until) {
    if (OpenFifo()) WriteNext();
    if (clock_.MonotonicNanos() >= watch_at) {
      Watch();
      watch_at = clock_.MonotonicNanos() + 10 * kMillisecond;
    }
    if (pause_nanos_ > 0 || !writer_.is_open()) clock_.SleepNanos(kMillisecond / 5);
  }
}

void ServedFifo::WatchFor(std::uint64_t nanos) {
  const std::uint64_t end = clock_.MonotonicNanos() + nanos;
  for (; clock_.MonotonicNanos() < end; clock_.SleepNanos(10 * kMillisecond)) Watch();
}

void ServedFifo::StallAfter(std::size_t bytes) {
  while (!OpenFifo()) clock_.SleepNanos(kMillisecond);
  const std::string part = FramedLedger(next_).substr(0, bytes);
  VFS_CHECK(::write(writer_.get(), part.data(), part.size()) == static_cast<ssize_t>(part.size()),
            "write {}: errno {}", fifo_, errno);
}

bool ServedFifo::WaitUntilServing(std::uint64_t nanos) {
  const std::uint64_t end = clock_.MonotonicNanos() + nanos;
  while (clock_.MonotonicNanos() < end) {
    if (Get("/healthz").has_value()) return true;
    clock_.SleepNanos(5 * kMillisecond);
  }
  return false;
}

}  // namespace permafrost::engine
