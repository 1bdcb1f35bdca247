// A small lexer: comments, string, character and raw literals, digit separators.
#include "tests/tidy/source_file.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace permafrost::tidy {
namespace {

bool IsWordChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Blanks ranges of two copies of the text, keeping line ends.
class Blanker {
 public:
  explicit Blanker(std::string_view text) : text_(text), strings_(text), code_(text) {}

  void Run() {
    while (at_ < text_.size()) {
      const std::string_view rest = text_.substr(at_);
      if (rest.starts_with("//")) {
        Blank(at_, EndOf("\n", at_, 0), true);
      } else if (rest.starts_with("/*")) {
        Blank(at_, EndOf("*/", at_ + 2, 2), true);
      } else if (rest.starts_with("R\"") && (at_ == 0 || !IsWordChar(text_[at_ - 1]))) {
        const std::size_t open = std::min(text_.find('(', at_), text_.size() - 1);
        const std::string close = ")" + std::string(text_.substr(at_ + 2, open - at_ - 2)) + "\"";
        Blank(open + 1, EndOf(close, open, close.size()), false);
      } else if (rest.front() == '"' ||
                 (rest.front() == '\'' && (at_ == 0 || !IsWordChar(text_[at_ - 1])))) {
        Blank(at_ + 1, EndOfLiteral(rest.front()), false);
      } else {
        ++at_;
      }
    }
  }

  const std::string& strings() const { return strings_; }
  const std::string& code() const { return code_; }

 private:
  std::size_t EndOf(std::string_view mark, std::size_t from, std::size_t mark_bytes) const {
    const std::size_t found = text_.find(mark, from);
    return found == std::string_view::npos ? text_.size() : found + mark_bytes;
  }

  std::size_t EndOfLiteral(char quote) const {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n')
      end += text_[end] == '\\' ? 2U : 1U;
    return std::min(end + 1, text_.size());
  }

  // Goes on at `end`; a literal's closing quote stays.
  void Blank(std::size_t begin, std::size_t end, bool is_comment) {
    for (std::size_t i = begin; i < end; ++i) {
      if (text_[i] == '\n') continue;
      if (is_comment) strings_[i] = ' ';
      if (is_comment || i + 1 < end) code_[i] = ' ';
    }
    at_ = std::max(end, at_ + 1);
  }

  const std::string_view text_;
  std::string strings_;
  std::string code_;
  std::size_t at_ = 0;
};

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

SourceFile MakeSourceFile(std::string path, std::string_view text) {
  SourceFile file{std::move(path), Lines(text), Lines(text), Lines(text)};
  if (IsCpp(file)) {
    Blanker blanker(text);
    blanker.Run();
    file.strings = Lines(blanker.strings());
    file.code = Lines(blanker.code());
  }
  return file;
}

std::vector<SourceFile> LoadTree(const std::string& root) {
  namespace fs = std::filesystem;
  constexpr std::array kExtensions = {".h", ".cc", ".cmake", ".md"};
  std::vector<SourceFile> files;
  for (const char* room : {"vfs", "faults", "engine", "sim", "tests"}) {
    for (const fs::directory_entry& entry :
         fs::recursive_directory_iterator(fs::path(root) / room)) {
      if (!entry.is_regular_file()) continue;
      const bool is_known = std::find(kExtensions.begin(), kExtensions.end(),
                                      entry.path().extension()) != kExtensions.end();
      if (!is_known && entry.path().filename() != "CMakeLists.txt") continue;
      std::ostringstream text;
      text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
      files.push_back(
          MakeSourceFile(entry.path().lexically_relative(root).generic_string(), text.str()));
    }
  }
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

bool IsHeader(const SourceFile& file) { return file.path.ends_with(".h"); }
bool IsCpp(const SourceFile& file) { return IsHeader(file) || file.path.ends_with(".cc"); }

std::string_view RoomOf(std::string_view path) { return path.substr(0, path.find('/')); }

std::string_view StemOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  return name.substr(0, name.rfind('.'));
}

std::vector<Include> IncludesOf(const SourceFile& file) {
  std::vector<Include> includes;
  for (std::size_t i = 0; i < file.strings.size(); ++i) {
    const std::string_view line = file.strings[i];
    if (!line.starts_with("#include ") || line.size() < 12) continue;
    const char open = line[9];
    const std::size_t end = line.find(open == '<' ? '>' : '"', 10);
    if (end != std::string_view::npos)
      includes.push_back({i + 1, std::string(line.substr(10, end - 10)), open == '"'});
  }
  return includes;
}

std::vector<std::string> LiteralsOf(std::string_view line) {
  std::vector<std::string> literals;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '"' || (i > 0 && line[i - 1] == '\'')) continue;
    std::size_t end = i + 1;
    while (end < line.size() && line[end] != '"') end += line[end] == '\\' ? 2U : 1U;
    if (end >= line.size()) break;
    literals.emplace_back(line.substr(i + 1, end - i - 1));
    i = end;
  }
  return literals;
}

}  // namespace permafrost::tidy
