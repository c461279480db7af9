#include "connect/openldap/connection.hpp"

#include <ldap.h>
#include <strings.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/escape.hpp"

namespace exeunt::connect::openldap {
namespace {

using base::Code;

constexpr std::size_t k_entries_max = 2'000'000, k_words_columns_max = 300;
constexpr std::chrono::milliseconds k_least_wait{1};

timeval to_timeval(base::Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  return {seconds.count(), std::chrono::duration_cast<std::chrono::microseconds>(duration - seconds).count()};
}

struct ControlsFree {
  void operator()(LDAPControl** controls) const { ldap_controls_free(controls); }
};
struct ControlFree {
  void operator()(LDAPControl* control) const { ldap_control_free(control); }
};

/// libldap takes char*, and writes to none of it.
char* borrowed(std::string_view text) { return const_cast<char*>(text.data()); }

bool is_cut(int code) {
  return code == LDAP_SIZELIMIT_EXCEEDED || code == LDAP_TIMELIMIT_EXCEEDED || code == LDAP_ADMINLIMIT_EXCEEDED || code == LDAP_REFERRAL;
}

std::string cut_words(int code) {
  if (code == LDAP_REFERRAL) return "the server refers us elsewhere; name the server that holds the data in `url`";
  return code_words(code, {}) +
         ": the listing was cut; give our bind DN `limits dn.exact=… size=unlimited size.prtotal=unlimited time=unlimited`";
}

}  // namespace

bool CaseFolded::operator()(const std::string& a, const std::string& b) const { return ::strcasecmp(a.c_str(), b.c_str()) < 0; }

const Values& Entry::values(const std::string& attribute) const {
  static const Values none;
  const auto found = attributes.find(attribute);
  return found == attributes.end() ? none : found->second;
}

std::string Entry::first(const std::string& attribute) const {
  const Values& all = values(attribute);
  return all.empty() ? std::string() : all.front();
}

base::Duration Allowance::left() const { return std::max<base::Duration>(end_ - clock_.steady(), k_least_wait); }

void Connection::Unbind::operator()(LDAP* handle) const { ldap_unbind_ext(handle, nullptr, nullptr); }
void Connection::MessageFree::operator()(LDAPMessage* message) const { ldap_msgfree(message); }

Connection::Connection(LDAP* handle, std::string subject, Allowance allowance)
    : handle_(handle), subject_(std::move(subject)), allowance_(allowance) {}

struct Connection::Page {
  std::vector<Entry> entries;
  int code = 0;
  std::size_t references = 0;
  std::string diagnostic;
};

std::string Connection::diagnostic() const {
  char* text = nullptr;
  ldap_get_option(handle_.get(), LDAP_OPT_DIAGNOSTIC_MESSAGE, &text);
  std::string words = text != nullptr ? text : "";
  ldap_memfree(text);
  return words;
}

base::Error Connection::local_error(int code, Code silence, std::string_view verb) const {
  const std::string detail = base::escape_terminal(diagnostic(), k_words_columns_max);
  std::string what = subject_ + ": " + std::string(verb) + ": " + ldap_err2string(code);
  if (!detail.empty()) what += " (" + detail + ")";
  if (silence == Code::outcome_unknown) return {silence, what, "the change may have taken effect: look before repeating it"};
  return {silence, what, "see whether the server of `url` is up and reachable from here"};
}

base::Result<Connection::Message> Connection::wait(int message_id, Code silence) {
  ++calls_;
  timeval limit = to_timeval(allowance_.left());
  LDAPMessage* raw = nullptr;
  const int kind = ldap_result(handle_.get(), message_id, LDAP_MSG_ALL, &limit, &raw);
  Message message(raw);
  if (kind > 0) return message;
  if (kind == 0) {
    ldap_abandon_ext(handle_.get(), message_id, nullptr, nullptr);
    return base::fail(local_error(LDAP_TIMEOUT, silence, "no answer in time"));
  }
  int code = LDAP_SERVER_DOWN;
  ldap_get_option(handle_.get(), LDAP_OPT_RESULT_CODE, &code);
  return base::fail(local_error(code, silence, "the connection was lost"));
}

base::Result<Reply> Connection::reply_of(const Message& message, Code silence) {
  Reply reply;
  char* text = nullptr;
  LDAPControl** raw = nullptr;
  const int parsed = ldap_parse_result(handle_.get(), message.get(), &reply.code, nullptr, &text, nullptr, &raw, 0);
  const std::unique_ptr<LDAPControl*, ControlsFree> controls(raw);
  if (text != nullptr) reply.diagnostic = text;
  ldap_memfree(text);
  if (parsed != LDAP_SUCCESS) return base::fail(local_error(parsed, silence, "the answer cannot be read"));
  // libldap hands its own failures (a lost connection) out as negative results of a message.
  if (reply.code < 0) return base::fail(local_error(reply.code, silence, "the connection was lost"));
  const LDAPControl* policy = ldap_control_find(LDAP_CONTROL_PASSWORDPOLICYRESPONSE, raw, nullptr);
  if (policy != nullptr) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(policy->ldctl_value.bv_val);
    reply.policy = bytes == nullptr ? base::Bytes() : base::Bytes(bytes, bytes + policy->ldctl_value.bv_len);
  }
  return reply;
}

base::Result<Reply> Connection::bind(const std::string& dn, const base::Secret& password) {
  LDAPControl policy{};
  policy.ldctl_oid = borrowed(LDAP_CONTROL_PASSWORDPOLICYREQUEST);
  std::array<LDAPControl*, 2> controls{&policy, nullptr};
  berval credential{password.reveal().size(), borrowed(password.reveal())};
  int message_id = 0;
  const int code = ldap_sasl_bind(handle_.get(), dn.c_str(), LDAP_SASL_SIMPLE, &credential, controls.data(), nullptr, &message_id);
  if (code != LDAP_SUCCESS) return base::fail(local_error(code, Code::unavailable, "bind"));
  EXEUNT_TRY_ASSIGN(const Message message, wait(message_id, Code::unavailable));
  return reply_of(message, Code::unavailable);
}

base::Result<Reply> Connection::modify(const std::string& dn, const std::vector<Change>& changes) {
  struct Row {
    LDAPMod modification{};
    std::vector<berval> values;
    std::vector<berval*> pointers;
  };
  std::vector<Row> rows(changes.size());
  std::vector<LDAPMod*> pointers;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Row& row = rows[i];
    for (const std::string_view value : changes[i].values) row.values.push_back({value.size(), borrowed(value)});
    for (berval& value : row.values) row.pointers.push_back(&value);
    row.pointers.push_back(nullptr);
    row.modification.mod_op = static_cast<int>(changes[i].kind) | LDAP_MOD_BVALUES;
    row.modification.mod_type = borrowed(changes[i].attribute);
    row.modification.mod_bvalues = row.values.empty() ? nullptr : row.pointers.data();
    pointers.push_back(&row.modification);
  }
  pointers.push_back(nullptr);
  int message_id = 0;
  ++writes_;
  const int code = ldap_modify_ext(handle_.get(), dn.c_str(), pointers.data(), nullptr, nullptr, &message_id);
  if (code != LDAP_SUCCESS) return base::fail(local_error(code, Code::outcome_unknown, "modify"));
  EXEUNT_TRY_ASSIGN(const Message message, wait(message_id, Code::outcome_unknown));
  return reply_of(message, Code::outcome_unknown);
}

Entry Connection::read_entry(LDAPMessage* message) const {
  LDAP* handle = handle_.get();
  Entry entry;
  if (char* dn = ldap_get_dn(handle, message)) {
    entry.dn = dn;
    ldap_memfree(dn);
  }
  BerElement* position = nullptr;
  for (char* name = ldap_first_attribute(handle, message, &position); name != nullptr;
       name = ldap_next_attribute(handle, message, position)) {
    Values& values = entry.attributes[name];
    berval** raw = ldap_get_values_len(handle, message, name);
    for (std::size_t i = 0; raw != nullptr && raw[i] != nullptr; ++i) values.emplace_back(raw[i]->bv_val, raw[i]->bv_len);
    ldap_value_free_len(raw);
    ldap_memfree(name);
  }
  ber_free(position, 0);
  return entry;
}

base::Result<Connection::Page> Connection::search_page(const SearchRequest& request, std::string& cookie) {
  LDAP* handle = handle_.get();
  std::unique_ptr<LDAPControl, ControlFree> paging;
  if (request.page_size > 0) {
    berval state{cookie.size(), cookie.data()};
    LDAPControl* raw = nullptr;
    if (const int code = ldap_create_page_control(handle, request.page_size, &state, 0, &raw); code != LDAP_SUCCESS) {
      return base::fail(local_error(code, Code::internal, "page"));
    }
    paging.reset(raw);
  }
  std::array<LDAPControl*, 2> controls{paging.get(), nullptr};
  std::vector<char*> attributes;
  for (const std::string& attribute : request.attributes) attributes.push_back(borrowed(attribute));
  if (attributes.empty()) attributes.push_back(borrowed(LDAP_NO_ATTRS));
  attributes.push_back(nullptr);
  int message_id = 0;
  timeval limit = to_timeval(allowance_.left());
  const int sent = ldap_search_ext(handle, request.base.c_str(), static_cast<int>(request.scope), request.filter.c_str(), attributes.data(),
                                   0, controls.data(), nullptr, &limit, LDAP_NO_LIMIT, &message_id);
  if (sent != LDAP_SUCCESS) return base::fail(local_error(sent, Code::unavailable, "search"));
  EXEUNT_TRY_ASSIGN(const Message message, wait(message_id, Code::unavailable));

  Page page;
  for (LDAPMessage* each = ldap_first_message(handle, message.get()); each != nullptr; each = ldap_next_message(handle, each)) {
    const int kind = ldap_msgtype(each);
    if (kind == LDAP_RES_SEARCH_ENTRY) page.entries.push_back(read_entry(each));
    if (kind == LDAP_RES_SEARCH_REFERENCE) ++page.references;
    if (kind != LDAP_RES_SEARCH_RESULT) continue;
    char* text = nullptr;
    LDAPControl** raw = nullptr;
    const int parsed = ldap_parse_result(handle, each, &page.code, nullptr, &text, nullptr, &raw, 0);
    const std::unique_ptr<LDAPControl*, ControlsFree> answered(raw);
    if (text != nullptr) page.diagnostic = text;
    ldap_memfree(text);
    if (parsed != LDAP_SUCCESS) return base::fail(local_error(parsed, Code::unavailable, "the answer cannot be read"));
    cookie.clear();
    LDAPControl* paged = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, raw, nullptr);
    berval state{0, nullptr};
    ber_int_t estimate = 0;
    if (paged != nullptr && ldap_parse_pageresponse_control(handle, paged, &estimate, &state) == LDAP_SUCCESS) {
      cookie.assign(state.bv_val != nullptr ? state.bv_val : "", state.bv_len);
      ldap_memfree(state.bv_val);
    }
  }
  return page;
}

base::Result<SearchReply> Connection::search(const SearchRequest& request) {
  SearchReply reply;
  std::size_t references = 0;
  std::string cookie;
  do {
    const std::string before = cookie;
    EXEUNT_TRY_ASSIGN(Page page, search_page(request, cookie));
    references += page.references;
    reply.code = page.code;
    std::move(page.entries.begin(), page.entries.end(), std::back_inserter(reply.entries));
    if (is_cut(page.code)) {
      reply.cut = true;
      reply.reason = cut_words(page.code);
      break;
    }
    if (page.code < 0) return base::fail(local_error(page.code, Code::unavailable, "search"));
    if (page.code != LDAP_SUCCESS && page.code != LDAP_NO_SUCH_OBJECT) {
      return base::fail(server_error(subject_, "search under " + request.base, page.code, page.diagnostic));
    }
    // A server that hands the same cookie out again with nothing on the page would keep us for ever.
    if ((!cookie.empty() && cookie == before && page.entries.empty()) || reply.entries.size() > k_entries_max) {
      reply.cut = true;
      reply.reason = "the listing does not come to an end";
      break;
    }
  } while (!cookie.empty());
  if (references > 0) {
    reply.cut = true;
    reply.reason =
        std::to_string(references) + " referrals to other servers were not followed; configure those servers as systems of their own";
  }
  return reply;
}

std::string code_words(int code, std::string_view diagnostic) {
  std::string words = std::to_string(code) + " " + ldap_err2string(code);
  if (!diagnostic.empty()) words += " (" + base::escape_terminal(diagnostic, k_words_columns_max) + ")";
  return words;
}

base::Error server_error(const std::string& subject, std::string_view verb, int code, std::string_view diagnostic) {
  const std::string what = subject + ": " + base::escape_terminal(verb, k_words_columns_max) + ": " + code_words(code, diagnostic);
  switch (code) {
    case LDAP_INVALID_CREDENTIALS:
    case LDAP_INSUFFICIENT_ACCESS:
    case LDAP_INAPPROPRIATE_AUTH:
    case LDAP_PROXIED_AUTHORIZATION_DENIED:
      return {Code::permission_denied, what, "give our bind DN this right; `exeunt systems check` lists the rights"};
    case LDAP_NO_SUCH_OBJECT: return {Code::not_found, what, "it was deleted or moved, or is not ours to see"};
    case LDAP_SIZELIMIT_EXCEEDED:
    case LDAP_TIMELIMIT_EXCEEDED:
    case LDAP_ADMINLIMIT_EXCEEDED: return {Code::resource_exhausted, what, "raise the limits of our bind DN on the server"};
    case LDAP_BUSY:
    case LDAP_UNAVAILABLE:
    case LDAP_OPERATIONS_ERROR:
    case LDAP_OTHER: return {Code::unavailable, what, "the server refused it for a reason of its own; repeat, and see its log"};
    case LDAP_UNDEFINED_TYPE:  // we write no attribute that slapd lacks but those of the overlay
      return {Code::failed_precondition, what, "load overlay ppolicy: without it slapd has no lock"};
    case LDAP_REFERRAL: return {Code::failed_precondition, what, "this server takes no writes: name the one that does in `url`"};
    default: return {Code::failed_precondition, what, "change what the server names, then repeat"};
  }
}

}  // namespace exeunt::connect::openldap
