// By code, and by errno where the code alone does not say.
#include "engine/store/failure.h"

#include <cerrno>

#include "engine/store/store.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"

namespace permafrost::engine {

std::string_view ToString(FaultClass fault) {
  switch (fault) {
    case FaultClass::kNone: return "none";
    case FaultClass::kTransient: return "transient";
    case FaultClass::kNoSpace: return "no space";
    case FaultClass::kPoisoned: return "poisoned";
    case FaultClass::kPermanent: return "permanent";
  }
  VFS_CHECK(false, "bad FaultClass {}", static_cast<int>(fault));
}

FaultClass ClassOf(const absl::Status& status) {
  const int error = vfs::ErrnoOf(status);
  // Whatever the code: a sync that found no space is damage to what it covered.
  if (error == ENOSPC || error == EDQUOT) return FaultClass::kNoSpace;
  switch (status.code()) {
    case absl::StatusCode::kOk: return FaultClass::kNone;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kDeadlineExceeded: return FaultClass::kTransient;
    case absl::StatusCode::kResourceExhausted:
      // Handles come back by themselves.
      return error == EMFILE || error == ENFILE ? FaultClass::kTransient : FaultClass::kNoSpace;
    case absl::StatusCode::kDataLoss:
      // With an errno the disk failed a call; without one, what it gave back is damaged.
      return error != 0 ? FaultClass::kTransient : FaultClass::kPermanent;
    default: return FaultClass::kPermanent;
  }
}

FaultClass ClassOf(const absl::Status& status, const Store& store) {
  if (!status.ok() && store.needs_reopen()) return FaultClass::kPoisoned;
  return ClassOf(status);
}

}  // namespace permafrost::engine
