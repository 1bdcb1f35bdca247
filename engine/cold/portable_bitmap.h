// Bitmaps of event ids in Roaring's portable format, which other programs read too.
#pragma once

#include <cstdint>
#include <optional>
#include <roaring/roaring.hh>
#include <span>
#include <string>
#include <string_view>

namespace permafrost::engine {

// Ids strictly ascending, at least one. The same bytes for the same ids.
void AppendPortableBitmap(std::string& out, std::span<const std::uint32_t> ids);

// Nothing unless the bytes are exactly a bitmap that is not empty and whose ids are all below
// `id_end`. Everything is checked before CRoaring sees them, which trusts what it is given.
std::optional<Roaring> ParsePortableBitmap(std::string_view bytes, std::uint32_t id_end);

}  // namespace permafrost::engine
