// A journal and a record store of the real disk, as the commands of permafrost leave them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/engine/permafrost_process.h"
#include "tests/status_matchers.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/base/crc32c.h"
#include "vfs/posix/posix_file_system.h"

namespace permafrost::engine {

inline constexpr char kAssertion[] =
    R"({"type":"assertion","body":{"subject":"tx/1","predicate":"is","object":"AAEC"}})";
inline constexpr char kAccounts[] =
    R"({"type":"account_sync",)"
    R"("body":{"accounts":[{"account":"alice","balance":"100","nonce":"7"}]}})";
inline constexpr char kEpoch[] = R"({"type":"epoch","body":{"epoch_id":"AQI="}})";
// Of kAssertion.
inline constexpr char kAddress[] =
    "6bd2cde1e4864d4e4121e4a11b6821da8417594992337e0ed162ba0f690b574a";

inline std::string Lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

inline std::vector<nlohmann::json> JsonLines(const std::string& text) {
  std::vector<nlohmann::json> values;
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    values.push_back(nlohmann::json::parse(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return values;
}

class JournalDirectory : public ::testing::Test {
 protected:
  Ran Command(const std::string& arguments) { return RunBinary(scratch_, arguments); }
  Ran Append(const std::vector<std::string>& lines, const std::string& flags = "") {
    const std::string file = scratch_.Write("lines", Lines(lines));
    return Command("journal append --journal.segment_bytes 65536 --dir " + dir_ + " --json-file " +
                   file + " " + flags);
  }
  // Three records, in one segment.
  void Fill() { ASSERT_EQ(Append({kAssertion, kAccounts, kEpoch}).out, "1\n2\n3\n"); }
  Ran Verify(const std::string& flags = "") {
    return Command("journal verify --dir " + dir_ + " " + flags);
  }
  // Everything in a directory, by name.
  std::map<std::string, std::string> Listing(const std::string& directory) {
    std::map<std::string, std::string> listing;
    const auto fs = vfs::PosixFileSystem::Open(directory);
    EXPECT_OK(fs);
    const auto entries = (*fs)->List("");
    EXPECT_OK(entries);
    for (const vfs::DirEntry& entry : *entries)
      listing[entry.name] = ReadText(directory + "/" + entry.name);
    return listing;
  }
  void Overwrite(const std::string& segment, std::uint64_t at, std::string_view bytes) {
    ASSERT_OK_AND_ASSIGN(auto fs, vfs::PosixFileSystem::Open(dir_));
    ASSERT_OK_AND_ASSIGN(auto file, fs->Open(segment, vfs::OpenMode::kReadWrite));
    ASSERT_OK(file->Write(at, bytes));
  }
  // Changes the body of LSN 1, of 80 bytes at offset 64, and its checksum with it, so that its hash
  // alone tells.
  void OverwriteBody() {
    constexpr std::uint64_t kRecord = 64;
    constexpr std::uint64_t kRecordBytes = 80;
    const std::string path = dir_ + "/" + first_segment_;
    std::string record = ReadText(path).substr(kRecord, kRecordBytes);
    record[64] ^= 1;                                  // the first byte of the body
    std::string seed = ReadText(path).substr(32, 8);  // the nonce
    seed += std::string("\x40\0\0\0\0\0\0\0", 8);     // and the record's offset
    std::uint32_t crc = vfs::Crc32cExtend(vfs::Crc32c(seed), record.substr(0, 4));
    crc = vfs::Crc32cExtend(crc, record.substr(8));
    for (std::size_t i = 0; i < 4; ++i) record[4 + i] = static_cast<char>(crc >> (8 * i));
    Overwrite(first_segment_, kRecord, record);
  }

  TempDir scratch_;
  const std::string dir_ = scratch_.Join("j");
  const std::string store_ = scratch_.Join("r");
  const std::string first_segment_ = "00000000000000000000.seg";
};

}  // namespace permafrost::engine
