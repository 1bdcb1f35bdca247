// Validation and text form of a geometry.
#include "engine/geometry/geometry.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

#include "vfs/base/status.h"

namespace permafrost::engine {

absl::StatusOr<Geometry> Geometry::Create(const GeometrySizes& sizes) {
  const Geometry geometry(sizes);
  if (sizes.ledgers_per_chunk == 0 || sizes.chunks_per_window == 0 ||
      sizes.chunks_per_bucket == 0) {
    return vfs::InvalidArgument("check geometry {}: a size is zero; every size is at least 1",
                                geometry.Text());
  }
  const std::uint64_t window_ledgers =
      std::uint64_t{sizes.ledgers_per_chunk} * sizes.chunks_per_window;
  if (window_ledgers > kWindowLedgersMax) {
    return vfs::InvalidArgument("check geometry {}: a window of {} ledgers, at most {}",
                                geometry.Text(), window_ledgers, kWindowLedgersMax);
  }
  if (sizes.chunks_per_bucket > static_cast<std::uint32_t>(kIdMax)) {
    return vfs::InvalidArgument("check geometry {}: a bucket of {} chunks, at most {}",
                                geometry.Text(), sizes.chunks_per_bucket, kIdMax);
  }
  return geometry;
}

absl::StatusOr<Geometry> Geometry::Parse(std::string_view text) {
  std::array<std::uint32_t, 3> parts{};
  std::size_t part = 0;
  const char* cursor = text.data();
  const char* const end = text.data() + text.size();
  for (; part < parts.size(); ++part) {
    if (part > 0) {
      if (cursor == end || *cursor != '/') break;
      ++cursor;
    }
    const auto [next, error] = std::from_chars(cursor, end, parts[part]);
    if (error != std::errc()) break;
    cursor = next;
  }
  const GeometrySizes sizes{
      .ledgers_per_chunk = parts[0], .chunks_per_window = parts[1], .chunks_per_bucket = parts[2]};
  if (part != parts.size() || cursor != end || Geometry(sizes).Text() != text) {
    return vfs::InvalidArgument(
        "parse geometry: malformed text of {} bytes, expected ledgers/chunks/chunks such as {}",
        text.size(), Production().Text());
  }
  return Create(sizes);
}

std::string Geometry::Text() const {
  return fmt::format("{}/{}/{}", sizes_.ledgers_per_chunk, sizes_.chunks_per_window,
                     sizes_.chunks_per_bucket);
}

}  // namespace permafrost::engine
