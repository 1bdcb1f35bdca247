// Store ids, opening, lines.
#include "engine/daemon/journal_parts.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/journal/segment_file.h"
#include "engine/journal/segment_parse.h"
#include "engine/records/record_rules.h"
#include "vfs/base/escape.h"
#include "vfs/base/hex.h"
#include "vfs/base/nearest.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

using journal::Lsn;
using journal::StoreId;

constexpr int kNestingMax = 100;  // of JSON, as protobuf's reader has it

StoreId DrawStoreId(const vfs::Env& env) {
  vfs::Prng prng = env.prng->Fork("store id");
  StoreId id{};
  for (std::uint8_t& byte : id) byte = static_cast<std::uint8_t>(prng.Next());
  return id;
}

journal::JournalOptions OptionsFor(const JournalPlaceOptions& options, const StoreId& store_id) {
  journal::JournalOptions all = options.writer;
  all.store_id = store_id;
  all.lock_content = options.holder;
  return all;
}

absl::StatusOr<StoreId> StoreIdOfSegment(vfs::FileSystem* fs, const std::string& path) {
  VFS_ASSIGN_OR_RETURN(const auto file, fs->Open(path, vfs::OpenMode::kRead));
  VFS_ASSIGN_OR_RETURN(const std::string bytes, journal::ReadHeader(*file));
  const auto header = journal::ParseHeader(bytes);
  if (!header.ok()) {
    return vfs::DataLoss("open journal segment {}: {}; restore it from a backup", path,
                         vfs::Message(header.status()));
  }
  return header->store_id;
}

// Beside a writer the end of the log moves between two looks of one reading, and that reads like
// damage. Real damage stays where it is: what two readings in a row say is so.
absl::StatusOr<journal::Recovered> InspectSettled(const vfs::Env& env,
                                                  const std::string& directory,
                                                  const journal::JournalOptions& options) {
  auto read = journal::Inspect(env, directory, options);
  for (std::size_t i = 0; i < kReadingsMax && !read.ok(); ++i) {
    auto again = journal::Inspect(env, directory, options);
    const bool is_settled = again.status() == read.status();
    read = std::move(again);
    if (is_settled) break;
  }
  return read;
}

// An error names a key that no dump writes.
absl::Status CheckKeys(const nlohmann::ordered_json& line) {
  static constexpr std::string_view kKeys[] = {"type",        "body", "lsn",    "offset",
                                               "unix_micros", "hash", "durable"};
  for (const auto& [key, value] : line.items()) {
    if (std::find(std::begin(kKeys), std::end(kKeys), key) != std::end(kKeys)) continue;
    return vfs::InvalidArgument("key {} is none of a record{}", vfs::EscapedForError(key),
                                vfs::DidYouMean(key, kKeys));
  }
  return absl::OkStatus();
}

}  // namespace

CommandResult JournalFailure(const absl::Status& status) {
  CommandResult result = Failure(status);
  // Nothing else of a journal or a record store is unavailable but its lock.
  if (status.code() == absl::StatusCode::kUnavailable) result.code = ExitCode::kLocked;
  if (status.code() == absl::StatusCode::kOutOfRange) result.code = ExitCode::kUsage;
  return result;
}

absl::StatusOr<StoreId> ParseStoreId(std::string_view hex) {
  constexpr std::size_t kBytes = std::tuple_size_v<StoreId>;
  const auto id = vfs::ParseHex<kBytes>(hex);
  if (id.has_value()) return *id;
  return vfs::InvalidArgument("--store-id {}: expected {} lower-case hex digits",
                              vfs::EscapedForError(hex), 2 * kBytes);
}

absl::StatusOr<std::optional<StoreId>> FindStoreId(vfs::FileSystem* fs,
                                                   const std::string& directory) {
  VFS_ASSIGN_OR_RETURN(const std::vector<vfs::DirEntry> entries, fs->List(directory));
  absl::Status first;
  for (const vfs::DirEntry& entry : entries) {
    if (!journal::BaseOfName(entry.name).has_value()) continue;
    const auto id = StoreIdOfSegment(fs, vfs::JoinPath(directory, entry.name));
    if (id.ok()) return *id;
    if (first.ok()) first = id.status();
  }
  VFS_RETURN_IF_ERROR(first);
  return std::optional<StoreId>();
}

absl::StatusOr<journal::JournalOptions> ExistingOptions(const vfs::Env& env,
                                                        const JournalPlaceOptions& options) {
  const auto looked = FindStoreId(env.fs, options.directory);
  if (looked.status().code() == absl::StatusCode::kNotFound) {
    return vfs::NotFound("open journal {}: {}; name a journal's directory", options.directory,
                         vfs::Message(looked.status()));
  }
  VFS_ASSIGN_OR_RETURN(const std::optional<StoreId> found, looked);
  if (!found.has_value()) {
    return vfs::NotFound("open journal {}: it holds no segment; name a journal's directory",
                         options.directory);
  }
  return OptionsFor(options, options.store_id.value_or(*found));
}

absl::StatusOr<std::unique_ptr<journal::Journal>> OpenJournal(const vfs::Env& env,
                                                              const JournalPlaceOptions& options,
                                                              IfMissing rule) {
  VFS_ASSIGN_OR_RETURN(const bool is_there, env.fs->Exists(options.directory));
  absl::StatusOr<journal::JournalOptions> found = journal::JournalOptions();
  if (is_there || rule == IfMissing::kRefuse) found = ExistingOptions(env, options);
  const bool is_new = !is_there || found.status().code() == absl::StatusCode::kNotFound;
  if (is_new && rule == IfMissing::kMake) {
    found =
        OptionsFor(options, options.store_id.has_value() ? *options.store_id : DrawStoreId(env));
  }
  VFS_RETURN_IF_ERROR(found.status());
  found->boot_id = options.boot_id;
  return journal::Journal::Open(env, options.directory, *found);
}

absl::StatusOr<JournalOnDisk> InspectJournal(const vfs::Env& env,
                                             const JournalPlaceOptions& options) {
  VFS_ASSIGN_OR_RETURN(const journal::JournalOptions found, ExistingOptions(env, options));
  VFS_ASSIGN_OR_RETURN(journal::Recovered read, InspectSettled(env, options.directory, found));
  JournalOnDisk disk{
      .segments = std::move(read.segments), .last = read.report.last, .report = read.report};
  disk.first = std::max(read.state.first_needed.lsn,
                        disk.segments.empty() ? 1 : disk.segments.front().header.first_lsn);
  return disk;
}

absl::StatusOr<Lsn> FirstLsn(vfs::FileSystem* fs,
                             const std::string& directory,
                             const StoreId& store_id) {
  VFS_ASSIGN_OR_RETURN(const journal::JournalState state, journal::ReadState(fs, directory));
  VFS_ASSIGN_OR_RETURN(const std::vector<vfs::DirEntry> entries, fs->List(directory));
  for (const vfs::DirEntry& entry : entries) {
    const auto base = journal::BaseOfName(entry.name);
    if (!base.has_value()) continue;
    VFS_ASSIGN_OR_RETURN(const journal::Segment first,
                         journal::OpenSegment(fs, directory, *base, store_id));
    return std::max(state.first_needed.lsn, first.header.first_lsn);
  }
  return state.first_needed.lsn;
}

absl::StatusOr<Lsn> FirstToRead(Lsn there, const std::optional<Lsn>& from) {
  const Lsn first = from.value_or(there);
  if (first >= there) return first;
  return vfs::OutOfRange("read journal: LSN {} was truncated, the first that is there is {}", first,
                         there);
}

absl::StatusOr<std::uint8_t> ParseRecordType(std::string_view name) {
  if (const auto type = FindRecordType(name)) return static_cast<std::uint8_t>(*type);
  std::vector<std::string_view> names;
  for (const RecordType type : RecordTypes()) names.push_back(ToString(type));
  return vfs::InvalidArgument("--type {}: no such type{}; known: {}", vfs::EscapedForError(name),
                              vfs::DidYouMean(name, names), fmt::join(names, " "));
}

nlohmann::ordered_json RecordJson(const JournalRecord& record) {
  nlohmann::ordered_json json = {{"lsn", record.lsn},
                                 {"offset", record.offset},
                                 {"unix_micros", record.unix_micros},
                                 {"hash", record.hash.Hex()},
                                 {"durable", record.is_durable}};
  const auto type = FindRecordType(record.type);
  json["type"] = type.has_value() ? std::string(ToString(*type)) : std::to_string(record.type);
  const auto decoded = RecordFactory::Decode(record.type, record.body);
  if (decoded.ok()) {
    json["body"] = nlohmann::ordered_json::parse(decoded->Json());
  } else {
    json["undecodable"] = vfs::Message(decoded.status());
  }
  return json;
}

std::string RecordText(const JournalRecord& record) {
  const auto type = FindRecordType(record.type);
  const auto decoded = RecordFactory::Decode(record.type, record.body);
  return fmt::format("{} {} {} {} {}\n", record.lsn, record.offset,
                     type.has_value() ? std::string(ToString(*type)) : std::to_string(record.type),
                     record.hash.Hex(),
                     decoded.ok() ? decoded->Json() : vfs::Message(decoded.status()));
}

std::string JsonLine(const nlohmann::ordered_json& json) {
  // Words of the command line need not be UTF-8.
  return json.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string RecordLine(const JournalRecord& record, OutputForm form) {
  return form == OutputForm::kText ? RecordText(record) : JsonLine(RecordJson(record));
}

absl::StatusOr<Record> RecordOfLine(const std::optional<std::string>& type, std::string_view line) {
  if (type.has_value()) {
    VFS_ASSIGN_OR_RETURN(Record record, RecordFactory::FromJson(*type, line));
    VFS_RETURN_IF_ERROR(CheckRecord(record));
    return record;
  }
  bool is_too_deep = false;
  const auto shallow = [&](int depth, nlohmann::ordered_json::parse_event_t /*event*/,
                           nlohmann::ordered_json& /*value*/) {
    is_too_deep = is_too_deep || depth > kNestingMax;
    return !is_too_deep;
  };
  const auto json = nlohmann::ordered_json::parse(line, shallow, false);
  if (is_too_deep) return vfs::InvalidArgument("nested deeper than {} levels", kNestingMax);
  if (!json.is_object() || !json.contains("type") || !json["type"].is_string() ||
      !json.contains("body") || !json["body"].is_object()) {
    return vfs::InvalidArgument(
        "{}: expected a JSON object with \"type\" (a name) and \"body\" (an object); --type gives "
        "the type of every line",
        vfs::EscapedForError(line));
  }
  VFS_RETURN_IF_ERROR(CheckKeys(json));
  VFS_ASSIGN_OR_RETURN(Record record, RecordFactory::FromJson(json["type"].get<std::string>(),
                                                              json["body"].dump(-1, ' ', true)));
  VFS_RETURN_IF_ERROR(CheckRecord(record));
  return record;
}

}  // namespace permafrost::engine
