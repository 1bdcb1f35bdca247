// What a decoded record must satisfy so that it can be applied to the record store.
#pragma once

#include <string_view>

#include <absl/status/status.h>

#include "engine/journal/record_types.h"

namespace permafrost::engine {

inline constexpr std::size_t kBalanceDigitsMax = 78;  // a number of 256 bits has no more

// Whether every key and value that the record would make is allowed. Whoever appends to the journal
// asks before; the record store asks again, because the journal may be older than the rule.
//
// Shapes:  assertion             its subject is a name (CheckName)
//          vote                  assertion_hash has 32 bytes
//          epoch                 epoch_id has 1 to 64 bytes
//          accounts              each is a name with a canonical balance; a reconciliation has one
//          reconciliation batch  part_index < part_count, or both 0
//          skip mark             an LSN from 1, and a reason
// Errors:  kInvalidArgument  names type, field, finding and rule
absl::Status CheckRecord(const Record& record);

// Decimal, an optional '-', no leading zero, no "-0", at most kBalanceDigitsMax digits.
bool IsBalance(std::string_view text);

}  // namespace permafrost::engine
