// Roles of crash points around steps.
#include "sim/explore/label_coverage.h"

namespace permafrost::sim {

LabelCounter::LabelCounter(const std::vector<CrashPoint>& points) {
  for (const CrashPoint& point : points) {
    for (std::size_t i = 0; i < point.labels.size(); ++i) {
      const auto [it, is_new] = extents_.try_emplace(Instance{point.labels[i], point.instances[i]},
                                                     Extent{point.index, point.index});
      if (!is_new) it->second.last = point.index;
    }
  }
  for (const auto& [instance, extent] : extents_) ends_[extent.last + 1].push_back(instance.first);
}

void LabelCounter::BeginPoint(const CrashPoint& point) {
  roles_.clear();
  point_is_sync_ = point.is_sync;
  for (std::size_t i = 0; i < point.labels.size(); ++i) {
    const Extent& extent = extents_.at({point.labels[i], point.instances[i]});
    roles_.emplace_back(point.labels[i],
                        extent.first == point.index ? Role::kBefore : Role::kInside);
  }
  const auto ended = ends_.find(point.index);
  if (ended == ends_.end()) return;
  for (const std::string& label : ended->second) roles_.emplace_back(label, Role::kAfter);
}

void LabelCounter::AddImage(const vfs::Hash128& key) {
  for (const auto& [label, role] : roles_) counts_[label].keys.insert(key);
}

void LabelCounter::EndPoint(const ImageCount& count) {
  // Images other than "nothing" and "everything" keep part of what was pending: the power failed
  // within a call.
  const std::uint64_t partial = count.candidates > 2 ? count.candidates - 2 : 0;
  for (const auto& [label, role] : roles_) {
    LabelCoverage& coverage = counts_[label].coverage;
    switch (role) {
      case Role::kBefore:
        ++coverage.before;
        if (point_is_sync_) coverage.inside += partial;
        break;
      case Role::kInside: coverage.inside += 1 + partial; break;
      case Role::kAfter:
        ++coverage.after;
        coverage.inside += partial;
        break;
    }
    // Under a personality that allows one image only there is nothing to choose.
    if (count.effects > 0 && count.candidates > 1) ++coverage.pending;
  }
}

void LabelCounter::AddTo(Certificate& certificate, CutEverywhere cut_everywhere) const {
  for (const auto& [label, counts] : counts_) {
    LabelCoverage& total = certificate.labels[label];
    total.before += counts.coverage.before;
    total.inside += counts.coverage.inside;
    total.after += counts.coverage.after;
    total.pending += counts.coverage.pending;
    total.distinct += counts.keys.size();
    if (total.before == 0 || total.after == 0 || (total.pending > 0 && total.distinct < 2)) {
      if (cut_everywhere == CutEverywhere::kYes) certificate.labels_uncut.insert(label);
    } else {
      certificate.labels_uncut.erase(label);
    }
  }
}

}  // namespace permafrost::sim
