// Printing and strict parsing of catalog values.
#include "engine/catalog/values.h"

#include <fmt/format.h>

#include "vfs/base/check.h"
#include "vfs/base/parse_number.h"

namespace permafrost::engine {
namespace {

constexpr std::string_view kVersion = "v1 ";
constexpr std::size_t kCrcDigits = 8;

std::optional<FileDigest> ParseDigest(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::size_t colon = text.find(':', equals);
  if (equals == std::string_view::npos || colon == std::string_view::npos) return std::nullopt;
  const auto bytes = vfs::ParseNumber<std::uint64_t>(text.substr(equals + 1, colon - equals - 1));
  const std::string_view crc_text = text.substr(colon + 1);
  const auto crc32c = vfs::ParseNumber<std::uint32_t>(crc_text, 16);
  if (equals == 0 || !bytes.has_value() || !crc32c.has_value() || crc_text.size() != kCrcDigits) {
    return std::nullopt;
  }
  return FileDigest{
      .name = std::string(text.substr(0, equals)), .bytes = *bytes, .crc32c = *crc32c};
}

bool HasRightFiles(const ArtifactRecord& record) {
  return record.state == ArtifactState::kFreezing ||
         record.files.empty() == (record.state == ArtifactState::kPruning);
}

}  // namespace

std::string_view ToString(ArtifactState state) {
  switch (state) {
    case ArtifactState::kFreezing: return "freezing";
    case ArtifactState::kFrozen: return "frozen";
    case ArtifactState::kPruning: return "pruning";
  }
  VFS_CHECK(false, "artifact state {}", static_cast<int>(state));
}

std::string_view ToString(HotState state) {
  switch (state) {
    case HotState::kTransient: return "transient";
    case HotState::kReady: return "ready";
  }
  VFS_CHECK(false, "hot state {}", static_cast<int>(state));
}

std::string ValueText(const ArtifactRecord& record) {
  VFS_CHECK(HasRightFiles(record), "{} files under {}", record.files.size(),
            ToString(record.state));
  std::string text = fmt::format("{}{}", kVersion, ToString(record.state));
  for (const FileDigest& file : record.files) {
    text += fmt::format(" {}={}:{:08x}", file.name, file.bytes, file.crc32c);
  }
  return text;
}

std::string ValueText(HotState state) { return fmt::format("{}{}", kVersion, ToString(state)); }

std::optional<ArtifactRecord> ParseArtifactRecord(std::string_view text) {
  if (!text.starts_with(kVersion)) return std::nullopt;
  std::string_view rest = text.substr(kVersion.size());
  ArtifactRecord record;
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(word.size());
  if (word == ToString(ArtifactState::kFrozen)) {
    record.state = ArtifactState::kFrozen;
  } else if (word == ToString(ArtifactState::kPruning)) {
    record.state = ArtifactState::kPruning;
  } else if (word != ToString(ArtifactState::kFreezing)) {
    return std::nullopt;
  }
  while (!rest.empty()) {
    rest.remove_prefix(1);  // the space before each file
    const std::string_view piece = rest.substr(0, rest.find(' '));
    rest.remove_prefix(piece.size());
    std::optional<FileDigest> digest = ParseDigest(piece);
    if (!digest.has_value()) return std::nullopt;
    record.files.push_back(*std::move(digest));
  }
  if (!HasRightFiles(record) || ValueText(record) != text) return std::nullopt;
  return record;
}

std::optional<HotState> ParseHotState(std::string_view text) {
  for (const HotState state : {HotState::kTransient, HotState::kReady}) {
    if (text == ValueText(state)) return state;
  }
  return std::nullopt;
}

}  // namespace permafrost::engine
