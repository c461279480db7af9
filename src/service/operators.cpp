#include "service/operators.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>

namespace exeunt::service {

base::Result<Operator> present_operator(const Config& config) {
  const uid_t uid = ::getuid();
  Operator out;
  out.login = std::to_string(uid);
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16384> buffer{};
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) out.login = found->pw_name;
  auto person = config.operators.find(out.login);
  if (person == config.operators.end()) person = config.operators.find(std::to_string(uid));
  if (person == config.operators.end())
    return base::fail(base::Code::permission_denied, "the local login " + out.login + " is no operator",
                      "have it added under `operators:` in exeunt.yaml with the person's HR id");
  out.person = person->second;
  return out;
}

}  // namespace exeunt::service
