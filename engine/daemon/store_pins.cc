// A running store may replace a file between its being listed and its being opened: several tries.
#include "engine/daemon/store_pins.h"

#include "engine/catalog/catalog.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr int kReadTriesMax = 3;

}  // namespace

absl::StatusOr<std::optional<Pins>> FindPins(const vfs::Env& env, const Roots& roots) {
  VFS_ASSIGN_OR_RETURN(const Layout layout, Layout::Create(Geometry::Production(), roots));
  // The file that names the database's state: without it no first start got as far as the pins.
  VFS_ASSIGN_OR_RETURN(const bool has_catalog,
                       env.fs->Exists(vfs::JoinPath(layout.CatalogDir(), "CURRENT")));
  if (!has_catalog) return std::nullopt;
  absl::StatusOr<CatalogRows> rows = Catalog::ReadRows(env, layout.CatalogDir(), {});
  for (int tries = 1; !rows.ok() && tries < kReadTriesMax; ++tries)
    rows = Catalog::ReadRows(env, layout.CatalogDir(), {});
  VFS_RETURN_IF_ERROR(rows.status());
  if (!HasPins(*rows)) return std::nullopt;
  VFS_ASSIGN_OR_RETURN(Pins pins, ParsePins(*rows));
  return pins;
}

StoreOptions OptionsOfStore(const Pins& pins, const Roots& roots, const std::string& holder) {
  StoreOptions options;
  options.roots = roots;
  options.geometry = pins.geometry;
  options.network = pins.network;
  options.earliest_ledger = pins.earliest_ledger;
  options.store_id = pins.store_id;
  options.holder = holder;
  return options;
}

}  // namespace permafrost::engine
