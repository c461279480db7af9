#include "connect/openldap/settings.hpp"

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "testing/temporary_folder.hpp"

namespace exeunt::connect::openldap {
namespace {

SystemConfig good(const testing::TemporaryFolder& folder) {
  const std::string secret = (folder.path() / "secret").string();
  REQUIRE(base::write_file_atomically(secret, "hush\n", 0600));
  SystemConfig config;
  config.id = model::SystemId("directory");
  config.kind = "openldap";
  config.where = "exeunt.yaml:7";
  config.values = {{"url", "ldaps://ldap.example:636"},
                   {"ca_file", "/ca.pem"},
                   {"bind_dn", "cn=x"},
                   {"credential", "file:" + secret},
                   {"base_dn", "dc=example"}};
  return config;
}

}  // namespace

TEST_CASE("openldap: settings that are right are read") {
  const testing::TemporaryFolder folder;
  const auto settings = read_settings(good(folder));
  REQUIRE_MESSAGE(settings, (settings ? "" : settings.error().text()));
  CHECK(settings->host == "ldap.example");
  CHECK(settings->hr_id_attribute == "employeeNumber");
  CHECK(settings->credential.reveal() == "hush");
}

TEST_CASE("openldap: a setting that is wrong is refused in words that name it") {
  const testing::TemporaryFolder folder;
  const std::string empty = (folder.path() / "empty").string();
  REQUIRE(base::write_file_atomically(empty, "", 0600));
  struct Row {
    const char* key;
    std::string value;  // "" : taken out
    const char* words;
  };
  const Row rows[] = {
      {"url", "", "url"},
      {"url", "https://ldap.example", "url"},
      {"url", "ldapi:///", "url"},
      {"url", "ldap://ldap.example", "in the clear"},
      {"starttls", "yes", "neither true nor false"},
      {"starttls", "true", "starttls has no meaning"},
      {"bind_dn", "", "bind_dn"},
      {"base_dn", "", "base_dn"},
      {"ca_file", "", "ca_file"},
      {"credential", "", "credential"},
      {"credential", "env:SECRET", "credential"},
      {"credential", "file:" + empty, "is empty"},
      {"control_dn", "cn=control", "control_credential"},
      {"page_size", "0", "page_size"},
      {"swich_group", "cn=x", "swich_group"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.key);
    CAPTURE(row.value);
    SystemConfig config = good(folder);
    if (row.value.empty()) {
      config.values.erase(row.key);
    } else {
      config.values[row.key] = row.value;
    }
    const auto settings = read_settings(config);
    REQUIRE_FALSE(settings);
    CHECK(settings.error().code == base::Code::invalid_argument);
    CAPTURE(settings.error().text());
    CHECK(settings.error().text().find(row.words) != std::string::npos);
    CHECK(settings.error().text().find("exeunt.yaml:7") != std::string::npos);
  }
}

TEST_CASE("openldap: plain LDAP is for loopback, and only when asked for") {
  const testing::TemporaryFolder folder;
  SystemConfig config = good(folder);
  config.values["insecure_loopback"] = "true";
  config.values["url"] = "ldap://ldap.example";
  CHECK_FALSE(read_settings(config));
  config.values["url"] = "ldap://127.0.0.1:389";
  config.values.erase("ca_file");
  CHECK(read_settings(config).has_value());
  config.values["url"] = "ldaps://127.0.0.1:636";
  CHECK_FALSE(read_settings(config));  // ldaps:// is verified whatever else is asked for
}

}  // namespace exeunt::connect::openldap
