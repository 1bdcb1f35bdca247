// The registry of fault points: every place where a plan can make a call fail, and what breaks if
// nobody expects it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "vfs/call.h"

namespace permafrost::faults {

struct FaultPoint {
  std::string_view name;  // "vfs/<operation>", the operation as vfs::ToString(kind)
  vfs::CallKind kind;
  std::string_view if_wrong;  // what breaks if the code above handles the failure wrongly
};

// Every fault point, sorted by name; one for each CallKind.
std::span<const FaultPoint> FaultPoints();

// The text of faults/CATALOGUE.md.
std::string CatalogueText();

}  // namespace permafrost::faults
