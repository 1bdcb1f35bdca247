// JSON of the lake beside the options.
#include "engine/ledger/lake_manifest.h"

#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "vfs/base/escape.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kManifestBytesMax = 64U << 10;

absl::StatusOr<std::optional<std::string>> ReadText(vfs::FileSystem& fs, std::string_view lake) {
  auto file = fs.Open(kLakeManifest, vfs::OpenMode::kRead);
  if (file.status().code() == absl::StatusCode::kNotFound) return std::nullopt;
  VFS_RETURN_IF_ERROR(file.status());
  VFS_ASSIGN_OR_RETURN(const std::uint64_t bytes, (*file)->Size());
  if (bytes > kManifestBytesMax)
    return vfs::DataLoss("{}: {} has {} bytes, at most {} expected; mend it", lake, kLakeManifest,
                         bytes, kManifestBytesMax);
  std::string text(bytes, '\0');
  VFS_ASSIGN_OR_RETURN(const std::size_t count, (*file)->Read(0, std::span<char>(text)));
  text.resize(count);
  return text;
}

absl::StatusOr<std::uint32_t> CountOf(const Json& json, const char* field, std::string_view lake) {
  const auto found = json.find(field);
  if (found != json.end() && found->is_number_unsigned()) {
    const auto count = found->get<std::uint64_t>();
    if (count >= 1 && count <= std::numeric_limits<std::uint32_t>::max())
      return static_cast<std::uint32_t>(count);
  }
  return vfs::DataLoss("{}: {} has no {} of 1 or more; mend it", lake, kLakeManifest, field);
}

absl::StatusOr<std::string> TextOf(const Json& json, const char* field, std::string_view lake) {
  const auto found = json.find(field);
  if (found == json.end()) return std::string();
  if (found->is_string()) return found->get<std::string>();
  return vfs::DataLoss("{}: {} has a {} that is no text; mend it", lake, kLakeManifest, field);
}

}  // namespace

absl::StatusOr<std::optional<LakeManifest>> ReadLakeManifest(vfs::FileSystem& fs,
                                                             std::string_view lake) {
  VFS_ASSIGN_OR_RETURN(const std::optional<std::string> text, ReadText(fs, lake));
  if (!text.has_value()) return std::nullopt;
  const Json json = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object())
    return vfs::DataLoss("{}: {} is no JSON object: {}; mend it", lake, kLakeManifest,
                         vfs::EscapedForError(*text));
  LakeManifest manifest;
  VFS_ASSIGN_OR_RETURN(manifest.network_passphrase, TextOf(json, "networkPassphrase", lake));
  VFS_ASSIGN_OR_RETURN(manifest.compression, TextOf(json, "compression", lake));
  VFS_ASSIGN_OR_RETURN(manifest.layout.ledgers_per_batch, CountOf(json, "ledgersPerBatch", lake));
  VFS_ASSIGN_OR_RETURN(manifest.layout.batches_per_partition,
                       CountOf(json, "batchesPerPartition", lake));
  return manifest;
}

absl::StatusOr<LakeLayout> AgreeOnLayout(const std::optional<LakeManifest>& manifest,
                                         const LakeOptions& options,
                                         std::string_view lake) {
  if (!manifest.has_value()) {
    if (options.ledgers_per_batch == 0 || options.batches_per_partition == 0)
      return vfs::InvalidArgument(
          "{} has no {}; configure its ledgers per batch and its batches per partition", lake,
          kLakeManifest);
    return LakeLayout{options.ledgers_per_batch, options.batches_per_partition};
  }
  std::string differences;
  const auto compare = [&](std::string_view what, const auto& found, const auto& wanted) {
    if (wanted == std::decay_t<decltype(wanted)>() || found == wanted) return;
    differences += fmt::format("{} {} is '{}', expected '{}'", differences.empty() ? ":" : ";",
                               what, found, wanted);
  };
  compare("networkPassphrase", manifest->network_passphrase, options.network_passphrase);
  compare("ledgersPerBatch", manifest->layout.ledgers_per_batch, options.ledgers_per_batch);
  compare("batchesPerPartition", manifest->layout.batches_per_partition,
          options.batches_per_partition);
  if (!manifest->compression.empty())
    compare("compression", manifest->compression, std::string("zstd"));
  if (!differences.empty())
    return vfs::FailedPrecondition(
        "{}: another lake than configured{}; mend the configuration or name another lake", lake,
        differences);
  return manifest->layout;
}

}  // namespace permafrost::engine
