#include "service/config.hpp"

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "testing/temporary_folder.hpp"

namespace exeunt::service {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryFolder;

base::Result<Config> parse(std::string_view yaml) { return parse_config(yaml, "exeunt.yaml", "/srv/exeunt"); }

constexpr std::string_view k_whole = R"(tenant: acme
people: hr/people.csv
operators: { root: E0003, "night shift": E0004 }
checkpoint_copy: /elsewhere/checkpoint
keys: /keys/exeunt
known_without_connector: [payroll, "door codes"]
systems:
  - id: directory
    kind: openldap
    tier: identity
    url: ldaps://localhost:6360
    credential: file:ldap.secret
    ca_file: tls/ca.pem
  - id: bastion
    kind: openssh
    port: 2222
    authorized_keys: etc/keys/%u
    accounts: [alice, deploy]
)";

TEST_CASE("config: every key arrives, relative paths are in the home, paths of the managed host are left alone") {
  const auto config = parse(k_whole);
  REQUIRE_MESSAGE(config.has_value(), config.error().text());
  CHECK(config->tenant.text() == "acme");
  CHECK(config->origin == "exeunt/acme");
  CHECK(config->people_file == "/srv/exeunt/hr/people.csv");
  CHECK(config->links_file == "/srv/exeunt/links.csv");
  CHECK(config->policy_file == "/srv/exeunt/policy.yaml");
  CHECK(config->checkpoint_copy == "/elsewhere/checkpoint");
  CHECK(config->keys_folder == "/keys/exeunt");
  CHECK(config->operators.at("night shift").text() == "E0004");
  CHECK(config->known_without_connector == std::vector<std::string>{"payroll", "door codes"});
  REQUIRE(config->systems.size() == 2);
  const auto& directory = config->systems[0];
  CHECK(directory.identity);
  CHECK(directory.config.where == "exeunt.yaml:8");
  CHECK(directory.config.get("credential") == "file:/srv/exeunt/ldap.secret");
  CHECK(directory.config.get("ca_file") == "/srv/exeunt/tls/ca.pem");
  CHECK(directory.config.values.count("id") + directory.config.values.count("kind") + directory.config.values.count("tier") == 0);
  const auto& bastion = config->systems[1];
  CHECK_FALSE(bastion.identity);
  CHECK(bastion.config.require_int("port", 1, 65535).value() == 2222);
  CHECK(bastion.config.get("authorized_keys") == "etc/keys/%u");
  CHECK(bastion.config.lists.at("accounts") == std::vector<std::string>{"alice", "deploy"});
}

TEST_CASE("config: an error names file, line and key") {
  struct Row {
    const char* yaml;
    const char* begins;
    const char* names;
  };
  const Row rows[] = {
      {"tenant: a\npeopel: x\n", "exeunt.yaml:2:", "peopel: is unknown"},
      {"tenant: a\ntenant: b\n", "exeunt.yaml:2:", "tenant: is there twice"},
      {"tenant: [a]\n", "exeunt.yaml:1:", "tenant: is not one value"},
      {"tenant: Not/An/Id\n", "exeunt.yaml:1:", "tenant:"},
      {"people:\n", "exeunt.yaml:1:", "people: has no value"},
      {"a: b\n  c: [\n", "exeunt.yaml:2:", "is no YAML"},
      {"- a\n- b\n", "exeunt.yaml:1:", "is no mapping"},
      {"", "exeunt.yaml:1:", "is empty"},
      {"tenant: a\n---\ntenant: b\n", "exeunt.yaml:1:", "more than one document"},
      {", \"a b]\nc}d}:e]\n", "exeunt.yaml:1:", "more than one document"},  // yaml-cpp's LoadAll never ends on it
      {"systems: {id: x}\n", "exeunt.yaml:1:", "systems: is no list"},
      {"systems:\n  - kind: openldap\n", "exeunt.yaml:2:", "id: is missing"},
      {"systems:\n  - id: a b\n    kind: openldap\n", "exeunt.yaml:2:", "id:"},
      {"systems:\n  - id: a/b\n    kind: openldap\n", "exeunt.yaml:2:", "id:"},
      {"systems:\n  - id: a\n", "exeunt.yaml:2:", "kind: is missing"},
      {"systems:\n  - id: a\n    kind: x\n    tier: upstream\n", "exeunt.yaml:4:", "tier: is unknown"},
      {"systems:\n  - id: a\n    kind: x\n  - id: a\n    kind: x\n", "exeunt.yaml:4:", "a is there twice"},
      {"systems:\n  - id: a\n    kind: x\n    url: {a: b}\n", "exeunt.yaml:4:", "url: is not one value"},
      {"systems:\n  - id: a\n    kind: x\n    url: u\n    url: u\n", "exeunt.yaml:5:", "url: is there twice"},
      {"operators: [root]\n", "exeunt.yaml:1:", "operators"},
      {"operators: {root: }\n", "exeunt.yaml:1:", "root"},
      {"keys: keys\n", "exeunt.yaml:1:", "inside the home"},
      {"keys: /srv/exeunt\n", "exeunt.yaml:1:", "inside the home"},
      {"known_without_connector: payroll\n", "exeunt.yaml:1:", "is no list"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.yaml);
    const auto config = parse(row.yaml);
    REQUIRE_FALSE(config);
    CAPTURE(config.error().what);
    CHECK(config.error().code == base::Code::invalid_argument);
    CHECK(config.error().what.find(row.begins) == 0);
    CHECK(config.error().what.find(row.names) != std::string::npos);
    CHECK_FALSE(config.error().next.empty());
  }
}

TEST_CASE("config: keys beside a home of similar name are not inside it") {
  CHECK(parse("keys: /srv/exeunt-keys\n"));
  CHECK(parse("keys: ../keys\n"));
}

TEST_CASE("config: a home without a file leads to init") {
  const TemporaryFolder folder;
  const auto config = load_config(folder.path());
  REQUIRE_FALSE(config);
  CHECK(config.error().code == base::Code::not_found);
  CHECK(config.error().next.find("exeunt init") != std::string::npos);
  REQUIRE(base::write_file_atomically(folder.path() / "exeunt.yaml", k_whole));
  CHECK(load_config(folder.path()).value().home == folder.path());
}

struct Table {
  TemporaryFolder folder;
  fs::path file = folder.path() / "people.csv";
  explicit Table(std::string_view text) { REQUIRE(base::write_file_atomically(file, text)); }
};

const std::string k_people_header = "hr_id,name,email,manager_hr_id,login,status\n";

TEST_CASE("people: hostile names arrive byte for byte") {
  const std::string name = "=cmd|'/c calc'!A1 \"Bobby\"; DROP TABLE x; --\nuid=root,*)(\xE2\x80\xAE";
  const Table table(
      k_people_header +
      "E1,\"=cmd|'/c calc'!A1 \"\"Bobby\"\"; DROP TABLE x; --\nuid=root,*)(\xE2\x80\xAE\",b@x,E9,bobby,active\nE2,Ann,,,,left\n");
  const auto people = load_people(table.file);
  REQUIRE_MESSAGE(people.has_value(), people.error().text());
  REQUIRE(people->size() == 2);
  CHECK((*people)[0].name == name);
  CHECK((*people)[0].manager.text() == "E9");
  CHECK((*people)[1].id.text() == "E2");
  CHECK((*people)[1].status == "left");
}

TEST_CASE("people: a bad row is named by its line, never dropped") {
  struct Row {
    std::string text;
    const char* names;
  };
  for (const Row& row : {Row{k_people_header + "E1,\"two\nlines\",,,,active\n,No Id,,,,active\n", "people.csv: line 4: hr_id"},
                         Row{k_people_header + "E1,A,,,,active\nE1,B,,,,active\n", "people.csv: line 3: hr_id E1 is there twice"},
                         Row{k_people_header + "E1,A,,,,gone\n", "people.csv: line 2: status"},
                         Row{k_people_header + "E1,A,,E 2,,active\n", "people.csv: line 2: manager_hr_id"},
                         Row{k_people_header + "E1,A,,,active\n", "people.csv: line 2: has 5 fields"},
                         Row{k_people_header + "E1,\"A,,,,active\n", "people.csv: line 2: a quote"},
                         Row{"id,name\nE1,A\n", "people.csv: line 1:"}, Row{"", "people.csv: line 1:"}}) {
    CAPTURE(row.text);
    const Table table(row.text);
    const auto people = load_people(table.file);
    REQUIRE_FALSE(people);
    CAPTURE(people.error().what);
    CHECK(people.error().what.find(row.names) == 0);
  }
  CHECK(load_people("/no/such/people.csv").error().code == base::Code::not_found);
}

TEST_CASE("links: accounts and keys are whose the table says, once each") {
  const std::string header = "system,kind,native_id,hr_id\n";
  const Table table(header + "bastion,key,1007:SHA256:ab/cd+e,E1\ndirectory,account,aa-bb,E1\n");
  const auto links = load_links(table.file);
  REQUIRE_MESSAGE(links.has_value(), links.error().text());
  CHECK(links->at(model::NodeId("bastion/key/1007:SHA256:ab/cd+e")).text() == "E1");
  CHECK(links->size() == 2);
  CHECK(load_links(table.folder.path() / "absent.csv").value().empty());
  for (const char* bad :
       {"directory,session,1,E1\n", "directory,accounts,1,E1\n", "directory,account,,E1\n", ",account,1,E1\n", "a/b,account,1,E1\n",
        "directory,account,1,\n", "directory,account,1,E1\ndirectory,account,1,E2\n", "directory,account,1,E1\ndirectory,account,1,E1\n"}) {
    CAPTURE(bad);
    const Table broken(header + bad);
    CHECK_FALSE(load_links(broken.file));
  }
}

}  // namespace
}  // namespace exeunt::service
