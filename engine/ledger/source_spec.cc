// A kind, a colon, and what the kind needs; a journal needs nothing.
#include "engine/ledger/source_spec.h"

#include <limits>

#include "engine/ledger/ledger_view.h"
#include "vfs/base/escape.h"
#include "vfs/base/parse_number.h"
#include "vfs/base/status.h"

namespace permafrost::engine {
namespace {

constexpr std::uint32_t kLedgersMax =
    std::numeric_limits<std::uint32_t>::max() - kFirstLedger.value();

}  // namespace

absl::StatusOr<SourceSpec> ParseSourceSpec(std::string_view text) {
  if (text == "journal") return SourceSpec{.kind = SourceSpec::Kind::kJournal};
  const std::size_t colon = text.find(':');
  const std::string_view kind = colon == std::string_view::npos ? "" : text.substr(0, colon);
  const std::string_view rest = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  if (kind == "lake" || kind == "stream") {
    if (rest.empty())
      return vfs::InvalidArgument("source {}: no {} behind the colon", vfs::EscapedForError(text),
                                  kind == "lake" ? "directory" : "file");
    return SourceSpec{.kind = kind == "lake" ? SourceSpec::Kind::kLake : SourceSpec::Kind::kStream,
                      .path = std::string(rest)};
  }
  if (kind != "synthetic")
    return vfs::InvalidArgument(
        "source {}: none of lake:DIR, stream:FILE, stream:-, synthetic:SEED,N and journal",
        vfs::EscapedForError(text));
  const std::size_t comma = rest.find(',');
  const auto seed = vfs::ParseNumber<std::uint64_t>(rest.substr(0, comma));
  const auto ledgers = vfs::ParseNumber<std::uint32_t>(
      comma == std::string_view::npos ? "" : rest.substr(comma + 1));
  if (!seed.has_value() || !ledgers.has_value() || *ledgers == 0 || *ledgers > kLedgersMax)
    return vfs::InvalidArgument("source {}: synthetic:SEED,N has a seed and 1 to {} ledgers",
                                vfs::EscapedForError(text), kLedgersMax);
  return SourceSpec{.kind = SourceSpec::Kind::kSynthetic, .seed = *seed, .ledgers = *ledgers};
}

}  // namespace permafrost::engine
