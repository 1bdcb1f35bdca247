// What every protocol step works on: the world below, the layout, and the catalog.
#pragma once

#include "engine/catalog/catalog.h"
#include "engine/catalog/directories.h"
#include "engine/layout/layout.h"
#include "vfs/env.h"

namespace permafrost::engine {

// Borrowed: everything must outlive its users.
struct StoreContext {
  vfs::Env env;
  const Layout* layout = nullptr;
  Catalog* catalog = nullptr;
  Directories* directories = nullptr;
};

}  // namespace permafrost::engine
