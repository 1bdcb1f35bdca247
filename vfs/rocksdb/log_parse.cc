// One fragment at a time; the file's length and the block's end bound every length that is read.
#include "vfs/rocksdb/log_parse.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "vfs/base/bytes.h"
#include "vfs/base/crc32c.h"

namespace permafrost::vfs {
namespace {

struct Fragment {
  FragmentType type = FragmentType::kZero;  // recyclable types as their plain ones
  std::uint64_t end = 0;
  std::string_view payload;
  std::string_view finding;  // empty: valid
};

Fragment Bad(std::string_view finding) {
  Fragment fragment;
  fragment.finding = finding;
  return fragment;
}

bool IsRecyclable(std::uint8_t type) {
  return type >= static_cast<std::uint8_t>(FragmentType::kRecyclableFull) &&
         type <= static_cast<std::uint8_t>(FragmentType::kRecyclableLast);
}

// Requires at < bytes.size() and at least a plain header's room before the block's end.
Fragment ReadFragment(std::string_view bytes, std::uint64_t at, std::uint64_t log_number) {
  const std::uint64_t block_end = at - at % kLogBlockBytes + kLogBlockBytes;
  const std::uint64_t left = bytes.size() - at;
  if (left < kLogHeaderBytes) return Bad("the file ends inside a header");
  const auto crc = LoadLittleEndian<std::uint32_t>(bytes, at);
  const auto length = LoadLittleEndian<std::uint16_t>(bytes, at + 4);
  const auto type = static_cast<std::uint8_t>(bytes[at + 6]);
  if (type == 0 && length == 0) return Bad("zero header");
  const bool recyclable = IsRecyclable(type);
  const std::size_t header = recyclable ? kLogRecyclableHeaderBytes : kLogHeaderBytes;
  if (at + header + length > block_end) return Bad("length beyond the block");
  if (left < header + length) return Bad("the file ends inside a fragment");
  const std::string_view covered = bytes.substr(at + 6, header - 6 + length);
  if (Crc32c(covered) != UnmaskCrc(crc)) return Bad("checksum mismatch");
  if (type == 0 || type > static_cast<std::uint8_t>(FragmentType::kRecyclableLast)) {
    return Bad("unknown fragment type");
  }
  if (recyclable && LoadLittleEndian<std::uint32_t>(bytes, at + kLogHeaderBytes) !=
                        static_cast<std::uint32_t>(log_number)) {
    return Bad("fragment of another log");
  }
  const std::uint8_t plain = recyclable ? static_cast<std::uint8_t>(type - 4) : type;
  return {static_cast<FragmentType>(plain),
          at + header + length,
          bytes.substr(at + header, length),
          {}};
}

// Joins fragments into records.
class Assembler {
 public:
  explicit Assembler(ParsedLog& log) : log_(log) {}

  // False, with the damage noted, if the fragment does not continue what is open.
  bool Add(std::uint64_t at, const Fragment& fragment) {
    const bool begins =
        fragment.type == FragmentType::kFull || fragment.type == FragmentType::kFirst;
    if (begins && open_) return Damage(at, "the record before is not finished");
    if (!begins && !open_) {
      begin_ = at;
      return Damage(at, "a fragment without its beginning");
    }
    if (begins) begin_ = at;
    open_ = true;
    payload_ += fragment.payload;
    if (fragment.type == FragmentType::kFull || fragment.type == FragmentType::kLast) {
      log_.records.push_back({begin_, fragment.end, std::exchange(payload_, {})});
      open_ = false;
    }
    return true;
  }

  bool Damage(std::uint64_t at, std::string_view finding) {
    log_.damage = {open_ ? begin_ : at, at, std::string(finding)};
    return false;
  }

  bool open() const { return open_; }

 private:
  ParsedLog& log_;
  bool open_ = false;
  std::uint64_t begin_ = 0;
  std::string payload_;
};

}  // namespace

ParsedLog ParseLog(std::string_view bytes, std::uint64_t log_number) {
  ParsedLog log;
  Assembler assembler(log);
  std::uint64_t at = 0;
  while (at < bytes.size()) {
    const std::uint64_t block_left = kLogBlockBytes - at % kLogBlockBytes;
    if (block_left < kLogHeaderBytes) {
      at += block_left;  // the block's trailer
      continue;
    }
    const Fragment fragment = ReadFragment(bytes, at, log_number);
    if (!fragment.finding.empty()) {
      assembler.Damage(at, fragment.finding);
      return log;
    }
    if (!assembler.Add(at, fragment)) return log;
    at = fragment.end;
  }
  if (assembler.open()) assembler.Damage(bytes.size(), "the file ends inside a record");
  return log;
}

std::optional<std::uint64_t> FindRecordStart(
    std::string_view bytes,
    std::uint64_t from,
    std::uint64_t log_number,
    absl::FunctionRef<bool(const RecordStart&)> is_plausible) {
  for (std::uint64_t at = from; at + kLogHeaderBytes <= bytes.size(); ++at) {
    if (kLogBlockBytes - at % kLogBlockBytes < kLogHeaderBytes) continue;
    const auto type = static_cast<FragmentType>(bytes[at + 6]);
    if (type != FragmentType::kFull && type != FragmentType::kFirst &&
        type != FragmentType::kRecyclableFull && type != FragmentType::kRecyclableFirst) {
      continue;
    }
    const Fragment fragment = ReadFragment(bytes, at, log_number);
    if (!fragment.finding.empty()) continue;
    const bool whole = fragment.type == FragmentType::kFull;
    // A record goes on in the next block only when it has filled this one.
    if (!whole && fragment.end % kLogBlockBytes != 0) continue;
    if (is_plausible({at, whole, fragment.payload})) return at;
  }
  return std::nullopt;
}

bool LooksLikeTheLastAppend(std::string_view bytes, std::uint64_t at) {
  const std::uint64_t sector_end =
      std::min<std::uint64_t>(at - at % kLogSectorBytes + kLogSectorBytes, bytes.size());
  if (at % kLogSectorBytes != 0 &&
      bytes.substr(at, sector_end - at).find_first_not_of('\0') == std::string_view::npos) {
    return true;
  }
  auto expected = FragmentType::kFull;
  while (at + kLogHeaderBytes <= bytes.size()) {
    const auto length = LoadLittleEndian<std::uint16_t>(bytes, at + 4);
    const auto type = static_cast<FragmentType>(bytes[at + 6]);
    const bool begins = expected == FragmentType::kFull;
    if (type == (begins ? FragmentType::kFull : FragmentType::kLast)) {
      return at + kLogHeaderBytes + length == bytes.size();
    }
    if (type != (begins ? FragmentType::kFirst : FragmentType::kMiddle)) return false;
    at += kLogHeaderBytes + length;
    if (at % kLogBlockBytes != 0) return false;
    expected = FragmentType::kLast;
  }
  return false;
}

bool FragmentsReachTheEnd(std::string_view bytes, std::uint64_t at, std::uint64_t log_number) {
  while (at < bytes.size()) {
    const std::uint64_t block_left = kLogBlockBytes - at % kLogBlockBytes;
    if (block_left < kLogHeaderBytes) {
      at += block_left;
      continue;
    }
    const Fragment fragment = ReadFragment(bytes, at, log_number);
    if (!fragment.finding.empty()) return false;
    at = fragment.end;
  }
  return true;
}

}  // namespace permafrost::vfs
