// Generators of random geometries and of keys that are legal in them.
#pragma once

#include <algorithm>

#include <rapidcheck.h>

#include "engine/layout/keys.h"

namespace permafrost::engine::testing {

inline rc::Gen<Geometry> RandomGeometry() {
  return rc::gen::exec([] {
    const auto size = [](std::uint32_t max) {
      return *rc::gen::inRange<std::uint32_t>(1, max + 1);
    };
    const GeometrySizes sizes{.ledgers_per_chunk = size(10'000),
                              .chunks_per_window = size(1'600),
                              .chunks_per_bucket = size(2'000)};
    return *Geometry::Create(sizes);
  });
}

inline rc::Gen<ChunkId> RandomChunk(const Geometry& geometry) {
  return rc::gen::exec([geometry] {
    return ChunkId{*rc::gen::inRange<std::int32_t>(0, geometry.ChunkMax().value() + 1)};
  });
}

inline rc::Gen<Coverage> RandomCoverage(const Geometry& geometry) {
  return rc::gen::exec([geometry] {
    const ChunkId inside = *RandomChunk(geometry);
    const WindowId window = geometry.WindowOf(inside);
    const std::int32_t first = geometry.FirstChunk(window).value();
    const std::int32_t last = std::min(geometry.LastChunk(window), geometry.ChunkMax()).value();
    const std::int32_t lo = *rc::gen::inRange<std::int32_t>(first, last + 1);
    const std::int32_t hi = *rc::gen::inRange<std::int32_t>(lo, last + 1);
    return Coverage{window, {ChunkId{lo}, ChunkId{hi}}};
  });
}

inline rc::Gen<ChunkArtifact> RandomArtifact(const Geometry& geometry) {
  return rc::gen::exec([geometry] {
    const auto kind =
        kAllArtifactKinds[*rc::gen::inRange<std::size_t>(0, kAllArtifactKinds.size())];
    return ChunkArtifact{*RandomChunk(geometry), kind};
  });
}

inline rc::Gen<Key> RandomKey(const Geometry& geometry) {
  return rc::gen::exec([geometry]() -> Key {
    switch (*rc::gen::inRange(0, 4)) {
      case 0: return *RandomArtifact(geometry);
      case 1: return *RandomCoverage(geometry);
      case 2: return HotChunkKey{*RandomChunk(geometry)};
      default: return kAllPins[*rc::gen::inRange<std::size_t>(0, kAllPins.size())];
    }
  });
}

}  // namespace permafrost::engine::testing
