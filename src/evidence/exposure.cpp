#include "evidence/exposure.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace exeunt::evidence {
namespace {

bool is_open(std::string_view state) {
  return state != model::name(model::PathState::ended) && state != model::name(model::PathState::restored);
}

class Count {
 public:
  void found(const Leaf& leaf) {
    if (leaf.outcome != "required" || !leaf.means.empty()) return void(open_.erase(leaf.target));
    open_.emplace(leaf.target, true);
  }
  void changed(const std::string& target, std::string_view state) {
    if (const auto path = open_.find(target); path != open_.end()) path->second = is_open(state);
  }
  [[nodiscard]] int open() const {
    return static_cast<int>(std::count_if(open_.begin(), open_.end(), [](const auto& path) { return path.second; }));
  }

 private:
  std::map<std::string, bool> open_;
};

}  // namespace

// An exception that begins or ends keeps its ways in open: neither changes the count, but for one that waives what had ended.
std::vector<ExposurePoint> exposure(const CaseEntries& entries) {
  std::vector<ExposurePoint> out;
  Count count;
  for (const auto& entry : entries.entries) {
    const Leaf& leaf = entry.leaf;
    if (leaf.kind == LeafKind::path_found)
      count.found(leaf);
    else if (!leaf.state.empty() && !leaf.target.empty())
      count.changed(leaf.target, leaf.state);
    else if (leaf.kind == LeafKind::exception_approved)
      for (const auto& target : entries.state.exceptions.at(leaf.digest).paths) count.changed(target, "waived");
    else
      continue;
    const int open = count.open();
    const base::Time t = out.empty() ? leaf.t : std::max(leaf.t, out.back().t);
    if (!out.empty() && out.back().open == open) continue;
    if (!out.empty() && out.back().t == t)
      out.back().open = open;
    else
      out.push_back({t, open});
  }
  return out;
}

}  // namespace exeunt::evidence
