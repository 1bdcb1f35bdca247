// Copy-on-write pages and the few operations on maps of them.
#include "sim/disk/page.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

namespace permafrost::sim {

const vfs::Hash128& Page::Digest() const {
  if (!has_digest) {
    const bool is_zero = std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
    digest = is_zero ? vfs::Hash128{} : vfs::HashBytes({bytes.data(), bytes.size()});
    has_digest = true;
  }
  return digest;
}

PageRef ZeroedPage() {
  auto page = std::make_shared<Page>();
  page->bytes.fill(0);
  return page;
}

PageRef CopyOf(const Page& page) {
  auto copy = std::make_shared<Page>();
  std::memcpy(copy->bytes.data(), page.bytes.data(), kPageBytes);
  return copy;
}

Page* OwnPage(PageRef& page) {
  if (page == nullptr) {
    page = ZeroedPage();
  } else if (page.use_count() > 1) {
    page = CopyOf(*page);
  }
  page->has_digest = false;
  return page.get();
}

vfs::Hash128 PageTraits::Digest(std::uint64_t index, const PageRef& page) {
  const vfs::Hash128& content = page->Digest();
  if (content == vfs::Hash128{}) return {};
  return vfs::Hasher().Add(index).Add(content).Finish();
}

std::size_t CutPages(PageMap& pages, std::uint64_t bytes) {
  const std::uint64_t first_gone = (bytes + kPageBytes - 1) / kPageBytes;
  std::vector<std::uint64_t> gone;
  pages.ForEachFrom(first_gone, [&](std::uint64_t index, const PageRef&) {
    gone.push_back(index);
    return true;
  });
  for (std::uint64_t index : gone) pages.Erase(index);
  const std::size_t tail = bytes % kPageBytes;
  if (tail == 0) return gone.size();
  const PageRef* last = pages.Find(bytes / kPageBytes);
  if (last == nullptr) return gone.size();
  const auto& content = (*last)->bytes;
  if (std::all_of(content.begin() + static_cast<std::ptrdiff_t>(tail), content.end(),
                  [](char c) { return c == 0; })) {
    return gone.size();
  }
  Page* page = OwnPage(*pages.Mutable(bytes / kPageBytes));
  std::memset(page->bytes.data() + tail, 0, kPageBytes - tail);
  return gone.size();
}

void CopySectors(PageMap& pages, std::uint64_t index, std::uint8_t mask, const PageRef& source) {
  if (mask == 0) return;
  if (mask == kWholePage) {
    if (source == nullptr) {
      pages.Erase(index);
    } else {
      pages.Set(index, source);
    }
    return;
  }
  PageRef* found = pages.Mutable(index);
  if (found == nullptr) {
    if (source == nullptr) return;
    found = pages.Set(index, nullptr);
  }
  Page* page = OwnPage(*found);
  for (std::uint64_t sector = 0; sector < kSectorsPerPage; ++sector) {
    if ((unsigned{mask} >> sector & 1U) == 0) continue;
    char* to = page->bytes.data() + sector * kSectorBytes;
    if (source == nullptr) {
      std::memset(to, 0, kSectorBytes);
    } else {
      std::memcpy(to, source->bytes.data() + sector * kSectorBytes, kSectorBytes);
    }
  }
}

}  // namespace permafrost::sim
