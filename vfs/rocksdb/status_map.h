// rocksdb::Status and absl::Status, each as the other: total over every code and subcode.
//
// Texts pass unchanged, so the errno in "(errno N)" survives the way through RocksDB and decides
// the code on the way back; the mark of an injected fault travels as a suffix of the text and is
// taken off again.
#pragma once

#include <string_view>

#include <absl/status/status.h>
#include <rocksdb/io_status.h>
#include <rocksdb/status.h>

namespace permafrost::vfs {

// What RocksDB shall see of a failed disk call. kNotFound becomes PathNotFound, no space becomes
// NoSpace.
rocksdb::IOStatus ToIOStatus(const absl::Status& status);
rocksdb::Status ToRocksStatus(const absl::Status& status);

absl::Status FromRocksError(const rocksdb::Status& error,
                            std::string_view op,
                            std::string_view object);
// "op object: <RocksDB's text>". OK stays OK, without a call: every put comes through here.
inline absl::Status FromRocksStatus(const rocksdb::Status& status,
                                    std::string_view op,
                                    std::string_view object) {
  return status.ok() ? absl::OkStatus() : FromRocksError(status, op, object);
}

// The code alone.
absl::StatusCode CodeOf(rocksdb::Status::Code code, rocksdb::Status::SubCode subcode);

}  // namespace permafrost::vfs
