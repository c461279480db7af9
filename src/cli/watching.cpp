// watch: what is due is done; in between the store is closed, so that others can plan, approve and run.
#include "service/watching.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>

#include "base/escape.hpp"
#include "cli/session.hpp"

namespace exeunt::cli {

using base::Code;
using base::Result;

namespace {

constexpr base::Duration k_look_again{5'000};      // another process holds the store; a case that could not be looked at
constexpr base::Duration k_look_at_least{60'000};  // a case may have been closed by another process meanwhile

void report(const Session& session, const std::vector<service::WatchRound>& rounds) {
  session.out.end_progress();
  for (const auto& round : rounds) {
    if (session.out.json()) {
      base::JsonArray words;
      for (const auto& word : round.words) words.emplace_back(word);
      session.out.print_json(base::JsonObject{{"t", base::to_rfc3339(session.clock.now())},
                                              {"case", round.case_id.text()},
                                              {"ran", round.ran},
                                              {"reopened", round.reopened},
                                              {"exit", round.exit},
                                              {"words", std::move(words)}});
      continue;
    }
    const std::string head = base::to_rfc3339(session.clock.now()) + "  case " + round.case_id.text().substr(0, 12) + ": ";
    const bool good = round.exit == 0;
    session.out.line(head + session.out.paint(good ? Colour::good : Colour::bad, round.reopened ? "REOPENED"
                                                                                 : round.ran    ? fmt::format("run, exit {}", round.exit)
                                                                                 : good         ? "still ended"
                                                                                        : fmt::format("looked at, exit {}", round.exit)));
    for (const auto& word : round.words) session.out.line("  " + base::escape_terminal(word));
  }
}

/// What is due now. nullopt: another process holds the store.
Result<std::optional<std::vector<service::WatchRound>>> rounds_due(const Session& session) {
  using Rounds = std::optional<std::vector<service::WatchRound>>;
  auto home = session.open(service::StoreAccess::write);
  if (!home) {
    if (home.error().code == Code::failed_precondition || home.error().code == Code::aborted) return Rounds{};
    return base::fail(home.error());
  }
  EXEUNT_TRY_ASSIGN(const auto who, service::present_operator((*home)->config));
  EXEUNT_TRY_ASSIGN(auto rounds, service::watch_due(**home, who, session.stop, session.clock, session.random,
                                                    [&](const engine::Progress& progress) { session.out.progress(progress); }));
  return Rounds(std::move(rounds));
}

Result<std::optional<base::Time>> when_next(const Session& session) {
  EXEUNT_TRY_ASSIGN(const auto home, session.open(service::StoreAccess::read));
  return service::next_due(*home->store);
}

void rest_until(const Session& session, base::Time due) {
  std::mutex mutex;
  std::condition_variable condition;
  const std::stop_callback wake(session.stop, [&] {
    const std::lock_guard guard(mutex);
    condition.notify_all();
  });
  std::unique_lock lock(mutex);
  const base::Duration left = due - session.clock.now();
  if (left.count() > 0) session.clock.wait_for(lock, condition, left, [&] { return session.stop.stop_requested(); });
}

}  // namespace

Result<int> watch(const Session& session, bool once) {
  int worst = 0;
  while (!session.stop.stop_requested()) {
    EXEUNT_TRY_ASSIGN(const auto due, when_next(session));
    base::Time look_at = session.clock.now() + k_look_at_least;
    if (due && *due <= session.clock.now()) {
      EXEUNT_TRY_ASSIGN(const auto rounds, rounds_due(session));
      if (rounds) {
        report(session, *rounds);
        for (const auto& round : *rounds) worst = engine::worse_exit(worst, round.exit);
      } else if (once) {
        return base::fail(Code::failed_precondition, "another process holds the store", "wait for it, then watch again");
      }
      look_at = session.clock.now() + k_look_again;
    } else if (due) {
      look_at = std::min(look_at, *due);
    }
    if (once) return worst;
    rest_until(session, look_at);
  }
  return worst;
}

}  // namespace exeunt::cli
