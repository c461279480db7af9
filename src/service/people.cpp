// The two tables of service/config.hpp: who there is, and which accounts and keys are whose by an import from provisioning.
#include <algorithm>
#include <set>

#include "base/csv.hpp"
#include "base/file.hpp"
#include "service/config.hpp"

namespace exeunt::service {
namespace {

using base::Code;
using base::Result;

Result<std::vector<base::CsvRow>> read_table(const std::filesystem::path& file, const std::vector<std::string>& header) {
  EXEUNT_TRY_ASSIGN(const std::string text, base::read_file(file));
  auto rows = base::parse_csv_table(text, header);
  if (!rows) return base::fail(rows.error().about(file.filename().string()));
  return rows;
}

tl::unexpected<base::Error> bad_row(const std::filesystem::path& file, const base::CsvRow& row, const std::string& fault,
                                    std::string next) {
  return base::fail(Code::invalid_argument, file.filename().string() + ": line " + std::to_string(row.line) + ": " + fault,
                    std::move(next));
}

// It stands in approvals, policies and links: only what needs no quoting anywhere.
bool is_hr_id(std::string_view id) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), good);
}

constexpr const char* k_hr_id_next = "an HR id is 1 to 64 letters, digits, dots, - or _";

}  // namespace

Result<std::vector<model::Person>> load_people(const std::filesystem::path& file) {
  EXEUNT_TRY_ASSIGN(const auto rows, read_table(file, {"hr_id", "name", "email", "manager_hr_id", "login", "status"}));
  std::vector<model::Person> people;
  std::set<std::string> seen;
  for (const base::CsvRow& row : rows) {
    const auto& field = row.fields;
    if (!is_hr_id(field[0])) return bad_row(file, row, "hr_id is empty or has other characters than an id may have", k_hr_id_next);
    if (!seen.insert(field[0]).second) return bad_row(file, row, "hr_id " + field[0] + " is there twice", "keep one of the rows");
    if (!field[3].empty() && !is_hr_id(field[3]))
      return bad_row(file, row, "manager_hr_id has other characters than an id may have", k_hr_id_next);
    if (field[5] != "active" && field[5] != "leaving" && field[5] != "left") {
      return bad_row(file, row, "status is none of active, leaving, left", "mend it at its source, then export again");
    }
    people.push_back({model::PersonId(field[0]), field[1], field[2], model::PersonId(field[3]), field[4], field[5]});
  }
  return people;
}

Result<std::map<model::NodeId, model::PersonId>> load_links(const std::filesystem::path& file) {
  std::error_code error;
  std::map<model::NodeId, model::PersonId> links;
  if (std::filesystem::status(file, error).type() == std::filesystem::file_type::not_found) return links;
  EXEUNT_TRY_ASSIGN(const auto rows, read_table(file, {"system", "kind", "native_id", "hr_id"}));
  for (const base::CsvRow& row : rows) {
    const auto kind = model::parse<model::NodeKind>(row.fields[1]);
    if (!kind || (*kind != model::NodeKind::account && *kind != model::NodeKind::key)) {
      return bad_row(file, row, "kind is neither account nor key", "mend it");
    }
    if (row.fields[0].empty() || row.fields[0].find('/') != std::string::npos || row.fields[2].empty()) {
      return bad_row(file, row, "system or native_id is empty or no id", "mend it");
    }
    if (!is_hr_id(row.fields[3])) return bad_row(file, row, "hr_id is empty or has other characters than an id may have", k_hr_id_next);
    const model::NodeId id = model::node_id({model::SystemId(row.fields[0]), *kind, row.fields[2]});
    if (!links.emplace(id, model::PersonId(row.fields[3])).second) {
      return bad_row(file, row, "this " + row.fields[1] + " has a link already", "keep one of the rows: it belongs to one person");
    }
  }
  return links;
}

}  // namespace exeunt::service
