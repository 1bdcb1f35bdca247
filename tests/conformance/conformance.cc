// The fixture's helpers.
#include "tests/conformance/conformance.h"

#include "tests/status_matchers.h"

namespace permafrost::conformance {

using vfs::OpenMode;

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(FileSystemConformance);

std::string ConformanceName(const ::testing::TestParamInfo<ConformanceFactory>& info) {
  return info.param.name;
}

void FileSystemConformance::SetUp() {
  world_ = GetParam().make();
  ASSERT_NE(world_, nullptr);
}

void FileSystemConformance::MakeFile(std::string_view path, std::string_view content) {
  ASSERT_OK_AND_ASSIGN(const auto file, fs().Create(path));
  ASSERT_OK(file->Append(content));
  ASSERT_OK(file->Close());
}

void FileSystemConformance::MakeDir(std::string_view path) { ASSERT_OK(fs().MakeDir(path)); }

std::string FileSystemConformance::ContentOf(std::string_view path) {
  const auto file = fs().Open(path, OpenMode::kRead);
  if (!file.ok()) return fmt::format("<{}>", vfs::Message(file.status()));
  return ContentOf(**file);
}

std::string FileSystemConformance::ContentOf(const vfs::File& file) {
  const auto bytes = file.Size();
  if (!bytes.ok()) return fmt::format("<{}>", vfs::Message(bytes.status()));
  // One byte more than there should be, so that a read past the size shows.
  std::string content(*bytes + 1, '?');
  const auto count = file.Read(0, content);
  if (!count.ok()) return fmt::format("<{}>", vfs::Message(count.status()));
  content.resize(*count);
  return content;
}

std::string FileSystemConformance::ListingOf(std::string_view path) {
  const auto entries = fs().List(path);
  if (!entries.ok()) return fmt::format("<{}>", vfs::Message(entries.status()));
  std::string listing;
  for (const vfs::DirEntry& entry : *entries) {
    if (!listing.empty()) listing += ' ';
    listing += entry.name;
    if (entry.kind == vfs::FileKind::kDirectory) listing += '/';
  }
  return listing;
}

}  // namespace permafrost::conformance
