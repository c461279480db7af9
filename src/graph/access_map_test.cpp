#include "graph/access_map.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "testing/small_maps.hpp"

namespace exeunt::graph {

using model::Action;
using model::EdgeKind;
using model::LinkStrength;
using model::NodeId;
using model::NodeKind;
using model::PersonId;
using testing::edge;
using testing::node;
using testing::person;

namespace {

std::vector<std::string> ids(const std::vector<Path>& paths) {
  std::vector<std::string> out;
  for (const auto& path : paths) out.push_back(path.node.id().text());
  return out;
}

std::vector<std::string> texts(const std::vector<NodeId>& nodes) {
  std::vector<std::string> out;
  for (const auto& id : nodes) out.push_back(id.text());
  return out;
}

const Path& path(const std::vector<Path>& paths, const std::string& id) {
  const auto found = std::find_if(paths.begin(), paths.end(), [&](const Path& p) { return p.node.id().text() == id; });
  REQUIRE_MESSAGE(found != paths.end(), id);
  return *found;
}

void link(AccessMap& map, const std::string& who, const std::string& account, LinkStrength strength = LinkStrength::strong) {
  map.add_link({PersonId(who), NodeId(account), strength, "test"});
}

/// Ada: a role with a session and a membership, a role that she created, a shared secret known to Bo as well, and a key in `deploy`.
AccessMap company() {
  AccessMap map;
  map.set_subject(person("E1", "Ada", "", "E9"));
  for (const char* id : {"warehouse/account/100", "warehouse/session/127.0.0.1:1", "warehouse/membership/100:7", "warehouse/account/200",
                         "warehouse/session/127.0.0.1:2", "warehouse/account/300", "warehouse/session/127.0.0.1:3", "warehouse/secret/300",
                         "warehouse/membership/300:7", "bastion/account/1001", "bastion/key/1001:SHA256:a", "bastion/account/2000",
                         "bastion/key/2000:SHA256:b", "bastion/session/127.0.0.1:4", "bastion/session/127.0.0.1:5"})
    map.add_node(node(id));
  map.add_edge(edge("warehouse/account/100", "warehouse/session/127.0.0.1:1"));
  map.add_edge(edge("warehouse/account/100", "warehouse/membership/100:7", EdgeKind::member_of));
  map.add_edge(edge("warehouse/account/100", "warehouse/account/200", EdgeKind::owns));
  map.add_edge(edge("warehouse/account/200", "warehouse/session/127.0.0.1:2"));
  map.add_edge(edge("hr/subject/E1", "warehouse/secret/300", EdgeKind::knows));
  map.add_edge(edge("hr/subject/E2", "warehouse/secret/300", EdgeKind::knows));
  map.add_edge(edge("warehouse/secret/300", "warehouse/account/300", EdgeKind::unlocks));
  map.add_edge(edge("warehouse/account/300", "warehouse/session/127.0.0.1:3"));
  map.add_edge(edge("warehouse/account/300", "warehouse/membership/300:7", EdgeKind::member_of));
  map.add_edge(edge("bastion/account/1001", "bastion/key/1001:SHA256:a"));
  map.add_edge(edge("bastion/key/2000:SHA256:b", "bastion/account/2000", EdgeKind::unlocks));
  map.add_edge(edge("bastion/key/2000:SHA256:b", "bastion/session/127.0.0.1:4"));
  map.add_edge(edge("bastion/account/2000", "bastion/session/127.0.0.1:5"));
  link(map, "E1", "warehouse/account/100");
  link(map, "E1", "bastion/account/1001", LinkStrength::confirmed);
  link(map, "E1", "bastion/key/2000:SHA256:b");
  return map;
}

model::ActionSpec spec(Action action, NodeKind target, std::vector<NodeKind> covers, bool by_rule = false) {
  model::ActionSpec out;
  out.action = action;
  out.target = target;
  out.covers = std::move(covers);
  out.by_rule = by_rule;
  return out;
}

model::Catalogue catalogue() {
  model::Catalogue out;
  out.kind = "test";
  out.actions = {spec(Action::disable_account, NodeKind::account, {NodeKind::account}),
                 spec(Action::replace_password, NodeKind::account, {}),
                 spec(Action::end_sessions, NodeKind::account, {NodeKind::session}, true),
                 spec(Action::revoke_keys, NodeKind::account, {NodeKind::key}, true),
                 spec(Action::remove_memberships, NodeKind::account, {NodeKind::membership}, true),
                 spec(Action::rotate_secret, NodeKind::secret, {NodeKind::secret, NodeKind::session}, true)};
  return out;
}

std::map<model::SystemId, model::Catalogue> catalogues(model::Catalogue one = catalogue()) {
  return {{model::SystemId("warehouse"), one}, {model::SystemId("bastion"), one}};
}

}  // namespace

TEST_CASE("access map: every way in is named once, with the shortest chain that shows it") {
  const AccessMap map = company();
  const auto paths = map.paths();
  CHECK(ids(paths) == std::vector<std::string>{"bastion/account/1001", "bastion/session/127.0.0.1:4", "bastion/key/1001:SHA256:a",
                                               "bastion/key/2000:SHA256:b", "warehouse/account/100", "warehouse/account/200",
                                               "warehouse/session/127.0.0.1:1", "warehouse/session/127.0.0.1:2",
                                               "warehouse/session/127.0.0.1:3", "warehouse/membership/100:7", "warehouse/secret/300"});
  const auto& session = path(paths, "warehouse/session/127.0.0.1:2");
  CHECK(texts(session.witness) ==
        std::vector<std::string>{"hr/subject/E1", "warehouse/account/100", "warehouse/account/200", "warehouse/session/127.0.0.1:2"});
  CHECK(session.witness_edges == std::vector<EdgeKind>{EdgeKind::holds, EdgeKind::owns, EdgeKind::holds});
}

TEST_CASE("access map: of a shared account only what the secret or her own key opened counts") {
  const auto found = ids(company().paths());
  const auto has = [&](const char* id) { return std::find(found.begin(), found.end(), id) != found.end(); };
  CHECK(has("warehouse/session/127.0.0.1:3"));  // which session of a shared role is whose cannot be told
  CHECK_FALSE(has("warehouse/account/300"));    // disabling it would end Bo's work
  CHECK_FALSE(has("warehouse/membership/300:7"));
  CHECK(has("bastion/session/127.0.0.1:4"));        // opened with her key
  CHECK_FALSE(has("bastion/session/127.0.0.1:5"));  // somebody else's session in deploy
}

TEST_CASE("access map: what people forget is said first") {
  AccessMap map = company();
  auto admin = node("warehouse/membership/100:9");
  admin.privileged = true;
  map.add_node(admin);
  map.add_edge(edge("warehouse/account/100", "warehouse/membership/100:9", EdgeKind::member_of));
  map.add_node(node("bastion/key/2000:SHA256:a"));  // her own key's second place, told as held by her account
  map.add_edge(edge("bastion/account/1001", "bastion/key/2000:SHA256:a"));
  const auto paths = map.paths();
  CHECK(path(paths, "bastion/key/2000:SHA256:a").surprise == "a key in a shared account");
  CHECK(path(paths, "warehouse/account/100").surprise.empty());
  CHECK(path(paths, "bastion/key/1001:SHA256:a").surprise.empty());
  CHECK(path(paths, "warehouse/secret/300").surprise == "a shared secret, one other reaches it");
  CHECK(path(paths, "warehouse/session/127.0.0.1:3").surprise == "through a shared secret");
  CHECK(path(paths, "warehouse/account/200").surprise == "an account that an account of the subject created");
  CHECK(path(paths, "warehouse/session/127.0.0.1:2").surprise == "through an account that the subject created");
  CHECK(path(paths, "bastion/key/2000:SHA256:b").surprise == "a key in a shared account");
  CHECK(path(paths, "bastion/session/127.0.0.1:4").surprise == "through a key in a shared account");
  CHECK(path(paths, "warehouse/membership/100:9").surprise == "privileged");
}

TEST_CASE("access map: a proposed link shows nothing, a confirmed one does") {
  AccessMap map;
  map.set_subject(person("E1"));
  map.add_node(node("d/account/1"));
  link(map, "E1", "d/account/1", LinkStrength::proposed);
  CHECK(map.paths().empty());
  link(map, "E1", "d/account/1", LinkStrength::confirmed);
  CHECK(ids(map.paths()) == std::vector<std::string>{"d/account/1"});
  link(map, "E1", "d/account/1", LinkStrength::proposed);  // a weaker word takes nothing back
  CHECK(map.paths().size() == 1);
}

TEST_CASE("access map: a way in that only an edge names is not lost") {
  AccessMap map;
  map.set_subject(person("E1"));
  link(map, "E1", "d/account/1");
  map.add_edge(edge("d/account/1", "d/session/127.0.0.1:9"));
  CHECK(ids(map.paths()) == std::vector<std::string>{"d/account/1", "d/session/127.0.0.1:9"});
}

TEST_CASE("access map: sessions of an account that was disabled before are still ways in") {
  AccessMap map;
  map.set_subject(person("E1"));
  auto locked = node("d/account/1");
  locked.live = false;
  map.add_node(locked);
  map.add_node(node("d/session/127.0.0.1:9"));
  map.add_edge(edge("d/account/1", "d/session/127.0.0.1:9"));
  link(map, "E1", "d/account/1");
  CHECK(map.paths().size() == 2);
  CHECK(ids(map.survivors({}, {})) == std::vector<std::string>{"d/session/127.0.0.1:9"});
}

TEST_CASE("survivors: a lock that a session left open can take back is none, nor is that of an account that follows it") {
  auto catalogue_of = [](std::vector<NodeKind> undone_over) {
    model::Catalogue out = catalogue();
    out.actions.front().undone_over = std::move(undone_over);
    return out;
  };
  AccessMap map;
  map.set_subject(person("E1"));
  auto account = node("d/account/1");
  account.facts["undoes_lock"] = "yes";
  auto follower = node("p/account/1");
  follower.facts["locked_at_source"] = "yes";
  map.add_node(account);
  map.add_node(follower);
  map.add_node(node("d/session/127.0.0.1:9"));
  map.add_edge(edge("d/account/1", "d/session/127.0.0.1:9"));
  link(map, "E1", "d/account/1");
  link(map, "E1", "p/account/1");
  const std::map<model::SystemId, model::Catalogue> both{{model::SystemId("d"), catalogue_of({NodeKind::session})},
                                                         {model::SystemId("p"), catalogue()}};
  const std::vector<Action> disable{Action::disable_account};
  CHECK(ids(map.survivors(disable, both)) == std::vector<std::string>{"d/account/1", "d/session/127.0.0.1:9", "p/account/1"});
  CHECK(map.survivors({Action::disable_account, Action::end_sessions}, both).empty());
  // Where the system says that she could not, or the catalogue that nobody can, the lock stands.
  CHECK(ids(map.survivors(disable, {{model::SystemId("d"), catalogue()}, {model::SystemId("p"), catalogue()}})) ==
        std::vector<std::string>{"d/session/127.0.0.1:9"});
  account.facts["undoes_lock"] = "no";
  map.add_node(account);
  CHECK(ids(map.survivors(disable, both)) == std::vector<std::string>{"d/session/127.0.0.1:9"});
}

TEST_CASE("survivors: what cannot be revoked survives with its end once nothing issues it, without one while something does") {
  model::Catalogue realm = catalogue();
  realm.actions.front().covers = {NodeKind::account, NodeKind::token};
  realm.actions.front().also_shuts = {NodeKind::key};
  AccessMap map;
  map.set_subject(person("E1"));
  auto tickets = node("r/token/1 tickets");
  tickets.facts = {{"drains", "yes"}, {"until_ms", "1700000000000"}};
  map.add_node(node("r/account/1"));
  map.add_node(node("r/key/1:1"));
  map.add_node(tickets);
  map.add_edge(edge("r/account/1", "r/key/1:1"));
  map.add_edge(edge("r/account/1", "r/token/1 tickets", EdgeKind::issued));
  link(map, "E1", "r/account/1");
  const auto left = map.survivors({Action::disable_account}, {{model::SystemId("r"), realm}});
  REQUIRE(ids(left) == std::vector<std::string>{"r/token/1 tickets"});
  CHECK(left.front().drains);
  CHECK(left.front().until == base::Time(base::Duration(1'700'000'000'000)));
  // A session that nobody ended goes on issuing: then there is no end.
  map.add_node(node("r/session/1"));
  map.add_edge(edge("r/account/1", "r/session/1"));
  for (const auto& path : map.survivors({Action::disable_account}, {{model::SystemId("r"), realm}})) {
    CHECK_FALSE(path.drains);
    CHECK_FALSE(path.until);
  }
  // The key is shut with the account, and is not while that stands open.
  CHECK(ids(map.survivors({Action::end_sessions}, {{model::SystemId("r"), realm}})) ==
        std::vector<std::string>{"r/account/1", "r/token/1 tickets", "r/key/1:1"});
  tickets.facts["until_ms"] = "soon";
  map.add_node(tickets);
  for (const auto& path : map.survivors({Action::disable_account, Action::end_sessions}, {{model::SystemId("r"), realm}})) {
    CHECK(path.drains);
    CHECK_FALSE(path.until);
  }
}

TEST_CASE("access map: the same node told twice keeps all facts, the later label, and stays privileged") {
  AccessMap map;
  auto first = node("d/account/1", "old");
  first.facts = {{"a", "1"}, {"b", "1"}};
  first.privileged = true;
  auto second = node("d/account/1", "new");
  second.facts = {{"b", "2"}};
  map.add_node(first);
  map.add_node(second);
  const auto* merged = map.find(NodeId("d/account/1"));
  REQUIRE(merged != nullptr);
  CHECK(merged->label == "new");
  CHECK(merged->facts == model::Facts{{"a", "1"}, {"b", "2"}});
  CHECK(merged->privileged);
}

TEST_CASE("access map: anchors are her accounts, her secrets and keys that stand alone; never a shared account") {
  const AccessMap map = company();
  CHECK(texts(map.anchors()) == std::vector<std::string>{"bastion/account/1001", "bastion/key/2000:SHA256:b", "warehouse/account/100",
                                                         "warehouse/account/200", "warehouse/secret/300"});
  CHECK(texts(map.below(NodeId("warehouse/account/100"))) ==
        std::vector<std::string>{"warehouse/membership/100:7", "warehouse/session/127.0.0.1:1"});
  CHECK(texts(map.below(NodeId("warehouse/secret/300"))) == std::vector<std::string>{"warehouse/session/127.0.0.1:3"});
  CHECK(texts(map.below(NodeId("bastion/key/2000:SHA256:b"))) == std::vector<std::string>{"bastion/session/127.0.0.1:4"});
}

TEST_CASE(
    "survivors: disabling the accounts leaves sessions, keys, the secret, what still carries a membership, and the account that hers "
    "made") {
  const AccessMap map = company();
  CHECK(ids(map.survivors({Action::disable_account}, catalogues())) ==
        std::vector<std::string>{"bastion/session/127.0.0.1:4", "bastion/key/1001:SHA256:a", "bastion/key/2000:SHA256:b",
                                 "warehouse/account/200", "warehouse/session/127.0.0.1:1", "warehouse/session/127.0.0.1:2",
                                 "warehouse/session/127.0.0.1:3", "warehouse/membership/100:7", "warehouse/secret/300"});
  CHECK(ids(map.survivors({Action::disable_account, Action::end_sessions}, catalogues())) ==
        std::vector<std::string>{"bastion/key/1001:SHA256:a", "bastion/key/2000:SHA256:b", "warehouse/account/200",
                                 "warehouse/session/127.0.0.1:2", "warehouse/session/127.0.0.1:3", "warehouse/secret/300"});
  CHECK(ids(map.survivors({Action::disable_account, Action::end_sessions, Action::revoke_keys, Action::rotate_secret}, catalogues())) ==
        std::vector<std::string>{"warehouse/account/200", "warehouse/session/127.0.0.1:2"});
}

TEST_CASE("survivors: a reset that clears the lock leaves the account, in this order only") {
  AccessMap map = company();
  model::Catalogue undoing = catalogue();
  undoing.actions[1].undoes = {Action::disable_account};
  const auto left = [&](const std::vector<Action>& actions, const model::Catalogue& one) {
    const auto found = ids(map.survivors(actions, catalogues(one)));
    return std::find(found.begin(), found.end(), "warehouse/account/100") != found.end();
  };
  CHECK(left({Action::disable_account, Action::replace_password}, undoing));
  CHECK_FALSE(left({Action::replace_password, Action::disable_account}, undoing));
  undoing.actions[1].reasserts = true;
  CHECK_FALSE(left({Action::disable_account, Action::replace_password}, undoing));
}

TEST_CASE("survivors: a system without a catalogue keeps everything") {
  const AccessMap map = company();
  CHECK(map.survivors({Action::disable_account}, {}).size() == map.paths().size());
}

TEST_CASE("bystanders: others who know the secret, and accounts that nobody claims") {
  AccessMap map = company();
  CHECK(texts(map.bystanders(NodeId("warehouse/secret/300"))) == std::vector<std::string>{"hr/subject/E2"});
  CHECK(map.bystanders(NodeId("warehouse/account/100")).empty());
  map.add_node(node("warehouse/account/900"));
  map.add_edge(edge("warehouse/account/900", "warehouse/secret/300", EdgeKind::knows));
  CHECK(texts(map.bystanders(NodeId("warehouse/secret/300"))) == std::vector<std::string>{"hr/subject/E2", "warehouse/account/900"});
  link(map, "E3", "warehouse/account/900");
  CHECK(texts(map.bystanders(NodeId("warehouse/secret/300"))) == std::vector<std::string>{"hr/subject/E2", "hr/subject/E3"});
}

}  // namespace exeunt::graph
