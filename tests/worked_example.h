// Worked examples of engine/FORMATS.md: the fields of a file, each on a line with its place.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/vfs/temp_dir.h"

namespace permafrost {

// Fields of so many bytes, one after another, are all of `bytes` and stand on the page as
// "  33  07 00 00 00   ledger": offset, bytes in hex, what they are.
inline void ExpectOnPage(std::string_view bytes, std::span<const std::size_t> fields) {
  const std::string page = ReadText("engine/FORMATS.md");
  std::size_t at = 0;
  for (const std::size_t field : fields) {
    std::string line = fmt::format("{:4} ", at);
    for (const char c : bytes.substr(at, field))
      line += fmt::format(" {:02x}", static_cast<std::uint8_t>(c));
    const bool is_there = page.find("\n" + line + "\n") != std::string::npos ||
                          page.find("\n" + line + "   ") != std::string::npos;
    EXPECT_TRUE(is_there) << "engine/FORMATS.md lacks\n" << line;
    at += field;
  }
  EXPECT_EQ(at, bytes.size());
}

}  // namespace permafrost
