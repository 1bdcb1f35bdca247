// The byte form of a record: little-endian integers and length-prefixed strings.
#include "sim/explore/record.h"

#include "vfs/base/bytes.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

void Put(std::string& out, std::uint64_t value) { vfs::AppendLittleEndian(out, value); }
void Put(std::string& out, std::string_view text) {
  Put(out, text.size());
  out.append(text);
}
void Put(std::string& out, const vfs::Hash128& hash) {
  Put(out, hash.lo);
  Put(out, hash.hi);
}

// Reads fields in order; the first bad one makes everything after it zero and ok() false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t Integer() {
    if (rest_.size() < 8) return Fail();
    const auto value = vfs::LoadLittleEndian<std::uint64_t>(rest_, 0);
    rest_.remove_prefix(8);
    return value;
  }
  std::string Text() {
    const std::uint64_t size = Integer();
    if (size > rest_.size()) {
      Fail();
      return "";
    }
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }
  vfs::Hash128 Hash() {
    const std::uint64_t lo = Integer();
    return {lo, Integer()};
  }
  // A count of items of at least `item_bytes` each.
  std::uint64_t Count(std::uint64_t item_bytes) {
    const std::uint64_t count = Integer();
    return count <= rest_.size() / item_bytes ? count : Fail();
  }
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

 private:
  std::uint64_t Fail() {
    ok_ = false;
    rest_ = {};
    return 0;
  }
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace

std::optional<EventTable::Id> EventTable::Find(const Event& event) const {
  const auto it = ids_.find(event);
  if (it == ids_.end()) return std::nullopt;
  return it->second;
}

EventTable::Id EventTable::Intern(const Event& event) {
  const auto [it, is_new] = ids_.try_emplace(event, static_cast<Id>(by_id_.size()));
  if (is_new) by_id_.push_back(&it->first);
  return it->second;
}

std::string Encode(const Record& record, const EventTable& known) {
  std::string out;
  Put(out, record.key);
  Put(out, record.events.size());
  for (const Event& event : record.events) {
    // 0, or 1 + the number of a known event.
    const auto id = known.Find(event);
    Put(out, id.has_value() ? std::uint64_t{*id} + 1 : std::uint64_t{0});
    if (id.has_value()) continue;
    Put(out, static_cast<std::uint64_t>(event.kind));
    Put(out, event.domain);
    Put(out, event.text);
  }
  Put(out, record.children.size());
  for (const Child& child : record.children) {
    Put(out, static_cast<std::uint64_t>(child.cut.kind));
    Put(out, child.cut.point);
    Put(out, child.cut.choice);
    Put(out, child.cut.label);
    Put(out, child.cut.lost);
    Put(out, child.cut.lost_effects);
    Put(out, child.event_count);
    Put(out, child.key);
  }
  Put(out, record.trace_hash);
  Put(out, record.points);
  Put(out, record.exhausted);
  Put(out, record.candidates);
  Put(out, record.opens);
  Put(out, record.probes.size());
  for (const auto& [name, count] : record.probes) {
    Put(out, name);
    Put(out, count);
  }
  return out;
}

absl::StatusOr<Record> DecodeRecord(std::string_view bytes, const EventTable& known) {
  Reader reader(bytes);
  Record record;
  record.key = reader.Hash();
  record.events.resize(reader.Count(8));
  for (Event& event : record.events) {
    if (const std::uint64_t id = reader.Integer(); id != 0) {
      const Event* const found = known.At(id - 1);
      if (found == nullptr) return vfs::DataLoss("read worker record: no event {}", id - 1);
      event = *found;
      continue;
    }
    event.kind = static_cast<EventKind>(reader.Integer());
    event.domain = reader.Text();
    event.text = reader.Text();
  }
  record.children.resize(reader.Count(64));
  for (Child& child : record.children) {
    child.cut.kind = static_cast<CutKind>(reader.Integer());
    child.cut.point = reader.Integer();
    child.cut.choice = reader.Text();
    child.cut.label = reader.Text();
    child.cut.lost = reader.Text();
    child.cut.lost_effects = reader.Integer();
    child.event_count = reader.Integer();
    child.key = reader.Hash();
  }
  record.trace_hash = reader.Hash();
  record.points = reader.Integer();
  record.exhausted = reader.Integer();
  record.candidates = reader.Integer();
  record.opens = reader.Integer();
  const std::uint64_t probes = reader.Count(16);
  for (std::uint64_t i = 0; i < probes; ++i) {
    std::string name = reader.Text();
    record.probes[std::move(name)] = reader.Integer();
  }
  if (!reader.ok() || !reader.at_end()) {
    return vfs::DataLoss("read worker record: {} bytes are not a whole record", bytes.size());
  }
  return record;
}

}  // namespace permafrost::sim
