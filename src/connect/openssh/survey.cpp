#include "connect/openssh/survey.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/bytes.hpp"
#include "base/escape.hpp"
#include "connect/openssh/programs.hpp"

namespace exeunt::connect {
namespace {

using base::Code;
using base::fail;
using base::Result;

constexpr std::size_t k_key_file_bytes_max = 1024 * 1024;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    out.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

/// The answer's lines; an answer that was cut off lacks the last one.
Result<std::vector<std::string_view>> whole_answer(const HostAnswer& answer, const OpenSshSettings& settings, std::string_view what) {
  auto lines = lines_of(answer.out);
  if (answer.exit_code != 0 || lines.empty() || lines.back() != "Z") {
    return fail(Code::unavailable,
                fmt::format("{}: {} ended with {} before it was whole: {}", settings.system.text(), what, answer.exit_code,
                            base::escape_terminal(answer.error, 200)),
                "look at the host; repeat");
  }
  lines.pop_back();
  return lines;
}

std::string decoded(std::string_view base64) { return decode_base64_leniently(base64).value_or(std::string{}); }

std::string_view take_word(std::string_view& rest) {
  const auto space = rest.find(' ');
  const auto word = rest.substr(0, space);
  rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
  return word;
}

void read_key_file(KeyFile& file, std::string_view record) {
  const auto text = decoded(record);
  if (text.starts_with("K ")) {
    file.present = true;
    file.content = text.substr(2);
    if (file.content.size() > k_key_file_bytes_max) file.problem = "it is longer than 1 MiB";
    file.parsed = parse_authorized_keys(file.content);
  } else if (text.starts_with("X ")) {
    file.present = true;
    file.problem = text.substr(2);
  } else if (text != "A") {
    file.problem = "no answer about it";
  }
}

class SurveyReader {
 public:
  SurveyReader(Survey& survey, base::Time asked) : survey_(survey), asked_(asked) {}

  void line(std::string_view text) {
    const auto kind = take_word(text);
    if (kind == "T")
      clock(text);
    else if (kind == "F")
      key_file(text);
    else if (kind == "C")
      scheduled(text);
    else if (kind == "W")
      shadow(text);
    else if (kind == "L")
      certificate(text);
    else if (kind == "X")
      (text == "log" ? survey_.log_problem : survey_.ledger_problem) = "not readable for the management account";
    else if (kind == "R")
      survey_.krl = text == "good" ? KrlState::good : text == "absent" ? KrlState::absent : KrlState::corrupt;
    else if (kind == "P")
      ps_ = decoded(text);
    else if (kind == "B")
      stat_ = decoded(text);
    else if (kind == "S")
      sources_.sockets = parse_sockets(decoded(text));
    else if (kind == "H")
      listening(decoded(text));
    else if (kind == "O")
      own_connection(text);
    else if (kind == "E")
      environments_ = decoded(text);
    else if (kind == "V")
      note(text);
    else if (kind == "G")
      sources_.log = parse_log(decoded(text));
  }

  void finish(const std::vector<std::string>& looked_into) {
    sources_.processes = parse_processes(ps_, stat_);
    sources_.told = parse_told(environments_, notes_);
    for (const auto& uid : looked_into) sources_.logins[uid];
    for (const auto& account : survey_.accounts) {
      if (const auto found = sources_.logins.find(account.uid); found != sources_.logins.end()) found->second.insert(account.login);
    }
    survey_.sessions = make_session_table(sources_);
    survey_.log = std::move(sources_.log);
    for (const auto& socket : sources_.sockets) {
      if (sources_.ports.contains(socket.local_port)) survey_.peers.insert(socket.peer);
    }
  }

 private:
  void clock(std::string_view text) {
    std::int64_t milliseconds = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), milliseconds).ec != std::errc{}) return;
    survey_.clock_offset = base::Time(base::Duration(milliseconds)) - asked_;
  }
  void key_file(std::string_view text) {
    const auto index = take_word(text);
    std::size_t at = 0;
    if (std::from_chars(index.data(), index.data() + index.size(), at).ec != std::errc{} || at >= survey_.key_files.size()) return;
    survey_.key_files[at].problem.clear();
    read_key_file(survey_.key_files[at], text);
  }
  void scheduled(std::string_view text) {
    const auto uid = take_word(text);
    survey_.scheduled[std::string(uid)].emplace_back(text);
  }
  void shadow(std::string_view text) {
    const auto uid = take_word(text);
    survey_.shadow.emplace(uid, text);
  }
  void certificate(std::string_view text) {
    if (text.find_first_not_of(" \t\r") == std::string_view::npos || text.starts_with('#')) return;
    if (auto parsed = parse_certificate_line(text))
      survey_.certificates.push_back(std::move(*parsed));
    else
      survey_.ledger_problem = "a line in it is no certificate";
  }
  void listening(std::string_view text) {
    for (const auto& socket : parse_sockets(text)) {
      if (!socket.sshd.empty()) sources_.ports.insert(socket.local_port);
    }
  }
  void own_connection(std::string_view text) {
    survey_.own_endpoint = client_of_connection(text);
    sources_.ports.emplace(text.substr(text.rfind(' ') + 1));
  }
  void note(std::string_view text) {
    const auto path = take_word(text);
    notes_[std::string(path)] = parse_note(decoded(text));
  }

  Survey& survey_;
  base::Time asked_;
  SessionSources sources_;
  std::string ps_;
  std::string stat_;
  std::string environments_;
  std::map<std::string, std::set<std::string>> notes_;
};

std::string survey_input(Survey& survey, const OpenSshSettings& settings, const std::vector<std::string>& looked_into) {
  std::string input;
  for (const auto& account : survey.accounts) {
    for (const auto& pattern : settings.authorized_keys) {
      KeyFile file;
      file.uid = account.uid;
      file.path = expand_key_file(pattern, account.login, account.uid, account.home).value_or(std::string{});
      file.problem = "no answer about it";
      input += fmt::format("K {} {} {}\n", account.uid, account.gid, file.path);
      survey.key_files.push_back(std::move(file));
    }
  }
  for (const auto& account : survey.accounts) {
    const bool asked = std::find(looked_into.begin(), looked_into.end(), account.uid) != looked_into.end();
    if (asked && account.personal()) input += fmt::format("C {} {}\n", account.uid, account.login);
  }
  return input;
}

bool is_decimal(std::string_view text) {
  return !text.empty() && text.size() <= 10 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

const HostAccount* Survey::account_of(std::string_view uid) const {
  const auto found = std::find_if(accounts.begin(), accounts.end(), [&](const HostAccount& account) { return account.uid == uid; });
  return found == accounts.end() ? nullptr : &*found;
}

std::vector<HostAccount> parse_passwd(std::string_view text, const std::vector<std::string>& shared) {
  std::vector<HostAccount> out;
  for (auto line : lines_of(text)) {
    std::vector<std::string_view> fields;
    for (std::size_t begin = 0; begin <= line.size();) {
      const auto colon = std::min(line.find(':', begin), line.size());
      fields.push_back(line.substr(begin, colon - begin));
      begin = colon + 1;
    }
    if (fields.size() != 7 || fields[0].empty() || !is_decimal(fields[2]) || !is_decimal(fields[3])) continue;
    HostAccount account{std::string(fields[0]), std::string(fields[2]), std::string(fields[3]), std::string(fields[5]),
                        std::string(fields[6])};
    account.shared = std::find(shared.begin(), shared.end(), account.login) != shared.end();
    out.push_back(std::move(account));
  }
  for (auto& account : out) {
    account.uid_alone = std::count_if(out.begin(), out.end(), [&](const HostAccount& other) { return other.uid == account.uid; }) == 1;
  }
  return out;
}

Result<std::vector<HostAccount>> read_accounts(Host& host, const OpenSshSettings& settings, const Deadline& deadline) {
  std::string names;
  for (const auto& name : settings.accounts) names += name + "\n";
  EXEUNT_TRY_ASSIGN(const auto answer, host.run(programs::k_accounts, {settings.passwd_file}, names, Effect::reads, deadline));
  if (answer.exit_code == programs::k_exit_absent) {
    return fail(Code::failed_precondition, settings.system.text() + ": passwd_file is not on the host or not readable",
                "mend passwd_file in exeunt.yaml");
  }
  EXEUNT_TRY(whole_answer(answer, settings, "the list of accounts"));
  auto accounts = parse_passwd(answer.out, settings.shared_accounts);
  if (!settings.passwd_file.empty() && !settings.accounts.empty()) {
    std::erase_if(accounts, [&](const HostAccount& a) {
      return std::find(settings.accounts.begin(), settings.accounts.end(), a.login) == settings.accounts.end();
    });
  }
  return accounts;
}

Result<Survey> survey_host(Host& host, const OpenSshSettings& settings, std::vector<HostAccount> accounts,
                           const std::vector<std::string>& looked_into, const base::Clock& clock, const Deadline& deadline) {
  Survey survey;
  survey.accounts = std::move(accounts);
  const auto input = survey_input(survey, settings, looked_into);
  std::string uids;
  for (const auto& uid : looked_into) {
    if (uid != "0") uids += (uids.empty() ? "" : " ") + uid;  // root's processes are the host's; whose a root session is, the log says
  }
  const auto asked = clock.now();
  EXEUNT_TRY_ASSIGN(const auto answer, host.run(programs::k_survey, {settings.session_log, settings.ca_ledger, settings.krl, uids}, input,
                                                Effect::reads, deadline));
  EXEUNT_TRY_ASSIGN(const auto lines, whole_answer(answer, settings, "the survey"));
  SurveyReader reader(survey, asked);
  for (const auto line : lines) reader.line(line);
  reader.finish(looked_into);
  return survey;
}

Result<Survey> survey_processes(Host& host, const OpenSshSettings& settings, const std::vector<std::string>& looked_into,
                                const base::Clock& clock, const Deadline& deadline) {
  auto only = settings;
  only.session_log.clear();
  only.ca_ledger.clear();
  only.krl.clear();
  return survey_host(host, only, {}, looked_into, clock, deadline);
}

Result<std::vector<bool>> query_krl(Host& host, const OpenSshSettings& settings, const std::vector<std::string>& public_lines,
                                    const Deadline& deadline) {
  std::vector<bool> out;
  if (settings.krl.empty() || public_lines.empty()) return std::vector<bool>(public_lines.size(), false);
  std::string input;
  for (const auto& line : public_lines) input += line + "\n";
  EXEUNT_TRY_ASSIGN(const auto answer, host.run(programs::k_krl_query, {settings.krl}, input, Effect::reads, deadline));
  EXEUNT_TRY_ASSIGN(const auto lines, whole_answer(answer, settings, "the question to the KRL"));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i] == fmt::format("Q {} 1", i))
      out.push_back(true);
    else if (lines[i] == fmt::format("Q {} 0", i))
      out.push_back(false);
    else
      break;
  }
  if (out.size() != public_lines.size()) {
    return fail(Code::failed_precondition, settings.system.text() + ": ssh-keygen -Q could not read the KRL " + settings.krl,
                "a missing or corrupt KRL makes sshd refuse everybody; restore it");
  }
  return out;
}

}  // namespace exeunt::connect
