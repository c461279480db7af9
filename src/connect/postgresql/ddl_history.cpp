#include "connect/postgresql/ddl_history.hpp"

#include <string_view>

namespace exeunt::connect::postgresql {

namespace {
bool is_error(std::string_view state) { return !state.starts_with("00") && !state.starts_with("01") && !state.starts_with("02"); }
}  // namespace

void DdlHistory::add(const LogRecord& record) {
  if (oldest_.empty()) oldest_ = record.time;
  if (is_error(record.state)) {
    const auto last = last_event_.find(record.session);
    if (last == last_event_.end() || record.query.empty()) return;
    if (events_[last->second].text == base::sha256(record.query)) events_[last->second].failed = true;
    return;
  }
  const std::string_view text = statement_in(record.message);
  if (text.empty()) return;
  RoleQuery query = role_statements(text);
  if (query.roles.empty()) {
    last_event_.erase(record.session);
    return;
  }
  last_event_[record.session] = events_.size();
  events_.push_back({record.time, record.login, record.session, record.started, base::sha256(text), std::move(query), false});
}

void DdlHistory::finish() {
  for (const Event& event : events_) apply(event);
  events_.clear();
  last_event_.clear();
}

/// A session goes on under the name that it logged in with, also when the role is renamed meanwhile.
std::size_t DdlHistory::actor(const Event& event) {
  const auto known = actors_.find(event.session);
  if (known != actors_.end()) return known->second;
  return actors_[event.session] = life_at(event.login, event.started);
}

std::size_t DdlHistory::life_at(const std::string& name, const std::string& time) {
  std::vector<Binding>& bindings = names_[name];
  if (bindings.empty()) {
    lives_.emplace_back();
    bindings.push_back({"", lives_.size() - 1});
  }
  std::optional<std::size_t> life = bindings.front().life;
  for (const Binding& binding : bindings) {
    if (binding.from <= time && binding.life) life = binding.life;
  }
  if (life) return *life;
  lives_.emplace_back();
  return lives_.size() - 1;
}

void DdlHistory::create(const std::string& name, const Event& event, std::size_t maker) {
  std::vector<Binding>& bindings = names_[name];
  const bool taken = !bindings.empty() && bindings.back().life.has_value();
  Claim claim{maker, event.time, bindings.empty() ? "" : bindings.back().from, event.failed || !bindings.empty()};
  if (taken) {
    // Either this creation did not happen, or the name became free where the log does not see.
    lives_[*bindings.back().life].claims.push_back(std::move(claim));
    return;
  }
  lives_.emplace_back();
  lives_.back().claims.push_back(std::move(claim));
  bindings.push_back({event.time, lives_.size() - 1});
}

void DdlHistory::apply(const Event& event) {
  const std::size_t by = actor(event);
  // One statement that failed had no effect; of several, some may have been committed before the failure.
  if (event.failed && event.query.statements == 1) return;
  for (const RoleStatement& statement : event.query.roles) {
    if (statement.verb == RoleVerb::create) {
      create(statement.name, event, by);
      continue;
    }
    if (event.failed && statement.verb != RoleVerb::set_password) continue;
    const std::size_t life = life_at(statement.name, event.time);
    if (statement.verb == RoleVerb::set_password) {
      if (life == by) continue;
      lives_[life].password_by = by;
      lives_[life].password_at = event.time;
    } else {
      names_[statement.name].push_back({event.time, std::nullopt});
      if (statement.verb == RoleVerb::rename) names_[statement.new_name].push_back({event.time, life});
    }
  }
}

std::optional<std::size_t> DdlHistory::life_of(const std::string& name) const {
  const auto found = names_.find(name);
  if (found == names_.end() || found->second.empty()) return std::nullopt;
  return found->second.back().life;
}

}  // namespace exeunt::connect::postgresql
