#include "store/sqlite/place.hpp"

#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>
#include <charconv>

#include "base/descriptor.hpp"
#include "base/file.hpp"
#include "store/sqlite/tree_rows.hpp"

namespace exeunt::store::sqlite {
namespace {

using base::Code;
using base::Result;
using base::Status;

constexpr std::string_view k_marker_lead = "exeunt store head v1";
constexpr std::string_view k_succeed = "if this store is all there is, `exeunt log succeed` begins a new log that says what is lost";

std::filesystem::path marker_path(const std::filesystem::path& checkpoint_copy) { return checkpoint_copy.string() + ".head"; }

bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

// The store holds the tree that was seen outside, and perhaps more.
Status check_descends(Connection& connection, const LogRow& log, const TreeHead& seen, const std::string& where) {
  EXEUNT_TRY_ASSIGN(const TreeHead head, read_head(connection, log.log));
  if (head.size < seen.size) {
    return base::fail(Code::data_loss,
                      "store: it has " + std::to_string(head.size) + " entries, " + where + " has seen " + std::to_string(seen.size) +
                          ": it is an older copy (a restored backup?)",
                      "put the newest store back; " + std::string(k_succeed));
  }
  EXEUNT_TRY_ASSIGN(const base::Hash32 root, root_at(connection, log.log, seen.size));
  if (root != seen.root) {
    return base::fail(Code::data_loss,
                      "store: its first " + std::to_string(seen.size) + " entries are not those that " + where + " has seen",
                      "put the right store back; " + std::string(k_succeed));
  }
  return {};
}

Status check_copy(Connection& connection, const OpenOptions& options, const LogRow& log) {
  if (!is_there(options.checkpoint_copy)) {
    // The first checkpoint may have been signed just before a crash; later ones were once outside.
    if (log.signed_count <= 1) return {};
    return base::fail(
        Code::failed_precondition,
        "checkpoint copy " + options.checkpoint_copy.string() + ": it is gone, and " + std::to_string(log.signed_count) + " were written",
        "put it back; without it nobody can tell whether this store is the newest; " + std::string(k_succeed));
  }
  EXEUNT_TRY_ASSIGN(const std::string note, base::read_file(options.checkpoint_copy, 1'000'000));
  EXEUNT_TRY_ASSIGN(const std::string text, evidence::open_note(note, {options.verifier}));
  EXEUNT_TRY_ASSIGN(const evidence::Checkpoint seen, evidence::parse_checkpoint_text(text));
  if (seen.origin != log.origin) {
    return base::fail(Code::data_loss, "store: its log is " + log.origin + ", the checkpoint copy is of " + seen.origin,
                      "put the newest store back, or name the right checkpoint copy");
  }
  return check_descends(connection, log, {seen.size, seen.root}, "the checkpoint copy");
}

Status check_marker(Connection& connection, const OpenOptions& options, const LogRow& log) {
  EXEUNT_TRY_ASSIGN(const auto marker, read_marker(options.checkpoint_copy));
  if (!marker || marker->origin != log.origin) return {};
  EXEUNT_TRY_ASSIGN(const std::string epoch, read_meta(connection, "epoch"));
  std::int64_t number = 0;
  std::from_chars(epoch.data(), epoch.data() + epoch.size(), number);
  if (number < marker->epoch) {
    return base::fail(Code::data_loss,
                      "store: it was opened or closed " + std::to_string(marker->epoch - number) +
                          " times since this copy of it was taken (a restored backup?)",
                      "put the newest store back; " + std::string(k_succeed));
  }
  return check_descends(connection, log, marker->head, marker_path(options.checkpoint_copy).filename().string());
}

}  // namespace

Result<std::string> place_of(const std::filesystem::path& database) {
  struct stat file{};
  struct statfs system{};
  if (::stat(database.c_str(), &file) != 0) return base::fail(base::system_error(database.string(), "stat", errno));
  if (::statfs(database.c_str(), &system) != 0) return base::fail(base::system_error(database.string(), "statfs", errno));
  // The file system's own id and not the device number, which a reboot may change. Absent on some machines: then the rest decides.
  const auto machine = base::read_file("/etc/machine-id", 4096).value_or("");
  std::string place = "machine " + base::to_hex(base::sha256(machine)).substr(0, 16) + " filesystem ";
  int id[2] = {0, 0};
  static_assert(sizeof id <= sizeof system.f_fsid);
  std::copy_n(reinterpret_cast<const char*>(&system.f_fsid), sizeof id, reinterpret_cast<char*>(id));
  return place + std::to_string(id[0]) + "." + std::to_string(id[1]) + " inode " + std::to_string(file.st_ino);
}

Status write_marker(const std::filesystem::path& checkpoint_copy, const Marker& marker) {
  const std::string text = std::string(k_marker_lead) + "\n" + marker.origin + "\n" + std::to_string(marker.epoch) + " " +
                           std::to_string(marker.head.size) + " " + base::to_hex(marker.head.root) + "\n";
  return base::write_file_atomically(marker_path(checkpoint_copy), text, 0644);
}

Result<std::optional<Marker>> read_marker(const std::filesystem::path& checkpoint_copy) {
  const auto path = marker_path(checkpoint_copy);
  if (!is_there(path)) return std::optional<Marker>{};
  EXEUNT_TRY_ASSIGN(const std::string text, base::read_file(path, 64 * 1024));
  const auto wrong =
      base::fail(Code::data_loss, path.string() + ": it is not what was written", "remove it only if you know why it changed");
  const std::size_t first = text.find('\n');
  const std::size_t second = first == std::string::npos ? first : text.find('\n', first + 1);
  if (second == std::string::npos || text.substr(0, first) != k_marker_lead) return wrong;
  Marker marker;
  marker.origin = text.substr(first + 1, second - first - 1);
  const char* const end = text.data() + text.size();
  auto parsed = std::from_chars(text.data() + second + 1, end, marker.epoch);
  if (parsed.ec != std::errc{} || parsed.ptr == end) return wrong;
  parsed = std::from_chars(parsed.ptr + 1, end, marker.head.size);
  if (parsed.ec != std::errc{} || end - parsed.ptr < 65) return wrong;
  const auto root = base::hash32_from_hex(std::string_view(parsed.ptr + 1, 64));
  if (!root) return wrong;
  marker.head.root = *root;
  return std::optional<Marker>{std::move(marker)};
}

Result<LogRow> read_log(Connection& connection, const model::TenantId& tenant) {
  Query query(connection,
              "SELECT l.tenant,l.log,l.origin,l.signed_size,l.signed_root,l.signed_note,l.signed_count FROM log l JOIN tenant t ON "
              "t.tenant=l.tenant "
              "WHERE t.name=? ORDER BY l.log DESC LIMIT 1");
  EXEUNT_TRY_ASSIGN(const bool row, query.text(tenant.text()).step());
  if (!row) return base::fail(Code::not_found, "store: it has no tenant " + tenant.text(), "check `tenant` in exeunt.yaml");
  LogRow out{
      query.integer_at(0), query.integer_at(1), std::string(query.text_at(2)), static_cast<std::uint64_t>(query.integer_at(3)), {}, {},
      query.integer_at(6)};
  if (!query.is_null(4)) {
    EXEUNT_TRY_ASSIGN(out.signed_root, query.hash_at(4));
    out.signed_note = query.text_at(5);
  }
  return out;
}

Result<std::string> read_meta(Connection& connection, std::string_view key) {
  Query query(connection, "SELECT value FROM meta WHERE key=?");
  EXEUNT_TRY_ASSIGN(const bool row, query.text(key).step());
  return row ? std::string(query.text_at(0)) : std::string{};
}

Status write_meta(Connection& connection, std::string_view key, std::string_view value) {
  Query query(connection, "INSERT INTO meta(key,value) VALUES(?,?) ON CONFLICT(key) DO UPDATE SET value=excluded.value");
  return query.text(key).text(value).finish();
}

Status check_genuine(Connection& connection, const OpenOptions& options, const LogRow& log) {
  EXEUNT_TRY_ASSIGN(const std::string made_at, read_meta(connection, "place"));
  EXEUNT_TRY_ASSIGN(const std::string lies_at, place_of(options.database));
  if (made_at != lies_at) {
    return base::fail(Code::data_loss,
                      "store: it was copied or moved (made at " + made_at + ", now at " + lies_at + "); another one may be running",
                      "run the original; " + std::string(k_succeed));
  }
  EXEUNT_TRY(check_copy(connection, options, log));
  return check_marker(connection, options, log);
}

}  // namespace exeunt::store::sqlite
