#include "connect/redis/persistence.hpp"

#include "base/file.hpp"

namespace exeunt::connect::redis {

using base::Code;
using base::Error;
using base::fail;
using base::Result;

namespace {
constexpr std::size_t k_file_bytes_max = std::size_t{16} * 1024 * 1024;
}

Result<std::string> save(Connection& connection, const Settings& settings, const Until& until) {
  if (settings.persist == Persist::none) return std::string("NOT saved (persist: none): a restart of the server brings back what was");
  const bool file = settings.persist == Persist::acl_file;
  const Words command = file ? Words{"ACL", "SAVE"} : Words{"CONFIG", "REWRITE"};
  auto answer = connection.run(Kind::change, command, until);
  if (answer) return std::string(file ? "saved to the ACL file" : "saved to redis.conf");
  Error error = std::move(answer).error();
  error.what += "; the change itself has had its effect and lasts until the server restarts";
  const bool set_up_otherwise = error.what.find("not configured to use an ACL file") != std::string::npos ||
                                error.what.find("without a config file") != std::string::npos;
  if (set_up_otherwise) {
    error.code = Code::failed_precondition;
    error.next = "let `persist` in exeunt.yaml say how this server keeps its users";
  } else if (error.code == Code::failed_precondition) {
    error.code = Code::resource_exhausted;
    error.next = "see that the server may write its ACL file (disk, rights), then repeat";
  } else if (error.code == Code::unavailable) {
    error.code = Code::outcome_unknown;
  }
  return fail(std::move(error));
}

Saved saved_user(const Settings& settings, const std::string& name) {
  Saved saved;
  if (settings.persisted_file.empty()) {
    saved.words = "what is saved is not seen";
    return saved;
  }
  const auto text = base::read_file(settings.persisted_file, k_file_bytes_max);
  if (!text) {
    saved.words = "what is saved cannot be read: " + text.error().what;
    return saved;
  }
  saved.seen = true;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : rest.size());
    auto user = parse_acl_line(line);
    if (user && user->name == name) saved.user = std::move(user);
  }
  saved.words = !saved.user      ? "no such user in the saved file"
                : saved.user->on ? "ON in the saved file: ACL LOAD or a restart brings the account back"
                                 : "off in the saved file too";
  return saved;
}

}  // namespace exeunt::connect::redis
