#include "connect/openssh/session_table.hpp"

#include <doctest/doctest.h>

using namespace exeunt;
using namespace exeunt::connect;

namespace {
const std::string k_hers = "SHA256:xspUFJeCy1pfplZzwRxQGwCL5EIeLTJ16KphZ2OEBIs";
const std::string k_bobs = "SHA256:PSrKE4YozNHbGUX4JwCImkb407EOUY3SiwRpEdMELcU";

HostProcess process(const std::string& pid, const std::string& parent, const std::string& uid) {
  return {pid, parent, uid, uid, "1" + pid};
}
Socket socket(const std::string& peer, std::set<std::string> pids) { return {"22", peer, pids, pids}; }

SessionSources deploy_with_two() {
  SessionSources out;
  out.ports = {"22"};
  out.logins = {{"1007", {"deploy"}}};
  out.processes = {process("10", "1", "0"),    process("20", "10", "0"),    process("21", "20", "1007"), process("22", "21", "1007"),
                   process("30", "10", "0"),   process("31", "30", "1007"), process("40", "1", "1007"),  process("41", "40", "1007"),
                   process("50", "1", "1007"), process("60", "1", "2000")};
  out.sockets = {socket("10.0.0.1:501", {"20", "21"}), socket("10.0.0.2:502", {"30", "31"})};
  out.log = {
      {"deploy", "10.0.0.1:501", k_bobs, false}, {"deploy", "10.0.0.1:501", k_hers, false}, {"deploy", "10.0.0.2:502", k_bobs, false}};
  out.told = {{"40", "10.0.0.1:501", {}}};
  return out;
}
const Session* session(const SessionTable& table, const std::string& endpoint) {
  for (const auto& one : table.sessions) {
    if (one.endpoint == endpoint) return &one;
  }
  return nullptr;
}
}  // namespace

TEST_CASE("session_table: a connection takes its processes and what it left behind, and nothing of another's") {
  const auto table = make_session_table(deploy_with_two());
  REQUIRE(table.sessions.size() == 2);
  const auto* hers = session(table, "10.0.0.1:501");
  REQUIRE(hers != nullptr);
  CHECK(hers->connected);
  CHECK(hers->by_log);
  CHECK(hers->fingerprints == std::set<std::string>{k_hers});  // the port was used before: the last login counts
  std::set<std::string> pids;
  for (const auto& one : hers->processes) pids.insert(one.pid);
  CHECK(pids == std::set<std::string>{"21", "22", "40", "41"});
  CHECK(session(table, "10.0.0.2:502")->processes.size() == 1);
  REQUIRE(table.unclaimed.contains("1007"));
  CHECK(table.unclaimed.at("1007").size() == 1);
  CHECK(table.unclaimed.at("1007")[0].pid == "50");
}

TEST_CASE("session_table: a job whose port was used by two keys is nobody's") {
  auto sources = deploy_with_two();
  sources.sockets.erase(sources.sockets.begin());
  const auto table = make_session_table(sources);
  const auto* left = session(table, "10.0.0.1:501");
  REQUIRE(left != nullptr);
  CHECK_FALSE(left->connected);
  CHECK(left->fingerprints.empty());
}

TEST_CASE("session_table: a log line for another login, a foreign port and a connection without root's sshd do not count") {
  auto sources = deploy_with_two();
  sources.log = {{"alice", "10.0.0.1:501", k_hers, false}};
  CHECK(session(make_session_table(sources), "10.0.0.1:501")->fingerprints.empty());
  sources.sockets[0].local_port = "2222";
  sources.sockets[1].sshd = {"31"};
  const auto table = make_session_table(sources);
  CHECK(session(table, "10.0.0.2:502") == nullptr);
  CHECK(session(table, "10.0.0.1:501")->connected == false);
}

TEST_CASE("session_table: a root login is its one sshd process") {
  SessionSources sources;
  sources.ports = {"22"};
  sources.logins = {{"0", {"root"}}};
  sources.processes = {process("10", "1", "0"), process("20", "10", "0"), process("21", "20", "0")};
  sources.sockets = {socket("10.0.0.1:501", {"20"})};
  sources.log = {{"root", "10.0.0.1:501", k_hers, false}};
  const auto table = make_session_table(sources);
  REQUIRE(table.sessions.size() == 1);
  CHECK(table.sessions[0].processes.size() == 2);
  CHECK(table.unclaimed.empty());
}

TEST_CASE("session_table: root's process that reads a file as the account, before anybody is logged in, is no session of hers") {
  SessionSources sources;
  sources.ports = {"22"};
  sources.logins = {{"1007", {"deploy"}}};
  auto reading = process("20", "10", "1007");
  reading.real = "0";
  auto forked = process("21", "20", "1007");
  forked.real = "0";
  sources.processes = {process("10", "1", "0"), reading, forked};
  sources.sockets = {socket("10.0.0.1:501", {"20", "21"})};
  const auto table = make_session_table(sources);
  CHECK(table.sessions.empty());
  CHECK(table.unclaimed.empty());
}

TEST_CASE("session_lines: processes come from numbers only, a zombie is gone, a name cannot forge a start time") {
  const auto found = parse_processes("    7     1  1007  1007 Ss\n  8 1 1007 1007 Z+\nx 1 1 1 S\n9 1 1007 S\n11 1 1007 0 R\n",
                                     "7 (a) S 1 (b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20\n11 (sh) R 1 2 3 4 5 6 7 8 9 10 "
                                     "11 12 13 14 15 16 17 18 888 20\n");
  REQUIRE(found.size() == 2);
  CHECK(found[0].pid == "7");
  CHECK(found[0].start == "777");
  CHECK(found[1].real == "0");
  CHECK(found[1].start == "888");
}

TEST_CASE("session_lines: a process name cannot add a holder to a socket") {
  struct Row {
    std::string users;
    std::set<std::string> pids, sshd;
  };
  for (const auto& row : std::vector<Row>{
           {R"~(users:(("sshd",pid=5854,fd=4),("sshd",pid=5844,fd=4)))~", {"5854", "5844"}, {"5854", "5844"}},
           {R"~(users:(("sshd-session",pid=1,fd=4)))~", {"1"}, {"1"}},
           {R"~(users:(("a",pid=1,fd=3)",pid=4242,fd=5)))~", {"4242"}, {}},
           {R"~(users:(("",pid=1,fd=3),",pid=4242,fd=5)))~", {"4242"}, {}},
           {R"~(users:(("",pid=1,fd=3),(",pid=4242,fd=5)))~", {"4242"}, {}},
           {R"~(users:(("a",pid=1,fd=3))",pid=4242,fd=5)))~", {"4242"}, {}},
           {R"~(users:(("",pid=1,fd=3)) ",pid=4242,fd=5)))~", {"4242"}, {}},
           {R"~(users:(("sshd",pid=,fd=3)))~", {}, {}},
           {R"~(users:(("sshd")~", {}, {}},
       }) {
    CAPTURE(row.users);
    const auto found = parse_sockets("0 0 127.0.0.1:22 127.0.0.1:41234 " + row.users + "  \n");
    REQUIRE(found.size() == 1);
    CHECK(found[0].peer == "127.0.0.1:41234");
    CHECK(found[0].local_port == "22");
    CHECK(found[0].pids == row.pids);
    CHECK(found[0].sshd == row.sshd);
  }
  CHECK(parse_sockets("LISTEN 0 128 [::]:2222 [::]:* users:((\"sshd\",pid=1,fd=4))\n").at(0).local_port == "2222");
  CHECK(parse_sockets("0 0 rubbish\n\n").empty());
}

TEST_CASE("session_lines: endpoints are plain in one way") {
  for (const auto& [told, plain] : std::vector<std::pair<std::string, std::string>>{{"127.0.0.1:5", "127.0.0.1:5"},
                                                                                    {"[::ffff:10.0.0.1]:22", "10.0.0.1:22"},
                                                                                    {"[::1]:22", "::1:22"},
                                                                                    {"*:*", ""},
                                                                                    {"10.0.0.1:", ""},
                                                                                    {"10.0.0.1:999999", ""},
                                                                                    {"a b:22", ""},
                                                                                    {"", ""},
                                                                                    {"[fe80::1%eth0]:22", "fe80::1%eth0:22"}}) {
    CAPTURE(told);
    CHECK(plain_endpoint(told) == plain);
  }
}

TEST_CASE("session_lines: only sshd's own words are taken from the log") {
  const std::string good = "Accepted publickey for bobby drop from 127.0.0.1 port 41234 ssh2: ED25519 " + k_hers;
  struct Row {
    std::string line, login;
    bool certificate = false;
  };
  for (const auto& row : std::vector<Row>{
           {good, "bobby drop"},
           {good + "\r", "bobby drop"},
           {"Nov 20 20:00:00 host sshd[123]: " + good, "bobby drop"},
           {"2026-11-20T20:00:00.1+00:00 host sshd-session[123]: " + good, "bobby drop"},
           {"Accepted publickey for alice from 127.0.0.1 port 41234 ssh2: ED25519-CERT " + k_hers +
                " ID x from 9.9.9.9 port 1 ssh2: ED25519 " + k_bobs + " (serial 3) CA ED25519 " + k_bobs,
            "alice", true},
           {"Invalid user x: " + good, ""},
           {"Invalid user sshd[1]: " + good, ""},
           {"Nov 20 20:00:00 host other[123]: " + good, ""},
           {"Accepted publickey for alice from 127.0.0.1 port 41234 ssh2: ED25519 SHA256:short", ""},
           {"Accepted publickey for alice from nowhere port 41234 ssh2: ED25519 " + k_hers, ""},
           {"Accepted publickey for alice", ""},
           {"Accepted password for alice from 127.0.0.1 port 41234 ssh2", ""},
       }) {
    CAPTURE(row.line);
    const auto found = parse_log("noise\n" + row.line + "\nnoise");
    if (row.login.empty()) {
      CHECK(found.empty());
      continue;
    }
    REQUIRE(found.size() == 1);
    CHECK(found[0].login == row.login);
    CHECK(found[0].endpoint == "127.0.0.1:41234");
    CHECK(found[0].fingerprint == k_hers);
    CHECK(found[0].certificate == row.certificate);
  }
}

TEST_CASE("session_lines: a success is read with its stamp, whatever the login or a key id look like, and a forged one is none") {
  const std::string from = " from 127.0.0.1 port 41234 ssh2";
  struct Row {
    std::string line;
    std::string login;  // empty: no login
    std::string method, serial;
    bool dated;
  };
  const std::string stamp = "2026-11-27T16:00:00.123456+02:00 ";
  for (const Row& row : std::vector<Row>{
           {stamp + "Accepted password for alice" + from, "alice", "password", "", true},
           {stamp + "host sshd[12]: Accepted keyboard-interactive/pam for alice" + from, "alice", "keyboard-interactive/pam", "", true},
           {stamp + "Accepted publickey for alice" + from + ": ED25519 " + k_hers, "alice", "publickey", "", true},
           {stamp + "Accepted publickey for alice" + from + ": ED25519-CERT " + k_hers + " ID x (serial 7) CA y (serial 12) CA ED25519 " +
                k_hers,
            "alice", "publickey", "12", true},
           {"Accepted password for alice" + from, "alice", "password", "", false},
           {"Nov 20 20:00:00 host sshd[12]: Accepted password for alice" + from, "alice", "password", "", false},
           {stamp + "Accepted password for a from 10.0.0.1 port 1 ssh2 b" + from, "a from 10.0.0.1 port 1 ssh2 b", "password", "", true},
           {stamp + "Invalid user Accepted password for alice" + from, "", "", "", false},
           {stamp + "Failed password for Accepted password for alice" + from, "", "", "", false},
           {"2026-11-27T99:00:00Z Accepted password for alice" + from, "", "", "", false},
           {stamp + "Accepted PASSWORD for alice" + from, "", "", "", false},
           {stamp + "Accepted password for alice" + from + " more", "", "", "", false},
           {stamp + "Accepted publickey for alice" + from, "", "", "", false},
       }) {
    CAPTURE(row.line);
    const auto found = parse_accepted("noise\n" + row.line + "\r\nnoise");
    if (row.login.empty()) {
      CHECK(found.empty());
      continue;
    }
    REQUIRE(found.size() == 1);
    CHECK(found[0].login == row.login);
    CHECK(found[0].method == row.method);
    CHECK(found[0].serial == row.serial);
    CHECK(found[0].endpoint == "127.0.0.1:41234");
    CHECK(found[0].at.has_value() == row.dated);
    if (row.dated) CHECK(base::to_rfc3339(*found[0].at) == "2026-11-27T14:00:00.123Z");
  }
}

TEST_CASE("session_lines: of an environment only the first value of each name counts, of a note only public keys") {
  const std::string key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOtbTj5ryatSOeHn79HuKD61EgZ0SpFN2JrDiWWevKqQ";
  const auto note = parse_note("publickey " + key + "\npassword\npublickey ssh-rsa rubbish\nkeyboard-interactive\n");
  CHECK(note == std::set<std::string>{k_hers});
  const std::string zero(1, '\0');
  const auto told = parse_told("/proc/7/environ:SSH_CONNECTION=10.0.0.1 501 10.0.0.9 22" + zero +
                                   "/proc/7/environ:SSH_CONNECTION=10.0.0.2 502 10.0.0.9 22" + zero +
                                   "/proc/7/environ:SSH_USER_AUTH=/tmp/sshauth.a" + zero + "/proc/8/environ:SSH_CONNECTION=10.0.0.1 501" +
                                   zero + "/proc/x/environ:SSH_CONNECTION=10.0.0.1 501 10.0.0.9 22" + zero + "rubbish",
                               {{"/tmp/sshauth.a", note}});
  REQUIRE(told.size() == 2);
  CHECK(told[0].endpoint == "10.0.0.1:501");
  CHECK(told[0].fingerprints == note);
  CHECK(told[1].endpoint.empty());
  CHECK(client_of_connection("10.0.0.1 501 10.0.0.9").empty());
}
