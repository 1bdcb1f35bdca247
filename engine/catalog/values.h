// What catalog values say: states, and for frozen artifacts the size and checksum of each file.
// Versioned text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

namespace permafrost::engine {

// Of a chunk's artifact and of an index coverage alike. An absent key is the fourth state.
enum class ArtifactState {
  kFreezing,  // files absent, partial, or whole but unproven
  kFrozen,    // files, their lengths and every directory entry on their paths are durable and final
  kPruning,   // deletion is committed and must complete
};
enum class HotState {
  kTransient,  // being made or being removed; never opened
  kReady,      // opens, and only with must-exist
};

std::string_view ToString(ArtifactState state);
std::string_view ToString(HotState state);

// One file of a frozen artifact. `name` is the last path component.
struct FileDigest {
  std::string name;
  std::uint64_t bytes = 0;
  std::uint32_t crc32c = 0;  // of the whole content
  friend auto operator<=>(const FileDigest&, const FileDigest&) = default;
};

struct ArtifactRecord {
  ArtifactState state = ArtifactState::kFreezing;
  std::vector<FileDigest> files;  // in the layout's order; empty unless frozen or tainted

  // Frozen once, found damaged since, and to be made again: freezing, with what it had recorded.
  bool is_tainted() const { return state == ArtifactState::kFreezing && !files.empty(); }

  friend auto operator<=>(const ArtifactRecord&, const ArtifactRecord&) = default;
};

// Shapes:  "v1 freezing", "v1 pruning", "v1 frozen <name>=<bytes>:<crc32c, 8 hex digits> ...";
//          tainted: "v1 freezing <name>=<bytes>:<crc32c> ..."
// Source:  engine/FORMATS.md "Catalog values"
std::string ValueText(const ArtifactRecord& record);
// "v1 transient", "v1 ready".
std::string ValueText(HotState state);

// The value that prints as `text`, or nothing: no other spelling parses.
std::optional<ArtifactRecord> ParseArtifactRecord(std::string_view text);
std::optional<HotState> ParseHotState(std::string_view text);

}  // namespace permafrost::engine
