// Owns one file descriptor.
#pragma once

#include <unistd.h>

#include <utility>

namespace permafrost::vfs {

// Threads: one thread at a time.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    UniqueFd doomed(std::exchange(fd_, other.Release()));
    return *this;
  }
  // Errors of close are dropped: nothing becomes durable by closing. Never retried: Linux frees the
  // number first.
  ~UniqueFd() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

}  // namespace permafrost::vfs
