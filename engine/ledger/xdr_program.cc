// Structs and unions of one arm are written out where they stand; elements of lists and the arms of
// other unions are procedures, each made once.
#include "engine/ledger/xdr_program.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr std::int64_t kUnionSpanMax = 4096;

struct Line {
  XdrInstruction instruction;
  std::string_view type;
};
using Block = std::vector<Line>;

class Compiler {
 public:
  Compiler(const XdrSchema& schema,
           std::span<const XdrMark> marks,
           std::span<const std::string_view> unmarked)
      : schema_(schema), marks_(marks), unmarked_(unmarked) {}

  absl::StatusOr<XdrProgram> Compile(std::string_view root) {
    XdrType type;
    type.kind = XdrType::Kind::kNamed;
    type.spelling = root;
    VFS_ASSIGN_OR_RETURN(const std::uint32_t entry, Procedure(type, nullptr, root));
    for (std::size_t i = 0; i < marks_.size(); ++i) {
      if (!placed_.contains(i))
        return vfs::InvalidArgument("{} has no field '{}' to mark", marks_[i].type,
                                    marks_[i].field);
    }
    return Link(entry);
  }

 private:
  void Put(Block& block, const XdrInstruction& instruction) {
    block.push_back({instruction, type_});
  }

  // Behind an instruction that goes on with the next in any case, the bytes are skipped at once.
  void Skip(Block& block, std::uint32_t bytes) {
    if (!block.empty()) {
      XdrInstruction& last = block.back().instruction;
      const bool is_straight = last.code < XdrCode::kOptional;
      if (is_straight && block.size() > joined_) {
        last.skip += bytes;
        return;
      }
    }
    Put(block, {.code = XdrCode::kSkip, .skip = bytes});
  }

  absl::Status Emit(Block& block, const XdrType& type, const XdrMark* each_element) {
    switch (type.kind) {
      case XdrType::Kind::kVoid: return absl::OkStatus();
      case XdrType::Kind::kFixed: Skip(block, type.count); return absl::OkStatus();
      case XdrType::Kind::kBool: Put(block, {.code = XdrCode::kBool}); return absl::OkStatus();
      case XdrType::Kind::kOpaque:
        Put(block, {.code = XdrCode::kOpaque, .first = type.count});
        return absl::OkStatus();
      case XdrType::Kind::kTuple:
        for (std::uint32_t i = 0; i < type.count; ++i)
          VFS_RETURN_IF_ERROR(Emit(block, type.element[0], nullptr));
        return absl::OkStatus();
      case XdrType::Kind::kList: {
        VFS_ASSIGN_OR_RETURN(const std::uint32_t body,
                             Procedure(type.element[0], each_element, type_));
        if (procedures_[body].size() == 1)
          return vfs::InvalidArgument("{} has a list of elements without bytes", type_);
        Put(block, {.code = XdrCode::kList, .first = type.count, .second = body});
        return absl::OkStatus();
      }
      case XdrType::Kind::kOptional: return EmitOptional(block, type.element[0]);
      case XdrType::Kind::kNamed: return EmitNamed(block, type.spelling);
    }
    return absl::OkStatus();
  }

  // The jump is relative until the program is linked. What follows is reached in two ways and must
  // not be joined with the last instruction of the value.
  absl::Status EmitOptional(Block& block, const XdrType& element) {
    const std::size_t at = block.size();
    Put(block, {.code = XdrCode::kOptional});
    VFS_RETURN_IF_ERROR(Emit(block, element, nullptr));
    block[at].instruction.second = static_cast<std::uint32_t>(block.size() - at);
    joined_ = block.size();
    return absl::OkStatus();
  }

  absl::Status EmitNamed(Block& block, std::string_view name) {
    const auto found = schema_.find(name);
    if (found == schema_.end()) return vfs::InvalidArgument("{} is not defined", name);
    const XdrDefinition& definition = found->second;
    const std::string_view outer_type = std::exchange(type_, name);
    const bool is_outer_quiet = is_quiet_;
    is_quiet_ |= std::find(unmarked_.begin(), unmarked_.end(), name) != unmarked_.end();
    const absl::Status emitted = definition.kind == XdrDefinition::Kind::kStruct
                                     ? EmitStruct(block, name, definition)
                                     : EmitUnion(block, name, definition);
    is_quiet_ = is_outer_quiet;
    type_ = outer_type;
    return emitted;
  }

  absl::Status EmitStruct(Block& block, std::string_view name, const XdrDefinition& definition) {
    if (!open_.insert(name).second) return vfs::InvalidArgument("{} contains itself", name);
    for (const XdrField& field : definition.fields) {
      PutMark(block, name, field.name, XdrMark::Where::kBefore);
      VFS_RETURN_IF_ERROR(
          Emit(block, field.type, FindMark(name, field.name, XdrMark::Where::kEachElement)));
      PutMark(block, name, field.name, XdrMark::Where::kAfter);
    }
    open_.erase(name);
    return absl::OkStatus();
  }

  const XdrMark* FindMark(std::string_view type, std::string_view field, XdrMark::Where where) {
    if (is_quiet_) return nullptr;
    for (std::size_t i = 0; i < marks_.size(); ++i) {
      if (std::tie(marks_[i].type, marks_[i].field) != std::tie(type, field)) continue;
      if (marks_[i].where != where) continue;
      placed_.insert(i);
      return &marks_[i];
    }
    return nullptr;
  }

  void PutMark(Block& block, std::string_view type, std::string_view field, XdrMark::Where where) {
    const XdrMark* const mark = FindMark(type, field, where);
    if (mark != nullptr) Put(block, {.code = XdrCode::kMark, .first = mark->meaning});
  }

  absl::Status EmitUnion(Block& block, std::string_view name, const XdrDefinition& definition) {
    const std::vector<XdrArm>& arms = definition.arms;
    if (arms.size() == 1) {
      Put(block, {.code = XdrCode::kOnly, .first = static_cast<std::uint32_t>(arms.front().value)});
      return Emit(block, arms.front().type, nullptr);
    }
    const std::int64_t values = std::int64_t{arms.back().value} - arms.front().value + 1;
    if (values > kUnionSpanMax)
      return vfs::InvalidArgument("{} has values from {} to {}, too far apart", name,
                                  arms.front().value, arms.back().value);
    const bool is_void = std::all_of(arms.begin(), arms.end(), [](const XdrArm& arm) {
      return arm.type.kind == XdrType::Kind::kVoid;
    });
    if (is_void && values == static_cast<std::int64_t>(arms.size())) {
      Put(block, {.code = XdrCode::kRange,
                  .first = static_cast<std::uint32_t>(arms.front().value),
                  .second = static_cast<std::uint32_t>(values)});
      return absl::OkStatus();
    }
    VFS_ASSIGN_OR_RETURN(const std::uint32_t index, UnionIndex(name, arms, values));
    Put(block, {.code = is_void ? XdrCode::kMember : XdrCode::kUnion, .second = index});
    return absl::OkStatus();
  }

  absl::StatusOr<std::uint32_t> UnionIndex(std::string_view name,
                                           const std::vector<XdrArm>& arms,
                                           std::int64_t values) {
    const auto index = static_cast<std::uint32_t>(program_.unions.size());
    const auto [known, is_new] = union_of_.try_emplace({name, is_quiet_}, index);
    if (!is_new) return known->second;
    const auto first_arm = static_cast<std::uint32_t>(program_.arms.size());
    program_.unions.push_back({arms.front().value, first_arm, static_cast<std::uint32_t>(values)});
    program_.arms.resize(program_.arms.size() + static_cast<std::size_t>(values));
    // Within an arm the structs that are being written out may come again: it is a procedure.
    const std::set<std::string_view> outer_open = std::exchange(open_, {});
    for (const XdrArm& arm : arms) {
      VFS_ASSIGN_OR_RETURN(const XdrProgram::Arm compiled, CompileArm(arm.type, name));
      program_.arms[first_arm + static_cast<std::size_t>(arm.value - arms.front().value)] =
          compiled;
    }
    open_ = outer_open;
    return index;
  }

  absl::StatusOr<XdrProgram::Arm> CompileArm(const XdrType& type, std::string_view union_name) {
    VFS_ASSIGN_OR_RETURN(const std::uint32_t index, Procedure(type, nullptr, union_name));
    const Block& block = procedures_[index];
    if (block.empty()) return XdrProgram::Arm{index, 0};  // it is still being compiled
    if (block.size() == 1) return XdrProgram::Arm{XdrProgram::kNothing, 0};
    const XdrInstruction& first = block.front().instruction;
    if (block.size() == 2 && first.code == XdrCode::kSkip)
      return XdrProgram::Arm{XdrProgram::kNothing, first.skip};
    return XdrProgram::Arm{index, 0};
  }

  // The number of a procedure, which becomes its place when the program is linked. Two places may
  // spell an anonymous type alike and share it; `type` is whom its errors name.
  absl::StatusOr<std::uint32_t> Procedure(const XdrType& body,
                                          const XdrMark* mark,
                                          std::string_view type) {
    const auto index = static_cast<std::uint32_t>(procedures_.size());
    const auto [known, is_new] = procedure_of_.try_emplace(
        {body.spelling, mark == nullptr ? 0 : 1 + mark->meaning, is_quiet_}, index);
    if (!is_new) return known->second;
    procedures_.emplace_back();
    Block block;
    const std::string_view outer_type = std::exchange(type_, type);
    const std::size_t outer_joined = std::exchange(joined_, 0);
    const std::set<std::string_view> outer_open = std::exchange(open_, {});
    if (mark != nullptr) Put(block, {.code = XdrCode::kMark, .first = mark->meaning});
    VFS_RETURN_IF_ERROR(Emit(block, body, nullptr));
    Put(block, {.code = XdrCode::kReturn});
    open_ = outer_open;
    joined_ = outer_joined;
    type_ = outer_type;
    procedures_[index] = std::move(block);
    return index;
  }

  XdrProgram Link(std::uint32_t entry) {
    std::vector<std::uint32_t> starts;
    std::uint32_t next = 0;
    for (const Block& block : procedures_) {
      starts.push_back(next);
      next += static_cast<std::uint32_t>(block.size());
    }
    for (Block& block : procedures_) {
      Line& last = block[block.size() - std::min<std::size_t>(2, block.size())];
      if (last.instruction.code == XdrCode::kUnion) last.instruction.code = XdrCode::kLastUnion;
      for (const Line& line : block) {
        XdrInstruction instruction = line.instruction;
        if (instruction.code == XdrCode::kList) instruction.second = starts[instruction.second];
        if (instruction.code == XdrCode::kOptional)
          instruction.second += static_cast<std::uint32_t>(program_.code.size());
        program_.code.push_back(instruction);
        program_.type_names.emplace_back(line.type);
      }
    }
    for (XdrProgram::Arm& arm : program_.arms) {
      if (arm.procedure < XdrProgram::kUnknown) arm.procedure = starts[arm.procedure];
    }
    program_.entry = starts[entry];
    return std::move(program_);
  }

  const XdrSchema& schema_;
  std::span<const XdrMark> marks_;
  std::span<const std::string_view> unmarked_;
  XdrProgram program_;
  std::vector<Block> procedures_;
  std::map<std::tuple<std::string_view, std::uint32_t, bool>, std::uint32_t> procedure_of_;
  std::map<std::pair<std::string_view, bool>, std::uint32_t> union_of_;
  std::set<std::size_t> placed_;
  // Of the place that is being compiled.
  std::set<std::string_view> open_;  // structs that are being written out
  std::string_view type_;
  bool is_quiet_ = false;
  std::size_t joined_ = 0;  // instructions before this one are not added to
};

}  // namespace

absl::StatusOr<XdrProgram> CompileXdr(const XdrSchema& schema,
                                      std::string_view root,
                                      std::span<const XdrMark> marks,
                                      std::span<const std::string_view> unmarked) {
  return Compiler(schema, marks, unmarked).Compile(root);
}

}  // namespace permafrost::engine
