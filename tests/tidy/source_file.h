// A source file as the tidy rules see it: its lines, and the same lines without comments and
// without literals.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace permafrost::tidy {

struct SourceFile {
  std::string path;                  // from the repository root
  std::vector<std::string> lines;    // as they are, without line ends
  std::vector<std::string> strings;  // comments blanked; string literals kept
  std::vector<std::string> code;     // comments and the insides of literals blanked
};

// Splits and blanks. C++ files (.h, .cc) are understood; of others all three views are the same.
SourceFile MakeSourceFile(std::string path, std::string_view text);

// Every .h, .cc, .cmake, .md and CMakeLists.txt below the five rooms, sorted by path.
std::vector<SourceFile> LoadTree(const std::string& root);

bool IsCpp(const SourceFile& file);
bool IsHeader(const SourceFile& file);
// "engine/layout/keys.cc" -> "engine".
std::string_view RoomOf(std::string_view path);
// "engine/layout/keys.cc" -> "keys".
std::string_view StemOf(std::string_view path);
// The names between quotes of `#include "..."`, and between angles, with their lines.
struct Include {
  std::size_t line = 0;  // from 1
  std::string name;
  bool is_quoted = false;
};
std::vector<Include> IncludesOf(const SourceFile& file);
// The insides of the ordinary string literals of a line of `strings`.
std::vector<std::string> LiteralsOf(std::string_view line);

}  // namespace permafrost::tidy
