#include "service/report_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/escape.hpp"

namespace exeunt::service {

using model::Grade;
using model::PathState;

std::string html(std::string_view text) { return base::escape_html(base::escape_terminal(text)); }

std::string outside(std::string_view text) { return "<bdi>" + html(text) + "</bdi>"; }

std::string time_words(base::Time t) {
  const std::string text = base::to_rfc3339(t);
  return text.substr(0, 10) + " " + text.substr(11, 8) + " UTC";
}

std::string clock_words(base::Time t) { return base::to_rfc3339(t).substr(11, 8); }

std::string length_words(base::Duration length) {
  const auto ms = length.count();
  if (ms < 0) return "less than nothing (the clock was set back)";
  if (ms < 10'000) return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000.0);
  const auto s = ms / 1000;
  const auto two = [](auto large, std::string_view large_unit, auto small, std::string_view small_unit) {
    return small == 0 ? fmt::format("{} {}", large, large_unit) : fmt::format("{} {} {} {}", large, large_unit, small, small_unit);
  };
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return two(s / 60, "min", s % 60, "s");
  if (s < 86'400) return two(s / 3600, "h", s % 3600 / 60, "min");
  return two(s / 86'400, "d", s % 86'400 / 3600, "h");
}

bool is_over(const PathLine& line) {
  return line.fold.state == PathState::ended && model::at_least(line.fold.grade, line.fold.grade_required);
}

std::string standing_words(const PathLine& line) {
  const auto& path = line.fold;
  const std::string until = path.until ? time_words(*path.until) : "";
  switch (path.state) {
    case PathState::live: return "is open";
    case PathState::ending: return "is being ended; that it is shut was not seen yet";
    case PathState::draining: return until.empty() ? "ends by itself, nobody knows when" : "ends by itself, at the latest at " + until;
    case PathState::waived: return until.empty() ? "stays by exception" : "stays by exception until " + until;
    case PathState::unknown: return "is unknown: nobody can say whether it is open";
    case PathState::restored: return "was given back, under an approval of its own";
    case PathState::ended: break;
  }
  if (!is_over(line))
    return fmt::format("ended, but shown only as \"{}\" where the policy asks for \"{}\"", spaced(model::name(path.grade)),
                       spaced(model::name(path.grade_required)));
  if (!path.first_refused) return "ended";
  const std::string since = "ended by " + time_words(*path.first_refused);
  return path.last_admitted ? since + " (still let in " + length_words(*path.first_refused - *path.last_admitted) + " before)" : since;
}

std::string_view case_words(model::CaseState state) {
  using C = model::CaseState;
  switch (state) {
    case C::draft: return "being prepared";
    case C::waiting_approval: return "waiting for an approval";
    case C::scheduled: return "waiting for its time";
    case C::running: return "running";
    case C::halted: return "halted";
    case C::waiting_draining: return "waiting for what ends by itself";
    case C::waiting_device: return "waiting for a device";
    case C::waiting_person: return "waiting for a person";
    case C::cancelling: return "being cancelled";
    case C::cancelled: return "cancelled: nothing further is done; what was ended stays ended";
    case C::superseded: return "superseded by another case";
    case C::closed: return "closed";
    case C::reopened: return "open again, after it was closed";
    case C::restoring: return "giving back what was taken by mistake";
    case C::restored: return "restored: what was taken by mistake was given back";
  }
  return "unknown";
}

std::string_view grade_words(Grade grade) {
  switch (grade) {
    case Grade::refused: return "tried at the gate, and refused for a reason that a living identity does not get";
    case Grade::witnessed: return "a session of ours, opened beside hers before the cut, was refused after it";
    case Grade::observed: return "seen in a second place: another system, a log, a list of processes";
    case Grade::read_back: return "read back from the system that was told to end it";
    case Grade::acknowledged: return "the system said yes; nobody looked";
    case Grade::attested: return "a named person says so";
    case Grade::waived: return "let be, by an approved exception";
    case Grade::unknown: return "not shown";
  }
  return "not shown";
}

std::string known_words(const evidence::PathFold& path) {
  const auto means = model::parse<model::ProbeMeans>(path.means);
  std::string out = path.means.empty() || path.means == "none" ? "not tried" : "by " + spaced(path.means);
  if (means == model::ProbeMeans::own) out = "tried with the credential itself (its public half, or its old value)";
  if (means == model::ProbeMeans::gate) out = "tried at the gate, which names the cause";
  if (means == model::ProbeMeans::twin) out = "tried with a second credential of the same kind";
  if (means == model::ProbeMeans::witness) out = "tried with a session of ours (witness)";
  if (means == model::ProbeMeans::observe) out = "looked at in a second place";
  if (means == model::ProbeMeans::read_back) out = "read back";
  if (path.control == "held") out += "; control held: our own identity was let in by the same try";
  if (path.control == "failed") out += "; control failed: our own identity was not let in, so a refusal means nothing";
  if (path.control == "missing") out += "; no control identity";
  return out;
}

std::string spaced(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '_', ' ');
  return out;
}

}  // namespace exeunt::service
