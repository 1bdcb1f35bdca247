// One suite over every file system: each sentence of vfs/file_system.h that is about live
// behaviour, as a test.
//
// A backend links `permafrost_conformance` and writes, in one file of its own test:
//   INSTANTIATE_TEST_SUITE_P(Posix, FileSystemConformance,
//                            ::testing::Values(ConformanceFactory{"posix", [] { return ...; }}),
//                            ConformanceName);
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "vfs/file_system.h"

namespace permafrost::conformance {

// A fresh, empty file system and whatever must live as long as it.
class World {
 public:
  World() = default;
  virtual ~World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  virtual vfs::FileSystem& fs() = 0;
};

struct ConformanceFactory {
  std::string name;  // letters and digits; the end of each test's name
  std::function<std::unique_ptr<World>()> make;
};

// Named by its name in test listings.
inline void PrintTo(const ConformanceFactory& factory, std::ostream* out) { *out << factory.name; }
std::string ConformanceName(const ::testing::TestParamInfo<ConformanceFactory>& info);

class FileSystemConformance : public ::testing::TestWithParam<ConformanceFactory> {
 protected:
  void SetUp() override;

  vfs::FileSystem& fs() { return world_->fs(); }

  // Makes a file with this content and closes it.
  void MakeFile(std::string_view path, std::string_view content);
  void MakeDir(std::string_view path);
  // The whole content, or "<error text>" in angle brackets.
  std::string ContentOf(std::string_view path);
  static std::string ContentOf(const vfs::File& file);
  // "a b/ c": names in order, directories with a slash; or the error text in angle brackets.
  std::string ListingOf(std::string_view path);

 private:
  std::unique_ptr<World> world_;
};

}  // namespace permafrost::conformance
