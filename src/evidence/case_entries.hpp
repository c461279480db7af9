// The entries of one case as a bundle holds them, read and checked: what its derived files and its report are made from. Pure.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "evidence/fold.hpp"
#include "evidence/leaf.hpp"

namespace exeunt::evidence {

struct EntryBytes {
  std::string leaf;                    // exact bytes
  std::optional<std::string> payload;  // nullopt: erased
  base::Bytes salt;
};

struct CaseEntry {
  Leaf leaf;
  base::JsonObject payload;  // empty where it was erased
};

struct CaseEntries {
  std::vector<CaseEntry> entries;
  CaseFold state;
  /// What payloads say that references stand for: node ids, labels, HR ids. Erased ones are absent.
  std::map<std::string, std::string> nodes, labels, people;

  [[nodiscard]] std::string node(const std::string& reference) const;    // the reference itself where nothing tells
  [[nodiscard]] std::string person(const std::string& reference) const;  // the same
};

/// From the case's first entry on. data_loss naming the entry: no leaf, not the next one of its chain, a payload that its leaf does not commit to.
[[nodiscard]] base::Result<CaseEntries> read_entries(std::span<const EntryBytes> entries);

/// A text of a payload; empty where it is not there.
[[nodiscard]] std::string told(const base::JsonObject& payload, std::string_view member);

}  // namespace exeunt::evidence
