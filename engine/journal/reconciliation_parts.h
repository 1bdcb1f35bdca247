// Reconciliation batches of any size as records of a limited one, and back.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <absl/status/statusor.h>

namespace permafrost::records {
class ReconciliationBatch;
}  // namespace permafrost::records

namespace permafrost::engine {

// The batch in as few parts as keep its accounts in their order, each of at most `body_bytes_max`
// bytes encoded; the batch itself, unmarked, if it fits. Every part carries batch id and source;
// fields that this build does not know go with the first.
//
// Errors: kInvalidArgument  the batch is a part already; or one account with what every part
//                           carries exceeds the limit (named, with both sizes)
absl::StatusOr<std::vector<records::ReconciliationBatch>> SplitReconciliationBatch(
    const records::ReconciliationBatch& batch, std::size_t body_bytes_max);

// What was split into these parts, given in their order.
//
// Errors: kInvalidArgument  there is none, one is missing, out of order or of another batch
absl::StatusOr<records::ReconciliationBatch> JoinReconciliationBatch(
    std::span<const records::ReconciliationBatch> parts);

}  // namespace permafrost::engine
