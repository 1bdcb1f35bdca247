// Rows in the order of section 22.
#include "sim/oracle/crash_matrix.h"

#include <algorithm>
#include <deque>

#include "vfs/base/probe.h"

namespace permafrost::sim {
namespace {

using Image = StoreImage;
using Id = std::uint32_t;

template <typename Predicate>
bool AnyHot(const Image& image, Predicate predicate) {
  return std::any_of(image.hot.begin(), image.hot.end(),
                     [&](const auto& item) { return predicate(item.first, item.second); });
}
template <typename Predicate>
bool AnyChunk(const Image& image, Predicate predicate) {
  return std::any_of(image.chunks.begin(), image.chunks.end(),
                     [&](const auto& item) { return predicate(item.first, item.second); });
}
// Of the kinds of all chunks.
template <typename Predicate>
bool AnyKind(const Image& image, Predicate predicate) {
  return AnyChunk(image, [&](Id id, const ChunkImage& chunk) {
    return std::any_of(chunk.rows.begin(), chunk.rows.end(), [&](const auto& item) {
      return predicate(id, item.second, chunk.files.at(item.first));
    });
  });
}
template <typename Predicate>
bool AnyIndex(const Image& image, Predicate predicate) {
  return std::any_of(image.indexes.begin(), image.indexes.end(), predicate);
}

bool IsTransient(const HotImage& hot) { return hot.state == "transient"; }
bool IsReady(const HotImage& hot) { return hot.state == "ready"; }

const HotImage* HotOf(const Image& image, Id chunk) {
  const auto it = image.hot.find(chunk);
  return it == image.hot.end() ? nullptr : &it->second;
}

// A key in `state` of a kind, or of an index, whose files `predicate` accepts.
template <typename Predicate>
bool AnyKindIn(const Image& image, std::string_view state, Predicate predicate) {
  return AnyKind(image, [&](Id /*chunk*/, const ChunkRow& row, const FilesImage& files) {
    return row.state == state && predicate(files);
  });
}
template <typename Predicate>
bool AnyIndexIn(const Image& image, std::string_view state, Predicate predicate) {
  return AnyIndex(image, [&](const IndexImage& index) {
    return index.row.state == state && predicate(index.files);
  });
}
bool HasInput(const Image& image, Id window, std::string_view state) {
  return AnyKind(image, [&](Id chunk, const ChunkRow& row, const FilesImage&) {
    return row.kind == "txhash" && row.state == state && chunk / image.chunks_per_window == window;
  });
}

bool HasNone(const FilesImage& files) { return files.there == 0; }
bool HasSome(const FilesImage& files) { return 0 < files.there && files.there < files.named; }
bool HasAll(const FilesImage& files) { return files.there == files.named; }
bool HasUnfinished(const FilesImage& files) { return files.whole < files.there; }
bool IsWhole(const FilesImage& files) { return files.is_whole(); }

// A complete hot chunk that is not cold, and what is hot of the next one.
template <typename Predicate>
bool AtBoundary(const Image& image, Predicate predicate) {
  return AnyHot(image, [&](Id chunk, const HotImage&) {
    return image.IsHotComplete(chunk) && !image.IsCold(chunk) && predicate(HotOf(image, chunk + 1));
  });
}

constexpr CrashRow kRows[] = {
    {"F1", "no catalog; not every root is there",
     [](const Image& image) { return !image.has_catalog && !image.has_all_roots; }},
    {"F2", "a catalog without pins",
     [](const Image& image) { return image.has_catalog && !image.is_pinned; }},
    {"F3", "pins and no other key",
     [](const Image& image) {
       return image.is_pinned && image.chunks.empty() && image.indexes.empty() && image.hot.empty();
     }},
    {"H1", "hot key transient, its directory with files in it, nothing of the chunk is cold",
     [](const Image& image) {
       return AnyHot(image, [&](Id chunk, const HotImage& hot) {
         return IsTransient(hot) && !hot.names.empty() && !image.IsCold(chunk);
       });
     }},
    {"H2", "hot key transient, no directory, nothing of the chunk is cold",
     [](const Image& image) {
       return AnyHot(image, [&](Id chunk, const HotImage& hot) {
         return IsTransient(hot) && !hot.has_directory && !image.IsCold(chunk);
       });
     }},
    {"H3", "hot key transient, files but no CURRENT",
     [](const Image& image) {
       return AnyHot(image, [](Id, const HotImage& hot) {
         return IsTransient(hot) && !hot.names.empty() && !hot.is_database();
       });
     }},
    {"H4", "hot key transient, its database is there",
     [](const Image& image) {
       return AnyHot(image,
                     [](Id, const HotImage& hot) { return IsTransient(hot) && hot.is_database(); });
     }},
    {"H5", "hot key ready, its database empty",
     [](const Image& image) {
       return AnyHot(image,
                     [](Id, const HotImage& hot) { return IsReady(hot) && hot.ledgers == 0; });
     }},
    {"L1", "hot key ready, the end of its log was cut",
     [](const Image& image) {
       return AnyHot(image,
                     [](Id, const HotImage& hot) { return IsReady(hot) && hot.was_log_cut; });
     }},
    {"L2", "hot key ready, ledgers in it, nothing was cut",
     [](const Image& image) {
       return AnyHot(image, [](Id, const HotImage& hot) {
         return IsReady(hot) && hot.ledgers > 0 && !hot.was_log_cut;
       });
     }},
    {"L4", "hot key ready, a table beside the log",
     [](const Image& image) {
       return AnyHot(image,
                     [](Id, const HotImage& hot) { return IsReady(hot) && hot.has_tables(); });
     }},
    {"B1", "a complete hot chunk that is not cold, no hot key of the next",
     [](const Image& image) {
       return AtBoundary(image, [](const HotImage* next) { return next == nullptr; });
     }},
    {"B2", "a complete hot chunk that is not cold, the next transient",
     [](const Image& image) {
       return AtBoundary(
           image, [](const HotImage* next) { return next != nullptr && IsTransient(*next); });
     }},
    {"B6", "a complete hot chunk that is not cold, the next ready and empty",
     [](const Image& image) {
       return AtBoundary(image, [](const HotImage* next) {
         return next != nullptr && IsReady(*next) && next->ledgers == 0;
       });
     }},
    {"B7", "a complete hot chunk that is not cold, the next ready with ledgers",
     [](const Image& image) {
       return AtBoundary(image, [](const HotImage* next) {
         return next != nullptr && IsReady(*next) && next->ledgers > 0;
       });
     }},
    {"P1", "a complete hot chunk without a chunk key",
     [](const Image& image) {
       return AnyHot(image, [&](Id chunk, const HotImage&) {
         return image.IsHotComplete(chunk) && !image.chunks.contains(chunk);
       });
     }},
    {"P2", "chunk key freezing, none of its files",
     [](const Image& image) { return AnyKindIn(image, "freezing", HasNone); }},
    {"P3", "chunk key freezing, a file without its end",
     [](const Image& image) { return AnyKindIn(image, "freezing", HasUnfinished); }},
    {"P4", "chunk key freezing, its directory there, the file nameless",
     [](const Image& image) {
       return AnyKindIn(image, "freezing", [](const FilesImage& files) {
         return files.has_directory && !HasAll(files);
       });
     }},
    {"P5", "chunk key freezing, no directory of its bucket",
     [](const Image& image) {
       return AnyKindIn(image, "freezing",
                        [](const FilesImage& files) { return !files.has_directory; });
     }},
    {"P6", "chunk key freezing, all its files whole",
     [](const Image& image) { return AnyKindIn(image, "freezing", IsWhole); }},
    {"P7", "all three kinds frozen, hot key ready",
     [](const Image& image) {
       return AnyChunk(image, [&](Id id, const ChunkImage& chunk) {
         const HotImage* const hot = HotOf(image, id);
         return chunk.AllAre("frozen") && hot != nullptr && IsReady(*hot);
       });
     }},
    {"P8", "one kind of a chunk frozen, another freezing or without a key",
     [](const Image& image) {
       return AnyChunk(image, [&](Id id, const ChunkImage& chunk) {
         const bool lacks_one =
             chunk.AnyIs("freezing") ||
             (chunk.rows.size() < 3 && !image.IsFinished(id / image.chunks_per_window));
         return chunk.AnyIs("frozen") && lacks_one;
       });
     }},
    {"P9", "chunk key freezing, the chunk below the floor",
     [](const Image& image) {
       return AnyChunk(image, [&](Id id, const ChunkImage& chunk) {
         return chunk.AnyIs("freezing") && image.IsBelowFloor(id);
       });
     }},
    {"P10", "chunk key freezing, no hot key, the bulk source ends before it",
     [](const Image& image) {
       return AnyChunk(image, [&](Id id, const ChunkImage& chunk) {
         return chunk.AnyIs("freezing") && HotOf(image, id) == nullptr &&
                image.bulk_ledgers < (id + 1 - image.first_chunk) * image.ledgers_per_chunk;
       });
     }},
    {"I1", "a frozen hash run in a window without an index key",
     [](const Image& image) {
       return AnyKind(image, [&](Id chunk, const ChunkRow& row, const FilesImage&) {
         return row.kind == "txhash" && row.state == "frozen" &&
                !AnyIndex(image, [&](const IndexImage& index) {
                  return index.row.window == chunk / image.chunks_per_window;
                });
       });
     }},
    {"I2", "index key freezing, no file",
     [](const Image& image) { return AnyIndexIn(image, "freezing", HasNone); }},
    {"I3", "index key freezing, a file without its end",
     [](const Image& image) { return AnyIndexIn(image, "freezing", HasUnfinished); }},
    {"I4", "index key freezing, its file whole",
     [](const Image& image) { return AnyIndexIn(image, "freezing", IsWhole); }},
    {"I5", "an index frozen, its predecessor or an input pruning",
     [](const Image& image) {
       return AnyIndex(image, [&](const IndexImage& index) {
         if (index.row.state != "frozen") return false;
         return HasInput(image, index.row.window, "pruning") ||
                AnyIndex(image, [&](const IndexImage& other) {
                  return other.row.window == index.row.window && other.row.state == "pruning";
                });
       });
     }},
    {"I6", "of the inputs pruning, one file there and one gone",
     [](const Image& image) {
       const auto with = [&](auto predicate) {
         return AnyKind(image, [&](Id, const ChunkRow& row, const FilesImage& files) {
           return row.kind == "txhash" && row.state == "pruning" && predicate(files);
         });
       };
       return with(HasNone) && with(HasAll);
     }},
    {"I7", "input pruning, its file gone",
     [](const Image& image) {
       return AnyKind(image, [](Id, const ChunkRow& row, const FilesImage& files) {
         return row.kind == "txhash" && row.state == "pruning" && HasNone(files);
       });
     }},
    {"I8", "a finished window without inputs",
     [](const Image& image) {
       return AnyIndex(image, [&](const IndexImage& index) {
         const Id window = index.row.window;
         return image.IsFinished(window) && !HasInput(image, window, "frozen") &&
                !HasInput(image, window, "pruning");
       });
     }},
    {"I9", "index key pruning, its file gone",
     [](const Image& image) { return AnyIndexIn(image, "pruning", HasNone); }},
    {"I10", "an empty directory of a window",
     [](const Image& image) { return !image.empty_windows.empty(); }},
    {"D1", "hot key ready, the chunk cold and under a frozen index",
     [](const Image& image) {
       return AnyHot(image, [&](Id chunk, const HotImage& hot) {
         return IsReady(hot) && image.IsCold(chunk) &&
                AnyIndex(image, [&](const IndexImage& index) {
                  return index.row.state == "frozen" && index.row.first <= chunk &&
                         chunk <= index.row.last;
                });
       });
     }},
    {"D2", "hot key transient, the chunk cold, its database there",
     [](const Image& image) {
       return AnyHot(image, [&](Id chunk, const HotImage& hot) {
         return IsTransient(hot) && image.IsCold(chunk) && hot.is_database();
       });
     }},
    {"D3", "hot key transient, the chunk cold, part of its directory there",
     [](const Image& image) {
       return AnyHot(image, [&](Id chunk, const HotImage& hot) {
         return IsTransient(hot) && image.IsCold(chunk) && hot.has_directory && !hot.is_database();
       });
     }},
    {"D4", "hot key transient, the chunk cold, its directory gone",
     [](const Image& image) {
       return AnyHot(image, [&](Id chunk, const HotImage& hot) {
         return IsTransient(hot) && image.IsCold(chunk) && !hot.has_directory;
       });
     }},
    {"D5", "a cold chunk without a hot key",
     [](const Image& image) {
       return AnyChunk(image, [&](Id id, const ChunkImage&) {
         return image.IsCold(id) && HotOf(image, id) == nullptr;
       });
     }},
    {"D6", "hot key transient behind every cold chunk",
     [](const Image& image) {
       return !image.chunks.empty() && AnyHot(image, [&](Id chunk, const HotImage& hot) {
         return IsTransient(hot) && chunk > image.chunks.rbegin()->first;
       });
     }},
    {"Q1", "chunk key pruning, all its files there",
     [](const Image& image) { return AnyKindIn(image, "pruning", HasAll); }},
    {"Q2", "of a chunk pruning, files of one kind there and of another gone",
     [](const Image& image) {
       return AnyChunk(image, [](Id, const ChunkImage& chunk) {
         bool is_there = false;
         bool is_gone = false;
         for (const auto& [kind, row] : chunk.rows) {
           if (row.state != "pruning") continue;
           (chunk.files.at(kind).there > 0 ? is_there : is_gone) = true;
         }
         return is_there && is_gone;
       });
     }},
    {"Q3", "chunk key pruning, no file of it",
     [](const Image& image) { return AnyKindIn(image, "pruning", HasNone); }},
    {"Q4", "events pruning, of their three files one or two there",
     [](const Image& image) { return AnyKindIn(image, "pruning", HasSome); }},
    {"R1", "of two chunks below the floor that are pruning, one has files and one has none",
     [](const Image& image) {
       bool has_files = false;
       bool has_none = false;
       for (const auto& [id, chunk] : image.chunks) {
         if (!image.IsBelowFloor(id) || !chunk.AnyIs("pruning")) continue;
         const bool is_there = std::any_of(chunk.files.begin(), chunk.files.end(),
                                           [](const auto& item) { return item.second.there > 0; });
         (is_there ? has_files : has_none) = true;
       }
       return has_files && has_none;
     }},
    {"R2", "a hash run freezing or frozen in a finished window",
     [](const Image& image) {
       return AnyIndex(image, [&](const IndexImage& index) {
         const Id window = index.row.window;
         return image.IsFinished(window) &&
                (HasInput(image, window, "freezing") || HasInput(image, window, "frozen"));
       });
     }},
    {"R3", "an unfinished window before one that has keys",
     [](const Image& image) {
       if (image.chunks.empty()) return false;
       const Id newest = image.chunks.rbegin()->first / image.chunks_per_window;
       return AnyIndex(image, [&](const IndexImage& index) {
         return index.row.window < newest && !image.IsFinished(index.row.window);
       });
     }},
};

}  // namespace

bool ChunkImage::AllAre(std::string_view state) const {
  return rows.size() == 3 && std::all_of(rows.begin(), rows.end(), [&](const auto& item) {
           return item.second.state == state;
         });
}

bool ChunkImage::AnyIs(std::string_view state) const {
  return std::any_of(rows.begin(), rows.end(),
                     [&](const auto& item) { return item.second.state == state; });
}

bool HotImage::has_tables() const {
  return std::any_of(names.begin(), names.end(),
                     [](const std::string& name) { return name.ends_with(".sst"); });
}

bool StoreImage::IsHotComplete(std::uint32_t chunk) const {
  const auto it = hot.find(chunk);
  return it != hot.end() && IsReady(it->second) && it->second.ledgers == ledgers_per_chunk;
}

bool StoreImage::IsCold(std::uint32_t chunk) const {
  const auto it = chunks.find(chunk);
  if (it == chunks.end()) return false;
  const auto is_frozen = [&](const char* kind) {
    const auto row = it->second.rows.find(kind);
    return row != it->second.rows.end() && row->second.state == "frozen";
  };
  return is_frozen("ledgers") && is_frozen("events");
}

bool StoreImage::IsBelowFloor(std::uint32_t chunk) const {
  if (retention_chunks == 0) return false;
  std::uint32_t complete = first_chunk + bulk_ledgers / ledgers_per_chunk;  // the one behind it
  for (const auto& [id, image] : chunks)
    if (IsCold(id)) complete = std::max(complete, id + 1);
  for (const auto& [id, image] : hot)
    if (IsHotComplete(id)) complete = std::max(complete, id + 1);
  return chunk + retention_chunks < complete;
}

bool StoreImage::IsFinished(std::uint32_t window) const {
  return AnyIndex(*this, [&](const IndexImage& index) {
    return index.row.window == window && index.row.state == "frozen" &&
           index.row.last == (window + 1) * chunks_per_window - 1;
  });
}

std::span<const CrashRow> CrashMatrix() { return kRows; }

std::string ProbeOf(const CrashRow& row) { return "crash-matrix/" + std::string(row.id); }

void CountCrashRows(const StoreImage& image) {
  // Probes live for ever, as their names must; a deque never moves what it holds.
  static std::deque<std::string> names;
  static std::deque<vfs::Probe> probes = [] {
    std::deque<vfs::Probe> made;
    for (const CrashRow& row : kRows) made.emplace_back(names.emplace_back(ProbeOf(row)).c_str());
    return made;
  }();
  for (std::size_t i = 0; i < std::size(kRows); ++i)
    if (kRows[i].holds(image)) probes[i].Reach();
}

}  // namespace permafrost::sim
