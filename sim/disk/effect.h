// One unsettled change of the simulated disk: new versions of name, size and sector chains, and
// where it came from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/disk/inode_tree.h"
#include "sim/disk/page.h"
#include "sim/disk/persistent_map.h"
#include "vfs/base/hash.h"

namespace permafrost::sim {

enum class EffectKind {
  kWrite,
  kGrow,
  kTruncate,
  kCreate,
  kMkdir,
  kRename,
  kLink,
  kUnlink,
  kRmdir,
};
// "write", "grow", ...
const char* ToString(EffectKind kind);
constexpr bool IsNameKind(EffectKind kind) { return kind >= EffectKind::kCreate; }

// Which code caused an effect; shared by all effects of one step instance.
struct StepOrigin {
  std::string label;   // innermost step, "" outside every step
  std::string labels;  // whole stack, outermost first, '/'-joined
  std::string site;    // file:line of the innermost step
};

struct EffectOrigin {
  std::shared_ptr<const StepOrigin> step;   // null: no step
  std::shared_ptr<const std::string> path;  // live path; null: ""
};

// A version of the chain (owner directory, name).
struct NameVersion {
  std::string name;
  InodeId target;  // kNoInode: the name leads nowhere
};

// Versions of the chains (owner file, sectors of one page): the content of the whole sectors at
// that time.
struct PageVersion {
  std::uint64_t index = 0;
  std::uint8_t mask = 0;  // which sectors of the page
  PageRef page;           // null: zeros
};

// Effects are immutable once in the pending log.
struct Effect {
  std::uint64_t sequence = 0;  // program order over the whole disk
  EffectKind kind = EffectKind::kWrite;
  InodeId owner;  // the file, or the directory whose entries change
  EffectOrigin origin;

  std::vector<NameVersion> names;  // name kinds; two for a rename: from, then to
  bool replaces = false;           // rename: `to` was taken

  std::vector<PageVersion> pages;  // write, truncate; ascending by index
  std::uint64_t first_byte = 0;    // write: range written, half-open
  std::uint64_t end_byte = 0;

  bool has_size = false;  // grow, truncate: a version of the chain (owner, size)
  std::uint64_t size_before = 0;
  std::uint64_t size_after = 0;  // also set for write: live size once it had returned

  bool is_orphan = false;    // a sync of it failed or lied: no later sync settles it
  bool is_reverted = false;  // orphaned, and live reads no longer show it
};
using EffectRef = std::shared_ptr<const Effect>;

// How many sector versions an effect holds, and the number of the k-th one within its file.
std::size_t SectorCount(const Effect& effect);

// Pending effects, by owner and then program order: a sync scans one owner.
struct PendingKey {
  InodeId owner;
  std::uint64_t sequence = 0;
  friend constexpr auto operator<=>(const PendingKey&, const PendingKey&) = default;
};
struct PendingTraits {
  static std::uint64_t Priority(const PendingKey& key) {
    return vfs::Mix64(key.owner.value ^ vfs::Mix64(key.sequence));
  }
  static vfs::Hash128 Digest(const PendingKey& key, const EffectRef& effect);
};
using PendingMap = PersistentMap<PendingKey, EffectRef, PendingTraits>;

}  // namespace permafrost::sim
