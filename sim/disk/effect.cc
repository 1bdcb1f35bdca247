// Names and digests of effects.
#include "sim/disk/effect.h"

#include <bit>

#include "vfs/base/check.h"

namespace permafrost::sim {

const char* ToString(EffectKind kind) {
  switch (kind) {
    case EffectKind::kWrite: return "write";
    case EffectKind::kGrow: return "grow";
    case EffectKind::kTruncate: return "truncate";
    case EffectKind::kCreate: return "create";
    case EffectKind::kMkdir: return "mkdir";
    case EffectKind::kRename: return "rename";
    case EffectKind::kLink: return "link";
    case EffectKind::kUnlink: return "unlink";
    case EffectKind::kRmdir: return "rmdir";
  }
  VFS_CHECK(false, "bad EffectKind {}", static_cast<int>(kind));
  return "";
}

std::size_t SectorCount(const Effect& effect) {
  std::size_t count = 0;
  for (const PageVersion& version : effect.pages) {
    count += static_cast<std::size_t>(std::popcount(version.mask));
  }
  return count;
}

vfs::Hash128 PendingTraits::Digest(const PendingKey& key, const EffectRef& effect) {
  vfs::Hasher hasher;
  hasher.Add(key.owner.value).Add(key.sequence).Add(static_cast<std::uint64_t>(effect->kind));
  for (const NameVersion& version : effect->names) {
    hasher.Add(version.name).Add(version.target.value);
  }
  for (const PageVersion& version : effect->pages) {
    hasher.Add(version.index).Add(version.mask);
    hasher.Add(version.page == nullptr ? vfs::Hash128{} : version.page->Digest());
  }
  hasher.Add(effect->first_byte).Add(effect->end_byte);
  hasher.Add(effect->has_size ? 1 : 0).Add(effect->size_before).Add(effect->size_after);
  hasher.Add(effect->is_orphan ? 1 : 0).Add(effect->is_reverted ? 1 : 0);
  return hasher.Finish();
}

}  // namespace permafrost::sim
