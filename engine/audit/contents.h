// The deep part of the audit: every byte of every frozen file, without what it was made from.
#pragma once

#include "engine/audit/audit.h"
#include "engine/layout/layout.h"
#include "vfs/file_system.h"

namespace permafrost::engine {

// Judges 18 for all that `report.view` has as frozen and adds what it finds to the report: each
// file against its checksum in the catalog; then unit by unit, as readers verify them, which says
// where the damage is. A file that cannot be read is damaged.
//
// Requires that the rows had the pins.
//
// Memory: 1 MiB, and what readers of these files need
void AuditContents(vfs::FileSystem* fs, const Layout& layout, AuditReport& report);

}  // namespace permafrost::engine
