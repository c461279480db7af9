#include "service/watching.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.hpp"
#include "model/transitions.hpp"
#include "service/who.hpp"
#include "store/case_stream.hpp"

namespace exeunt::service {

using base::Result;
using base::Status;

namespace {

constexpr std::string_view k_watch = "watch/";
constexpr std::string_view k_exception = "exception/";

/// What a watch timer carries: since when the case is closed, and what the next summary will say.
struct WatchMemory {
  std::int64_t closed_ms = 0;
  std::int64_t day = 0;  // days since the epoch, of the newest look
  int looks = 0;         // since the last summary
};

WatchMemory memory_of(const store::Timer& timer) {
  WatchMemory out;
  const auto parsed = base::parse_json(timer.what);
  if (!parsed || !parsed->is_object()) return out;
  const auto& fields = parsed->as_object();
  out.closed_ms = base::json_int(fields, "closed_ms").value_or(0);
  out.day = base::json_int(fields, "day").value_or(0);
  out.looks = static_cast<int>(base::json_int(fields, "looks").value_or(0));
  return out;
}

std::string text_of(const WatchMemory& memory) {
  return base::canonical_json(base::JsonObject{{"closed_ms", memory.closed_ms}, {"day", memory.day}, {"looks", memory.looks}});
}

std::string watch_name(const model::CaseId& case_id) { return std::string(k_watch) + case_id.text(); }

std::int64_t day_of(base::Time time) { return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count(); }

base::Time next_look(base::Time was_due, base::Duration every, base::Time now) {
  // From the schedule, not from when the look ended: a slow look does not make the next one late. Missed ones are not made up for.
  return std::max(was_due + every, now + base::Duration{1});
}

Status run_due(Home& home, const Operator& who, const store::Timer& timer, const RunRequest& request, const base::Clock& clock,
               base::Random& random, WatchRound& round) {
  // From the journal: the index row of a case whose process was killed may be behind.
  EXEUNT_TRY_ASSIGN(const auto folder, store::fold_case(*home.store, timer.case_id));
  if (model::is_terminal(folder.state().state)) return home.store->drop_timer(timer.name);  // left behind by a process that was killed
  round.ran = true;
  EXEUNT_TRY_ASSIGN(const engine::RunResult result, run_case(home, who, request, clock, random));
  round.exit = engine::worse_exit(round.exit, result.exit);
  round.words.insert(round.words.end(), result.words.begin(), result.words.end());
  return {};
}

/// Before a case runs nothing was held back: its run finds by itself what has expired.
bool has_begun(const evidence::CaseFold& state) {
  using C = model::CaseState;
  return !state.steps.empty() || (state.state != C::draft && state.state != C::waiting_approval && state.state != C::scheduled);
}

/// Whether something required that an exception kept, and keeps no longer, is not over.
bool has_leftover(const evidence::CaseFold& state) {
  if (state.state == model::CaseState::closed) return false;
  return std::any_of(state.exceptions.begin(), state.exceptions.end(), [&](const auto& each) {
    const auto& paths = each.second.paths;
    return each.second.expired_at && std::any_of(paths.begin(), paths.end(), [&](const std::string& target) {
             const auto& path = state.paths.at(target);
             return path.required && path.state != model::PathState::ended && path.state != model::PathState::draining &&
                    path.state != model::PathState::waived;
           });
  });
}

/// What an exception kept is work from its end on: the approved plan names it, and its step runs now.
Status expire(Home& home, const Operator& who, const store::Timer& timer, const RunRequest& request, const base::Clock& clock,
              base::Random& random, WatchRound& round) {
  EXEUNT_TRY_ASSIGN(const auto folder, store::fold_case(*home.store, timer.case_id));
  const evidence::CaseFold& state = folder.state();
  using C = model::CaseState;
  const bool over = model::is_terminal(state.state) && state.state != C::closed;
  if (over || !has_begun(state)) return home.store->drop_timer(timer.name);
  // Its process ended between the two entries, or later; or a probe was the first to see its end.
  const bool unfinished = state.state == C::reopened || state.state == C::running || has_leftover(state);
  if (!evidence::has_expired(state, clock.now()) && !unfinished) {
    const auto known = state.exceptions.find(timer.name.substr(k_exception.size()));
    if (known == state.exceptions.end() || !known->second.stands()) return home.store->drop_timer(timer.name);
    return home.store->put_timer({timer.name, timer.case_id, known->second.until, timer.what});  // the clock was set back
  }
  round.words.push_back("an exception expired: what it kept is work again, and runs now");
  round.reopened = state.state == C::closed;
  round.ran = true;
  EXEUNT_TRY_ASSIGN(const engine::RunResult result, run_case(home, who, request, clock, random));
  round.exit = engine::worse_exit(round.exit, result.exit);
  round.words.insert(round.words.end(), result.words.begin(), result.words.end());
  // A run that did not come to its end (a system is down) is tried again after a period, by whoever watches then.
  const std::string again = std::string(k_exception) + timer.case_id.text();
  if (result.state.state == C::running || result.state.state == C::reopened || has_leftover(result.state)) {
    round.words.push_back("what an exception kept is not all ended: the next try comes after one period of the watch");
    EXEUNT_TRY(home.store->put_timer({again, timer.case_id, clock.now() + home.policy.watch_every, "{}"}));
  } else {
    EXEUNT_TRY(home.store->drop_timer(again));
  }
  // Last: a crash before it leaves a timer that finds nothing to do, never work that nobody waits for.
  const bool of_this_end = timer.name.starts_with(k_exception) && timer.name != again;
  return of_this_end ? home.store->drop_timer(timer.name) : Status{};  // that of the watch was put anew by the run
}

/// One look at a closed case and, when it is open again by what its plan covers, the run that ends it.
Status look(Home& home, const Operator& who, const store::Timer& timer, const RunRequest& request, const base::Clock& clock,
            base::Random& random, WatchRound& round) {
  EXEUNT_TRY_ASSIGN(const auto folder, store::fold_case(*home.store, timer.case_id));
  const model::CaseState state = folder.state().state;
  if (state == model::CaseState::running || state == model::CaseState::reopened) {
    round.words.push_back("its run did not come to an end: it goes on");
    return run_due(home, who, timer, request, clock, random, round);
  }
  if (evidence::has_expired(folder.state(), clock.now())) return expire(home, who, timer, request, clock, random, round);
  if (state != model::CaseState::closed && state != model::CaseState::waiting_person) return home.store->drop_timer(timer.name);
  const base::Time now = clock.now();
  WatchMemory memory = memory_of(timer);
  engine::WatchNote note;
  if (now - timer.due > home.policy.watch_every) {
    note.late = now - timer.due;
    round.exit = 4;
    round.words.push_back(fmt::format("ALARM: not watched since {}: what happened until now is not known", base::to_rfc3339(timer.due)));
  }
  if (memory.looks > 0 && memory.day != day_of(now)) note.looks = std::exchange(memory.looks, 0);
  EXEUNT_TRY_ASSIGN(const engine::WatchResult seen, watch_case(home, who, request, note, clock, random));
  ++memory.looks;
  memory.day = day_of(now);
  if (seen.not_seen > 0) round.words.push_back(fmt::format("{} of {} ways in could not be looked at", seen.not_seen, seen.paths));
  for (const auto& failed : seen.failed) round.words.push_back("could not be asked: " + failed);
  if (!seen.failed.empty()) round.exit = engine::worse_exit(round.exit, 6);
  round.reopened = seen.reopened;
  if (!seen.reopened) {
    const bool over = now - base::Time(base::Duration(memory.closed_ms)) > home.policy.watch_for;
    if (over) return home.store->drop_timer(timer.name);
    return home.store->put_timer({timer.name, timer.case_id, next_look(timer.due, home.policy.watch_every, now), text_of(memory)});
  }
  if (seen.run.delta) {
    EXEUNT_TRY(home.store->drop_timer(timer.name));
    round.exit = engine::worse_exit(round.exit, seen.run.exit);
    round.words.push_back("reopened: something that no approved plan covers; a delta plan waits: exeunt approval show " +
                          seen.run.delta->substr(0, 12));
    return {};
  }
  round.words.push_back("reopened: a way in is open again; what the approved plan covers runs now");
  round.ran = true;
  EXEUNT_TRY_ASSIGN(const engine::RunResult result, run_case(home, who, request, clock, random));
  round.exit = engine::worse_exit(round.exit, result.exit);
  round.words.insert(round.words.end(), result.words.begin(), result.words.end());
  return {};
}

}  // namespace

Result<bool> expect_end(Home& home, const model::CaseId& case_id, base::Time now) {
  if (home.policy.watch_for.count() == 0) return false;
  EXEUNT_TRY_ASSIGN(const auto timers, home.store->timers(case_id));
  const std::string name = watch_name(case_id);
  if (std::any_of(timers.begin(), timers.end(), [&](const store::Timer& timer) { return timer.name == name; })) return false;
  EXEUNT_TRY(
      home.store->put_timer({name, case_id, now + home.policy.watch_every, text_of({now.time_since_epoch().count(), day_of(now), 0})}));
  return true;
}

void expect_nothing(Home& home, const model::CaseId& case_id) {
  // A timer that stays finds a case with nothing to look at and goes then.
  static_cast<void>(home.store->drop_timer(watch_name(case_id)));
}

Status schedule_watch(Home& home, const model::CaseId& case_id, model::CaseState state, base::Time now) {
  const bool over = state == model::CaseState::closed || state == model::CaseState::waiting_person;
  if (!over || home.policy.watch_for.count() == 0) return home.store->drop_timer(watch_name(case_id));
  return home.store->put_timer(
      {watch_name(case_id), case_id, now + home.policy.watch_every, text_of({now.time_since_epoch().count(), day_of(now), 0})});
}

Result<std::optional<base::Time>> next_due(store::Store& store) {
  EXEUNT_TRY_ASSIGN(const auto timers, store.timers(std::nullopt));
  std::optional<base::Time> next;
  for (const auto& timer : timers)
    if (!next || timer.due < *next) next = timer.due;
  return next;
}

Result<std::vector<std::string>> overdue_watches(Home& home, base::Time now) {
  EXEUNT_TRY_ASSIGN(const auto timers, home.store->timers(std::nullopt));
  std::vector<std::string> out;
  for (const auto& timer : timers)
    if (timer.name.starts_with(k_watch) && now - timer.due > home.policy.watch_every)
      out.push_back(fmt::format("case {} was to be looked at {}, and nobody did: run `exeunt watch`", timer.case_id.text().substr(0, 12),
                                base::to_rfc3339(timer.due)));
    else if (timer.name.starts_with(k_exception) && now - timer.due > home.policy.watch_every)
      out.push_back(fmt::format("case {}: what an exception kept was to be ended {}, and nobody did: run `exeunt watch`",
                                timer.case_id.text().substr(0, 12), base::to_rfc3339(timer.due)));
  return out;
}

Result<std::vector<WatchRound>> watch_due(Home& home, const Operator& who, const std::stop_token& stop, const base::Clock& clock,
                                          base::Random& random, const std::function<void(const engine::Progress&)>& progress) {
  EXEUNT_TRY_ASSIGN(auto timers, home.store->timers(std::nullopt));
  std::erase_if(timers, [now = clock.now()](const store::Timer& timer) { return timer.due > now; });
  std::sort(timers.begin(), timers.end(), [](const store::Timer& a, const store::Timer& b) { return a.due < b.due; });
  std::vector<WatchRound> out;
  for (const auto& timer : timers) {
    if (stop.stop_requested()) break;
    RunRequest request;
    request.case_id = timer.case_id;
    request.stop = stop;
    request.progress = progress;
    WatchRound round;
    round.case_id = timer.case_id;
    const bool of_watch = timer.name.starts_with(k_watch);
    const bool of_exception = timer.name.starts_with(k_exception);
    const Status done = of_watch       ? look(home, who, timer, request, clock, random, round)
                        : of_exception ? expire(home, who, timer, request, clock, random, round)
                                       : run_due(home, who, timer, request, clock, random, round);
    if (!done) {
      round.exit = engine::worse_exit(round.exit, 4);
      round.words.push_back(done.error().text());
    }
    out.push_back(std::move(round));
  }
  return out;
}

}  // namespace exeunt::service
