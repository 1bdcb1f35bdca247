// Two states against each other, as a reader wants to see it: what is missing and what is there in
// excess.
#pragma once

#include <string>
#include <string_view>

namespace permafrost::sim {

// States are entries that end with ';' (Scenario::LogicalState, served answers). "-entry" is in
// `expected` only, "+entry" in `found` only, as often as it is; first the missing ones, in order,
// joined with blanks, at most eight, then "and N more". "" for equal states, and words for equal
// entries in another order.
std::string StateDifference(std::string_view expected, std::string_view found);

}  // namespace permafrost::sim
