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

std::string Encode(const Record& record) {
  std::string out;
  Put(out, record.key);
  Put(out, record.events.size());
  for (const Event& event : record.events) {
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

absl::StatusOr<Record> DecodeRecord(std::string_view bytes) {
  Reader reader(bytes);
  Record record;
  record.key = reader.Hash();
  record.events.resize(reader.Count(24));
  for (Event& event : record.events) {
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
