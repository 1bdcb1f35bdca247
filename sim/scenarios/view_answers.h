// What a view of the store answers, through the engine's own code, as values of domains.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "engine/store/read_view.h"

namespace permafrost::sim {

// "absent", "1 of 3", "2 of 3", "full"; "wrong: ..." or "error: ...", which no attempt ever allows.
//
// `kind`: "ledgers" or "events".
std::string AnswerOf(const engine::ReadView& view, std::string_view kind, std::uint32_t chunk);

// The same for looking up the hashes of a chunk. `index`: what the view's LookupWindow said of the
// chunk's window.
std::string LookUp(const engine::ReadView& view,
                   std::uint32_t chunk,
                   const absl::StatusOr<engine::IndexContent>& index);

// How many ledgers an answer stands for; 0 also for what is wrong.
std::uint32_t CountOf(std::string_view answer);

}  // namespace permafrost::sim
