// A directory of the real disk that is removed, with all that is in it, when the test is done.
#pragma once

#include <string>
#include <string_view>

namespace permafrost {

// Threads: one thread at a time.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string Join(std::string_view name) const;

 private:
  std::string path_;
};

}  // namespace permafrost
