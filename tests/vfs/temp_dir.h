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
  // A new or emptied file with this content; returns its path.
  std::string Write(std::string_view name, std::string_view text) const;

 private:
  std::string path_;
};

// The whole content of a file of the real disk; a test that asks for one that is not there fails.
std::string ReadText(const std::string& path);

}  // namespace permafrost
