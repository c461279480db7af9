#include "connect/postgresql/ddl_history.hpp"

#include <doctest/doctest.h>

#include "connect/postgresql/created_roles.hpp"

namespace exeunt::connect::postgresql {
namespace {

/// A log in lines: "<session login> <SQL>"; "!" before the login: the statement failed.
class Log {
 public:
  Log& line(const std::string& login, const std::string& sql, bool failed = false) {
    const std::string at = "2026-01-01 00:00:" + std::to_string(10 + ++seconds_) + ".000 UTC";
    history_.add({at, login, "", "session of " + login, "2026-01-01 00:00:00 UTC", "00000", "statement: " + sql, ""});
    if (failed) history_.add({at, login, "", "session of " + login, "2026-01-01 00:00:00 UTC", "42710", "role already exists", sql});
    return *this;
  }
  CreationHistory done() {
    history_.finish();
    return {std::move(history_), ""};
  }

 private:
  DdlHistory history_;
  int seconds_ = 0;
};

Role login_role(const std::string& oid, const std::string& name) {
  Role role;
  role.oid = oid;
  role.name = name;
  role.login = true;
  return role;
}

struct Made {
  std::vector<std::string> names;
  bool full = false;
};
Made made_by(const CreationHistory& history, const Role& maker, const std::vector<Role>& all) {
  const CreatedRoles created = history.made_by(maker, all);
  Made out;
  for (const Role& role : created.roles) out.names.push_back(role.name);
  out.full = created.completeness == model::Completeness::full;
  return out;
}

const Role k_her = login_role("100", "her");
const Role k_bob = login_role("200", "bob");
const Role k_eve = login_role("300", "eve");

TEST_CASE("ddl_history: she made what her sessions created, and the listing is full when all younger roles have a maker") {
  const auto history =
      Log().line("admin", "CREATE ROLE her LOGIN").line("her", "CREATE ROLE bob LOGIN").line("admin", "CREATE ROLE eve LOGIN").done();
  const Made made = made_by(history, k_her, {k_her, k_bob, k_eve});
  CHECK(made.names == std::vector<std::string>{"bob"});
  CHECK(made.full);
  CHECK(made_by(history, login_role("1", "admin"), {login_role("1", "admin"), k_her, k_bob, k_eve}).names ==
        std::vector<std::string>{"her", "eve"});
}

TEST_CASE("ddl_history: renames of the made and of the maker are followed") {
  const auto history = Log()
                           .line("her", "CREATE ROLE bob LOGIN")
                           .line("admin", "ALTER ROLE her RENAME TO she")
                           .line("her", "CREATE ROLE eve LOGIN")
                           .line("admin", "ALTER ROLE bob RENAME TO robert")
                           .done();
  const Role she = login_role("100", "she");
  CHECK(made_by(history, she, {she, login_role("200", "robert"), k_eve}).names == std::vector<std::string>{"robert", "eve"});
}

TEST_CASE("ddl_history: a failed statement made nothing; one of several that failed leaves a doubt") {
  const auto single = Log().line("admin", "CREATE ROLE bob").line("her", "CREATE ROLE bob", true).done();
  CHECK(made_by(single, k_her, {k_her, k_bob}).names.empty());
  CHECK(made_by(single, k_her, {k_her, k_bob}).full);
  const auto several = Log().line("her", "CREATE ROLE bob; COMMIT; SELECT 1/0", true).done();
  CHECK(made_by(several, k_her, {k_her, k_bob}).names.empty());
  CHECK_FALSE(made_by(several, k_her, {k_her, k_bob}).full);
}

TEST_CASE("ddl_history: a role older than she is was never made by her, whatever the log says") {
  const auto history = Log().line("her", "CREATE ROLE old LOGIN").done();
  const Role old_role = login_role("50", "old");
  CHECK(made_by(history, k_her, {old_role, k_her}).names.empty());
  CHECK(made_by(history, k_her, {old_role, k_her}).full);
}

TEST_CASE("ddl_history: DROP and CREATE are believed only when OIDs show that a new role was made") {
  // bob is from before; she wrote DROP and CREATE, perhaps in a transaction that was rolled back.
  const auto forged = Log().line("admin", "CREATE ROLE eve LOGIN").line("her", "DROP ROLE bob").line("her", "CREATE ROLE bob LOGIN").done();
  CHECK(made_by(forged, k_her, {k_her, k_bob, k_eve}).names.empty());
  CHECK_FALSE(made_by(forged, k_her, {k_her, k_bob, k_eve}).full);
  // Here a role made after the DROP is older than bob: this bob is a new one.
  const auto real = Log().line("her", "DROP ROLE bob").line("admin", "CREATE ROLE mid LOGIN").line("her", "CREATE ROLE bob LOGIN").done();
  const Role mid = login_role("150", "mid");
  CHECK(made_by(real, k_her, {k_her, mid, k_bob}).names == std::vector<std::string>{"bob"});
}

TEST_CASE("ddl_history: a colleague's doubtful claim does not take her role from her") {
  const auto history = Log().line("her", "CREATE ROLE bob LOGIN").line("admin", "SELECT 1; CREATE ROLE bob", true).done();
  CHECK(made_by(history, k_her, {k_her, k_bob}).names == std::vector<std::string>{"bob"});
}

TEST_CASE("ddl_history: a role that the log does not know keeps the listing below full and is named") {
  const auto history = Log().line("admin", "CREATE ROLE her LOGIN").done();
  const CreatedRoles created = history.made_by(k_her, {k_her, k_bob});
  CHECK(created.completeness == model::Completeness::lower_bound);
  CHECK(created.reason.find("\"bob\"") != std::string::npos);
  REQUIRE(created.gaps.size() == 1);
}

TEST_CASE("ddl_history: roles without LOGIN are no accounts, unless LOGIN was taken from them") {
  const auto history = Log().line("her", "CREATE ROLE bob").line("her", "CREATE ROLE eve").done();
  Role group = k_bob;
  group.login = false;
  Role cut = k_eve;
  cut.login = false;
  cut.valid_until = "1970-01-01 00:00:00+00";
  CHECK(made_by(history, k_her, {k_her, group, cut}).names == std::vector<std::string>{"eve"});
}

TEST_CASE("ddl_history: who set a password knows it until somebody else does; the role itself may be her under its name") {
  const auto hers = [] { return Log().line("admin", "CREATE ROLE bob").line("her", "ALTER ROLE bob PASSWORD 'x'"); };
  CHECK(hers().done().made_by(k_her, {k_her, k_bob}).gaps.size() == 1);
  CHECK(hers().line("bob", "ALTER ROLE bob PASSWORD 'y'").done().made_by(k_her, {k_her, k_bob}).gaps.size() == 1);
  CHECK(hers().line("admin", "ALTER ROLE bob PASSWORD 'z'").done().made_by(k_her, {k_her, k_bob}).gaps.empty());
}

}  // namespace
}  // namespace exeunt::connect::postgresql
