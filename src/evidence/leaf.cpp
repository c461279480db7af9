#include "evidence/leaf.hpp"

#include <algorithm>
#include <iterator>

#include "base/check.hpp"
#include "evidence/canonical.hpp"

namespace exeunt::evidence {
namespace {

constexpr std::size_t k_leaf_bytes_max = 65'535;  // an entry bundle of tlog-tiles has 16 bits for the length
constexpr int k_leaf_version = 1;

struct KindName {
  LeafKind kind;
  std::string_view name;
};
constexpr KindName k_kinds[] = {
    {LeafKind::case_opened, "case_opened"},
    {LeafKind::plan_compiled, "plan_compiled"},
    {LeafKind::approved, "approved"},
    {LeafKind::state_changed, "state_changed"},
    {LeafKind::path_found, "path_found"},
    {LeafKind::listed, "listed"},
    {LeafKind::gap_declared, "gap_declared"},
    {LeafKind::step_intended, "step_intended"},
    {LeafKind::step_outcome, "step_outcome"},
    {LeafKind::probed, "probed"},
    {LeafKind::path_changed, "path_changed"},
    {LeafKind::gate_refused, "gate_refused"},
    {LeafKind::task_changed, "task_changed"},
    {LeafKind::halted, "halted"},
    {LeafKind::resumed, "resumed"},
    {LeafKind::clock_stepped, "clock_stepped"},
    {LeafKind::link_confirmed, "link_confirmed"},
    {LeafKind::record_issued, "record_issued"},
    {LeafKind::log_succeeded, "log_succeeded"},
    {LeafKind::noted, "noted"},
    {LeafKind::watch_summary, "watch_summary"},
    {LeafKind::milestone, "milestone"},
    {LeafKind::witness_intended, "witness_intended"},
    {LeafKind::exception_asked, "exception_asked"},
    {LeafKind::exception_approved, "exception_approved"},
    {LeafKind::exception_expired, "exception_expired"},
    {LeafKind::used, "used"},
    {LeafKind::sign_ins_listed, "sign_ins_listed"},
};

// One order for writing and reading: the members by name.
template <class Leafy, class Text, class Integer, class Hash, class Time, class Kind>
void each_member(Leafy& leaf, Text text, Integer integer, Hash hash, Time time, Kind kind) {
  text("actor", leaf.actor);
  text("answer", leaf.answer);
  text("approver", leaf.approver);
  integer("attempt");
  text("case", leaf.case_id);
  integer("case_seq");
  hash("commit", leaf.commit);
  text("completeness", leaf.completeness);
  text("control", leaf.control);
  integer("count");
  text("digest", leaf.digest);
  text("grade", leaf.grade);
  kind("kind");
  text("means", leaf.means);
  text("moment", leaf.moment);
  text("node", leaf.node);
  text("outcome", leaf.outcome);
  hash("prev", leaf.prev);
  text("state", leaf.state);
  text("step", leaf.step);
  text("subject", leaf.subject);
  text("system", leaf.system);
  time("t");
  text("target", leaf.target);
  text("tenant", leaf.tenant);
  time("until");
  integer("v");
}

tl::unexpected<base::Error> incomplete(std::string_view what) {
  return base::fail(base::Code::data_loss, "leaf: " + std::string(what), "run `exeunt doctor`; the stored bytes are not what was written");
}

// Reads members and remembers which of those that every leaf has were there.
class LeafReader {
 public:
  LeafReader(std::string_view bytes, Leaf& leaf) : reader_(bytes), leaf_(leaf) {}

  base::Status read() {
    leaf_.v = leaf_.attempt = 0;
    leaf_.count.reset();
    leaf_.until.reset();
    each_member(
        leaf_, [this](std::string_view name, std::string& value) { text(name, value); }, [this](std::string_view name) { integer(name); },
        [this](std::string_view name, base::Hash32& value) { hash(name, value); }, [this](std::string_view name) { time(name); },
        [this](std::string_view name) { kind(name); });
    EXEUNT_TRY(reader_.finish());
    if (empty_) return incomplete("a member is written although it is empty");
    if (leaf_.v != k_leaf_version) return incomplete("version " + std::to_string(leaf_.v) + " is unknown");
    if (!known_kind_) return incomplete("its kind is unknown");
    if (required_ != k_required) return incomplete("case_seq, commit, prev or t is missing");
    return {};
  }

 private:
  static constexpr int k_required = 4;  // case_seq, commit, prev, t; kind, v, tenant and case show by their values

  void text(std::string_view name, std::string& value) {
    if (!reader_.has(name)) return value.clear();
    reader_.text(value);
    empty_ = empty_ || value.empty();
  }
  void integer(std::string_view name) {
    if (!reader_.has(name)) return;
    std::int64_t value = 0;
    reader_.integer(value);
    if (name == "count") {
      leaf_.count = value;
    } else if (name == "case_seq") {
      empty_ = empty_ || value < 0;
      leaf_.case_seq = static_cast<std::uint64_t>(value);
      ++required_;
    } else {
      empty_ = empty_ || value <= 0 || value > 1'000'000;
      (name == "v" ? leaf_.v : leaf_.attempt) = static_cast<int>(value);
    }
  }
  void hash(std::string_view name, base::Hash32& value) {
    if (!reader_.has(name)) return;
    reader_.hash(value);
    ++required_;
  }
  void time(std::string_view name) {
    if (!reader_.has(name)) return;
    base::Time value{};
    reader_.time(value);
    if (name == "until") {
      leaf_.until = value;
    } else {
      leaf_.t = value;
      ++required_;
    }
  }
  void kind(std::string_view name) {
    std::string value;
    if (!reader_.has(name)) return;
    reader_.text(value);
    const auto parsed = parse_leaf_kind(value);
    known_kind_ = parsed.has_value();
    leaf_.kind = parsed.value_or(LeafKind::noted);
  }

  CanonicalReader reader_;
  Leaf& leaf_;
  int required_ = 0;
  bool known_kind_ = false;
  bool empty_ = false;
};

}  // namespace

std::string_view name(LeafKind kind) {
  const auto* found = std::find_if(std::begin(k_kinds), std::end(k_kinds), [kind](const KindName& row) { return row.kind == kind; });
  EXEUNT_CHECK(found != std::end(k_kinds));
  return found->name;
}

std::optional<LeafKind> parse_leaf_kind(std::string_view text) {
  const auto* found = std::find_if(std::begin(k_kinds), std::end(k_kinds), [text](const KindName& row) { return row.name == text; });
  if (found == std::end(k_kinds)) return std::nullopt;
  return found->kind;
}

base::Result<std::string> encode(const Leaf& leaf) {
  if (leaf.v != k_leaf_version || leaf.attempt < 0 || leaf.attempt > 1'000'000 ||
      leaf.case_seq > static_cast<std::uint64_t>(k_json_integer_max)) {
    return base::fail(base::Code::invalid_argument, "leaf: version, attempt or case_seq is out of range");
  }
  CanonicalWriter writer;
  each_member(
      leaf,
      [&](std::string_view name, const std::string& value) {
        if (!value.empty()) writer.text(name, value);
      },
      [&](std::string_view name) {
        if (name == "v") writer.integer(name, leaf.v);
        if (name == "case_seq") writer.integer(name, static_cast<std::int64_t>(leaf.case_seq));
        if (name == "attempt" && leaf.attempt != 0) writer.integer(name, leaf.attempt);
        if (name == "count" && leaf.count) writer.integer(name, *leaf.count);
      },
      [&](std::string_view name, const base::Hash32& value) { writer.hash(name, value); },
      [&](std::string_view name) {
        if (name == "t") writer.time(name, leaf.t);
        if (name == "until" && leaf.until) writer.time(name, *leaf.until);
      },
      [&](std::string_view member) { writer.text(member, name(leaf.kind)); });
  EXEUNT_TRY_ASSIGN(std::string bytes, writer.finish());
  if (bytes.size() > k_leaf_bytes_max) {
    return base::fail(base::Code::resource_exhausted,
                      "leaf: " + std::to_string(bytes.size()) + " bytes are more than the 65,535 of an entry",
                      "put long text into the payload");
  }
  return bytes;
}

base::Status decode(std::string_view bytes, Leaf& out) {
  if (bytes.size() > k_leaf_bytes_max) return incomplete("it is longer than 65,535 bytes");
  return LeafReader(bytes, out).read();
}

base::Result<Leaf> decode(std::string_view bytes) {
  // Filled and returned in place: a leaf has sixteen texts, and moving them shows.
  base::Result<Leaf> out(tl::in_place);
  if (auto read = decode(bytes, *out); !read) out = base::fail(std::move(read).error());
  return out;
}

base::Hash32 commit_payload(std::span<const std::uint8_t> salt, std::string_view payload) {
  return base::sha256_parts({salt, base::as_bytes(payload)});
}

}  // namespace exeunt::evidence
