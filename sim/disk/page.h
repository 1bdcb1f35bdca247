// File content in pages of 4096 bytes; the sector of 512 bytes is what a crash keeps or loses.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "sim/disk/persistent_map.h"
#include "vfs/base/hash.h"

namespace permafrost::sim {

inline constexpr std::uint64_t kSectorBytes = 512;
inline constexpr std::uint64_t kPageBytes = 4096;
inline constexpr std::uint64_t kSectorsPerPage = kPageBytes / kSectorBytes;
inline constexpr std::uint8_t kWholePage = 0xff;  // mask of all sectors of a page

// Shared between the live file, pending effects, bases and images; changed only while one owner
// holds it.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): who makes one zeroes or copies its bytes
struct Page {
  std::array<char, kPageBytes> bytes;
  mutable vfs::Hash128 digest;  // zero for a page of zeros
  mutable bool has_digest = false;

  const vfs::Hash128& Digest() const;
};
using PageRef = std::shared_ptr<Page>;

PageRef ZeroedPage();
PageRef CopyOf(const Page& page);
// Makes the page safe to change: a copy if it is shared, a page of zeros if it is null.
Page* OwnPage(PageRef& page);

struct PageTraits {
  static std::uint64_t Priority(std::uint64_t index) { return vfs::Mix64(index + 1); }
  static vfs::Hash128 Digest(std::uint64_t index, const PageRef& page);
};
// Page index -> page; an absent page reads as zeros. A page of zeros adds nothing to the digest.
using PageMap = PersistentMap<std::uint64_t, PageRef, PageTraits>;

// Drops pages wholly at or above `bytes` and zeroes the tail of the last one. Returns how many
// pages went.
std::size_t CutPages(PageMap& pages, std::uint64_t bytes);

// Copies the sectors of `mask` from `source` (null: zeros) into the page `index` of `pages`.
void CopySectors(PageMap& pages, std::uint64_t index, std::uint8_t mask, const PageRef& source);

}  // namespace permafrost::sim
