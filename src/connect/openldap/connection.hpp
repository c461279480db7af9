// One LDAP connection over libldap: TLS, bind, search in pages, modify; every wait bounded. Come here for how an answer becomes an error.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "connect/openldap/settings.hpp"

struct ldap;
struct ldapmsg;

namespace exeunt::connect::openldap {

using Values = std::vector<std::string>;

struct CaseFolded {
  bool operator()(const std::string& a, const std::string& b) const;
};
struct Entry {
  std::string dn;
  std::map<std::string, Values, CaseFolded> attributes;  // hostile bytes
  [[nodiscard]] const Values& values(const std::string& attribute) const;
  [[nodiscard]] std::string first(const std::string& attribute) const;  // "" when absent
};

enum class Scope { base = 0, one_level = 1, subtree = 2 };
struct SearchRequest {
  std::string base;
  Scope scope = Scope::subtree;
  std::string filter = "(objectClass=*)";
  std::vector<std::string> attributes;  // empty: none but the DN
  int page_size = 0;                    // 0: no paged results control
};
struct SearchReply {
  std::vector<Entry> entries;
  int code = 0;        // the server's result; 0 success, 32 no such object (or not ours to see)
  bool cut = false;    // a limit, a referral or our own bound ended it early: `entries` is a part
  std::string reason;  // why it was cut, and what to do
};

/// Values are borrowed: they may be secrets and are not copied here.
struct Change {
  enum class Kind { add = 0, remove = 1, replace = 2 };
  Kind kind = Kind::replace;
  std::string attribute;
  std::vector<std::string_view> values;  // remove or replace with none: the whole attribute
};
struct Reply {
  int code = 0;
  std::string diagnostic;             // the server's words; hostile
  std::optional<base::Bytes> policy;  // value of the password policy response control
};

/// Time left of one call.
class Allowance {
 public:
  Allowance(const base::Clock& clock, base::Duration timeout) : clock_(clock), end_(clock.steady() + timeout) {}
  [[nodiscard]] base::Duration left() const;  // never below 1 ms: libldap reads zero as "poll once"

 private:
  const base::Clock& clock_;
  base::Duration end_;
};

class Connection {
 public:
  /// TCP and TLS done, name verified, bound as nobody. unavailable: refused, not resolved, timeout, TLS failed (the words name the cause).
  [[nodiscard]] static base::Result<Connection> open(const Settings& settings, const base::Clock& clock, base::Duration timeout);
  /// The same, bound with our own credential. permission_denied when it is refused.
  [[nodiscard]] static base::Result<Connection> open_bound(const Settings& settings, const base::Clock& clock, base::Duration timeout);

  /// Simple bind with the password policy control. The answer, whatever its code; unavailable when none came.
  [[nodiscard]] base::Result<Reply> bind(const std::string& dn, const base::Secret& password);
  /// unavailable when no answer came; a code other than 0, 32 or a cut one is an error.
  [[nodiscard]] base::Result<SearchReply> search(const SearchRequest& request);
  /// One modify, atomic on the server. The answer, whatever its code; outcome_unknown when none came.
  [[nodiscard]] base::Result<Reply> modify(const std::string& dn, const std::vector<Change>& changes);

  [[nodiscard]] const std::string& subject() const { return subject_; }
  [[nodiscard]] int calls() const { return calls_; }    // requests sent so far
  [[nodiscard]] int writes() const { return writes_; }  // modifies among them

 private:
  struct Unbind {
    void operator()(struct ldap* handle) const;
  };
  struct MessageFree {
    void operator()(struct ldapmsg* message) const;
  };
  using Message = std::unique_ptr<struct ldapmsg, MessageFree>;
  struct Page;
  struct Watch;  // ends the socket at the deadline
  struct WatchFree {
    void operator()(Watch* watch) const;
  };

  Connection(struct ldap* handle, std::string subject, Allowance allowance);
  /// A handle with every option set, not connected.
  [[nodiscard]] static base::Result<Connection> prepare(const Settings& settings, const base::Clock& clock, base::Duration timeout);
  /// TCP and TLS; libldap's result. `require`: how the certificate is verified.
  [[nodiscard]] base::Result<int> begin(const Settings& settings, int require);
  [[nodiscard]] static std::string look_at_certificate(const Settings& settings, const base::Clock& clock, base::Duration timeout);
  [[nodiscard]] base::Result<Message> wait(int message_id, base::Code silence);
  [[nodiscard]] base::Result<Reply> reply_of(const Message& message, base::Code silence);
  [[nodiscard]] base::Result<Page> search_page(const SearchRequest& request, std::string& cookie);
  [[nodiscard]] Entry read_entry(struct ldapmsg* message) const;
  [[nodiscard]] std::string diagnostic() const;  // libldap's own words for what failed last
  [[nodiscard]] base::Error local_error(int code, base::Code silence, std::string_view verb) const;

  std::unique_ptr<Watch, WatchFree> watch_;  // outlives the handle, which calls back into it when it goes
  std::unique_ptr<struct ldap, Unbind> handle_;
  std::string subject_;  // "directory"
  Allowance allowance_;
  int calls_ = 0;
  int writes_ = 0;
};

/// What a server's result code lets the caller do next. `verb`: "lock uid=…".
[[nodiscard]] base::Error server_error(const std::string& subject, std::string_view verb, int code, std::string_view diagnostic);
/// "19 constraintViolation (Password is too young to change)"
[[nodiscard]] std::string code_words(int code, std::string_view diagnostic);

}  // namespace exeunt::connect::openldap
