// The checks of github.com/RoaringBitmap/RoaringFormatSpec.
#include "engine/cold/portable_bitmap.h"

#include <bit>

#include "vfs/base/bytes.h"
#include "vfs/base/check.h"

namespace permafrost::engine {
namespace {

constexpr std::uint32_t kCookieWithRuns = 12'347;  // its upper half: containers, less 1
constexpr std::uint32_t kCookieWithoutRuns = 12'346;
constexpr std::size_t kContainersMax = 65'536;
constexpr std::size_t kContainersWithoutOffsets = 3;  // of bitmaps with runs
constexpr std::uint32_t kArrayIdsMax = 4'096;
constexpr std::size_t kBitsetBytes = 8'192;
constexpr std::uint32_t kContainerIds = 65'536;

// Takes fields off the front; after the first that is not there nothing more is taken.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  T Take() {
    const std::string_view taken = Take(sizeof(T));
    return is_ok_ ? vfs::LoadLittleEndian<T>(taken, 0) : T{0};
  }
  std::string_view Take(std::size_t count) {
    if (!is_ok_ || count > bytes_.size() - at_) {
      is_ok_ = false;
      return {};
    }
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }

  bool is_ok() const { return is_ok_; }
  std::size_t at() const { return at_; }
  std::size_t left() const { return bytes_.size() - at_; }

 private:
  const std::string_view bytes_;
  std::size_t at_ = 0;
  bool is_ok_ = true;
};

// What a container's ids are, within the container; nothing if it is none.
struct Ids {
  std::uint32_t count = 0;
  std::uint32_t last = 0;
};

std::optional<Ids> CheckRuns(Fields& fields) {
  const auto runs = fields.Take<std::uint16_t>();
  if (!fields.is_ok() || fields.left() < std::size_t{runs} * 4) return std::nullopt;
  Ids ids;
  std::uint32_t free_from = 0;
  for (std::uint16_t i = 0; i < runs; ++i) {
    const std::uint32_t first = fields.Take<std::uint16_t>();
    const std::uint32_t more = fields.Take<std::uint16_t>();
    if (first < free_from || first + more >= kContainerIds) return std::nullopt;
    ids.count += more + 1;
    ids.last = first + more;
    free_from = ids.last + 2;  // runs that touch are one
  }
  return ids;
}

std::optional<Ids> CheckArray(Fields& fields, std::uint32_t count) {
  const std::string_view bytes = fields.Take(count * sizeof(std::uint16_t));
  if (!fields.is_ok()) return std::nullopt;
  Ids ids;
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(std::uint16_t)) {
    const std::uint32_t id = vfs::LoadLittleEndian<std::uint16_t>(bytes, at);
    if (ids.count > 0 && id <= ids.last) return std::nullopt;
    ++ids.count;
    ids.last = id;
  }
  return ids;
}

std::optional<Ids> CheckBitset(Fields& fields) {
  const std::string_view bytes = fields.Take(kBitsetBytes);
  if (!fields.is_ok()) return std::nullopt;
  Ids ids;
  for (std::uint32_t at = 0; at < kBitsetBytes; at += sizeof(std::uint64_t)) {
    const auto word = vfs::LoadLittleEndian<std::uint64_t>(bytes, at);
    if (word == 0) continue;
    ids.count += static_cast<std::uint32_t>(std::popcount(word));
    ids.last = at * 8 + static_cast<std::uint32_t>(std::bit_width(word)) - 1;
  }
  return ids;
}

bool IsPortableBitmap(std::string_view bytes, std::uint32_t id_end) {
  Fields fields(bytes);
  const auto cookie = fields.Take<std::uint32_t>();
  const bool has_runs = (cookie & 0xffff) == kCookieWithRuns;
  if (!has_runs && cookie != kCookieWithoutRuns) return false;
  const std::size_t containers = has_runs ? (cookie >> 16) + 1 : fields.Take<std::uint32_t>();
  if (containers == 0 || containers > kContainersMax) return false;
  const std::string_view run_flags = fields.Take(has_runs ? (containers + 7) / 8 : 0);
  Fields heads(fields.Take(containers * 4));
  const bool has_offsets = !has_runs || containers > kContainersWithoutOffsets;
  Fields offsets(fields.Take(has_offsets ? containers * 4 : 0));
  if (!fields.is_ok()) return false;

  std::uint32_t free_key = 0;
  for (std::size_t i = 0; i < containers; ++i) {
    const std::uint32_t key = heads.Take<std::uint16_t>();
    const std::uint32_t count = heads.Take<std::uint16_t>() + std::uint32_t{1};
    if (key < free_key || (has_offsets && offsets.Take<std::uint32_t>() != fields.at()))
      return false;
    free_key = key + 1;
    const bool is_run =
        has_runs && ((static_cast<std::uint8_t>(run_flags[i / 8]) >> (i % 8)) & 1) != 0;
    const std::optional<Ids> ids = is_run                  ? CheckRuns(fields)
                                   : count <= kArrayIdsMax ? CheckArray(fields, count)
                                                           : CheckBitset(fields);
    if (!ids.has_value() || ids->count != count) return false;
    if (std::uint64_t{key} * kContainerIds + ids->last >= id_end) return false;
  }
  return fields.left() == 0;
}

}  // namespace

void AppendPortableBitmap(std::string& out, std::span<const std::uint32_t> ids) {
  VFS_CHECK(!ids.empty(), "a bitmap of no ids");
  Roaring bitmap(ids.size(), ids.data());
  bitmap.runOptimize();
  const std::size_t begin = out.size();
  out.resize(begin + bitmap.getSizeInBytes());
  const std::size_t written = bitmap.write(out.data() + begin);
  VFS_CHECK(begin + written == out.size(), "a bitmap of {} bytes", written);
}

std::optional<Roaring> ParsePortableBitmap(std::string_view bytes, std::uint32_t id_end) {
  if (!IsPortableBitmap(bytes, id_end)) return std::nullopt;
  roaring_bitmap_t* const bitmap =
      roaring_bitmap_portable_deserialize_safe(bytes.data(), bytes.size());
  VFS_CHECK(bitmap != nullptr, "no memory for a bitmap of {} bytes", bytes.size());
  return Roaring(bitmap);
}

}  // namespace permafrost::engine
