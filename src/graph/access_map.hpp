// The access map: what a subject can reach, what survives given actions, who else an action touches. Pure: no I/O, no clock.
// This header is final; the search behind it is a plain breadth-first one until the map has to be large.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "model/catalogue.hpp"
#include "model/departure.hpp"
#include "model/node.hpp"

namespace exeunt::graph {

/// Subject <-> account. Strong and confirmed ones act; proposed ones wait for a person (architecture §5 "Links").
struct Link {
  model::PersonId person;
  model::NodeId account;
  model::LinkStrength strength = model::LinkStrength::proposed;
  std::string reason;  // "employeeNumber", "links.csv", "same e-mail as HR"
};

/// The node of a person: "hr/subject/<HR id>". Edges may start there (knows a secret, holds a key that links.csv names).
[[nodiscard]] model::NodeId subject_node(const model::PersonId& person);

/// One way in: a node of a path kind that the subject reaches, and the shortest chain that shows how.
struct Path {
  model::Node node;
  std::vector<model::NodeId> witness;          // subject … node
  std::vector<model::EdgeKind> witness_edges;  // one fewer than witness
  std::string surprise;                        // why a reader should look first; empty: nothing unusual
  bool drains = false;                         // of survivors(): no new one can be had, and what is out cannot be revoked …
  std::optional<base::Time> until;  // … the last one is over by then, if the actions were taken at the listing; nullopt: nobody knows
};

class AccessMap {
 public:
  void set_subject(model::Person subject);
  /// Same key twice: facts are merged, the later label wins.
  void add(const model::Inventory& inventory);
  void add_node(model::Node node);
  void add_edge(model::Edge edge);
  void add_link(Link link);
  void add_gap(model::Gap gap);
  void add_listing(model::Listing listing);

  [[nodiscard]] const model::Person& subject() const { return subject_; }
  [[nodiscard]] const std::vector<Link>& links() const { return links_; }
  [[nodiscard]] const std::vector<model::Gap>& gaps() const { return gaps_; }
  [[nodiscard]] const std::vector<model::Listing>& listings() const { return listings_; }
  [[nodiscard]] const model::Node* find(const model::NodeId& id) const;
  [[nodiscard]] std::vector<model::Node> nodes() const;  // sorted by id
  [[nodiscard]] const std::vector<model::Edge>& edges() const { return edges_; }

  /// Every way in of the subject over strong and confirmed links, sorted by (system, kind, native id). Deterministic.
  [[nodiscard]] std::vector<Path> paths() const;
  /// The same after `actions` were taken wherever they apply, by the effects in the systems' catalogues: what survives. They are taken
  /// on the accounts that are linked to the person, on secrets and on keys that stand alone; not on accounts that the person made. An action that a
  /// path left open can take back is none; what can only drain is left, with its instant once nothing issues it any more.
  [[nodiscard]] std::vector<Path> survivors(const std::vector<model::Action>& actions,
                                            const std::map<model::SystemId, model::Catalogue>& catalogues) const;
  /// What steps name: the subject's accounts (linked, and those that hers own), the secrets she knows, and whatever way in hangs
  /// below none of them (a key of hers in a shared account). Shared accounts are none: ending them would end others. Sorted.
  [[nodiscard]] std::vector<model::NodeId> anchors() const;
  /// What an action on `anchor` may end besides it: everything below it on its own system, without passing through another account
  /// or secret; of an account that a secret unlocks only the sessions. Sorted; the anchor itself is not in it.
  [[nodiscard]] std::vector<model::NodeId> below(const model::NodeId& anchor) const;
  /// Others who reach `node` (people by their own links, accounts nobody claims): who is touched when it ends.
  [[nodiscard]] std::vector<model::NodeId> bystanders(const model::NodeId& node) const;

 private:
  model::Person subject_;
  std::map<model::NodeId, model::Node> nodes_;
  std::vector<model::Edge> edges_;
  std::set<std::tuple<model::NodeId, model::NodeId, model::EdgeKind>> known_edges_;
  std::vector<Link> links_;
  std::vector<model::Gap> gaps_;
  std::vector<model::Listing> listings_;
};

/// Kinds of node that are ways in by themselves (session, key, membership, …), as opposed to what they lead to.
[[nodiscard]] bool is_path_kind(model::NodeKind kind);

/// Links of one person to the accounts of a system. Strong: hr_id equal, or listed in `imported` (system, kind, native id -> HR id).
/// Proposed: same e-mail, same login, similar display name (case-folded). Never strong by a re-usable name.
struct AccountFacts {
  model::Node account;
  std::string hr_id, login, email, display_name;
};
[[nodiscard]] std::vector<Link> link_accounts(const std::vector<model::Person>& people, const std::vector<AccountFacts>& accounts,
                                              const std::map<model::NodeId, model::PersonId>& imported);

}  // namespace exeunt::graph
