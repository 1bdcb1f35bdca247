// BLAKE3 hashes of 32 bytes: what content is known by, on disk and to others.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace permafrost::vfs {

// Ordered as its bytes, which is how the hexadecimal digits are ordered too.
struct Blake3 {
  std::array<std::uint8_t, 32> bytes = {};
  friend constexpr auto operator<=>(const Blake3&, const Blake3&) = default;

  std::string Hex() const;  // 64 lower-case digits
};

// The hash that b3sum prints for a file of these bytes.
Blake3 Blake3Of(std::string_view bytes);

// Errors: kInvalidArgument  not 64 lower-case hex digits
absl::StatusOr<Blake3> ParseBlake3(std::string_view hex);

// The hash of pieces as of one text, wherever it is cut. One thread at a time.
//
// Cost: what one Update brings is hashed chunk beside chunk only as far as it lies aligned in the
//       whole; a byte and then 16 KiB take twice as long as one text of both.
class Blake3Hasher {
 public:
  Blake3Hasher();
  Blake3Hasher(const Blake3Hasher&) = delete;
  Blake3Hasher& operator=(const Blake3Hasher&) = delete;

  Blake3Hasher& Update(std::string_view bytes);
  Blake3 Finish() const;  // of all so far; more may follow

 private:
  static constexpr std::size_t kStateBytes = 1912;  // of a blake3_hasher

  alignas(std::uint64_t) std::array<std::byte, kStateBytes> state_;
};

}  // namespace permafrost::vfs
