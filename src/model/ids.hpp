// Ids are distinct types: a case is never passed where a system is meant.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace exeunt::model {

template <class Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string value) : value_(std::move(value)) {}
  [[nodiscard]] const std::string& text() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }
  auto operator<=>(const Id&) const = default;

 private:
  std::string value_;
};

using TenantId = Id<struct TenantTag>;    // "default"
using CaseId = Id<struct CaseTag>;        // "c_…", random
using SystemId = Id<struct SystemTag>;    // as configured: "directory"
using PersonId = Id<struct PersonTag>;    // the HR system's immutable id: "E1007"
using NodeId = Id<struct NodeTag>;        // "<system>/<kind>/<native id>", see model/node.hpp
using StepId = Id<struct StepTag>;        // "s03", unique within a plan; a delta plan's are "d1.s01"
using PlanDigest = Id<struct DigestTag>;  // lower-case hex SHA-256 of the plan's bytes
using Reference = Id<struct RefTag>;      // "p_…" (person) or "n_…" (node): random, what a leaf carries instead of a name

}  // namespace exeunt::model

template <class Tag>
struct std::hash<exeunt::model::Id<Tag>> {
  std::size_t operator()(const exeunt::model::Id<Tag>& id) const noexcept { return std::hash<std::string>{}(id.text()); }
};
