#include "verify/command_line.hpp"

#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/escape.hpp"
#include "base/file.hpp"
#include "evidence/merkle.hpp"
#include "evidence/tlog_proof.hpp"
#include "verify/words.hpp"

namespace exeunt::verify {
namespace {

using base::Code;
using base::Result;

constexpr int k_exit_holds = 0;
constexpr int k_exit_usage = 2;
constexpr int k_exit_refused = 7;
constexpr std::size_t k_file_bytes_max = 16 * 1024 * 1024;
constexpr std::string_view k_proof_suffix = ".tlog-proof";

constexpr std::string_view k_usage = R"(exeunt-verify DIR --key VKEY [--since CHECKPOINT] [--signers FILE] [--json]
    a record as `exeunt record CASE -o DIR/` wrote it
exeunt-verify note FILE --key VKEY [--json]
    any signed note (c2sp.org/signed-note)
exeunt-verify proof FILE --key VKEY [--leaf FILE] [--origin ORIGIN] [--json]
    any proof of one entry (c2sp.org/tlog-proof); without --leaf the entry is the file beside it that ends in .json

  --key VKEY     the log's verifier key, name+id+base64: from whoever runs the log, not from the folder that is checked
  --since FILE   a checkpoint that was seen earlier: a record that is older, or of another history, is refused
  --signers FILE the approvers' keys (allowed_signers): whose the signatures of approvals are
  --origin TEXT  of the checkpoint, where it is not the key's name
  --json         for programs

Exit code: 0 it holds; 7 it is refused, and why; 2 wrong command line, or a file cannot be read.
)";

struct Arguments {
  std::vector<std::string> words;
  std::map<std::string, std::string> options;  // without the dashes
  bool json = false, help = false;
  [[nodiscard]] const std::string* option(const std::string& name) const {
    const auto found = options.find(name);
    return found == options.end() ? nullptr : &found->second;
  }
};

tl::unexpected<base::Error> wrong(std::string what) {
  return base::fail(Code::invalid_argument, "command line: " + std::move(what), "`exeunt-verify --help` shows how it is written");
}

Result<Arguments> read_arguments(std::span<char* const> arguments) {
  static const std::set<std::string, std::less<>> known{"key", "since", "signers", "leaf", "origin"};
  Arguments out;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view word(arguments[i]);
    if (word == "--help" || word == "-h") {
      out.help = true;
    } else if (word == "--json") {
      out.json = true;
    } else if (word.starts_with("--")) {
      const std::string name(word.substr(2));
      if (!known.contains(name)) return wrong("there is no option " + std::string(word));
      if (i + 1 == arguments.size()) return wrong(std::string(word) + " is followed by nothing");
      if (!out.options.emplace(name, arguments[++i]).second) return wrong(std::string(word) + " stands there twice");
    } else {
      out.words.emplace_back(word);
    }
  }
  return out;
}

/// The options that this form takes, and no others.
base::Status check_options(const Arguments& arguments, const std::set<std::string>& taken) {
  for (const auto& [name, value] : arguments.options)
    if (!taken.contains(name)) return wrong("--" + name + " has no meaning here");
  return {};
}

Result<evidence::VerifierKey> key_of(const Arguments& arguments) {
  const auto* text = arguments.option("key");
  if (text == nullptr) return wrong("--key is missing");
  return evidence::parse_verifier_key(*text);
}

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

int tell_refused(const Arguments& arguments, const base::Error& error) {
  if (arguments.json)
    print(base::pretty_json(base::JsonObject{{"holds", false}, {"refused", base::JsonArray{in_json(error)}}}) + "\n");
  else
    print("REFUSED: " + in_words(error));
  return k_exit_refused;
}

Result<int> check_folder(const Arguments& arguments) {
  EXEUNT_TRY(check_options(arguments, {"key", "since", "signers"}));
  EXEUNT_TRY_ASSIGN(auto key, key_of(arguments));
  BundleTrust trust{std::move(key), std::nullopt, std::nullopt};
  if (const auto* since = arguments.option("since")) {
    EXEUNT_TRY_ASSIGN(trust.since, base::read_file(*since, k_file_bytes_max));
  }
  if (const auto* signers = arguments.option("signers")) {
    EXEUNT_TRY_ASSIGN(const std::string text, base::read_file(*signers, k_file_bytes_max));
    EXEUNT_TRY_ASSIGN(trust.signers, evidence::read_allowed_signers(text));
  }
  const auto files = read_folder(arguments.words.front());
  if (!files && files.error().code == Code::data_loss) return tell_refused(arguments, files.error());
  if (!files) return base::fail(files.error());
  const BundleVerdict verdict = check_bundle(*files, trust);
  print(arguments.json ? base::pretty_json(in_json(verdict)) + "\n" : in_words(verdict));
  return verdict.holds() ? k_exit_holds : k_exit_refused;
}

Result<int> check_note(const Arguments& arguments) {
  EXEUNT_TRY(check_options(arguments, {"key"}));
  EXEUNT_TRY_ASSIGN(const auto key, key_of(arguments));
  EXEUNT_TRY_ASSIGN(const std::string note, base::read_file(arguments.words.back(), k_file_bytes_max));
  const auto opened = evidence::verify_note(note, {key});
  if (!opened) return tell_refused(arguments, opened.error().about(arguments.words.back()));
  if (arguments.json) {
    print(
        base::pretty_json(base::JsonObject{{"holds", true}, {"refused", base::JsonArray{}}, {"signer", key.name}, {"text", opened->text}}) +
        "\n");
    return k_exit_holds;
  }
  print("The note holds: signed by " + base::escape_terminal(key.name, 200) + ". It says\n");
  std::string_view rest = opened->text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    print("  " + base::escape_terminal(rest.substr(0, end)) + "\n");
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return k_exit_holds;
}

Result<std::string> leaf_file(const Arguments& arguments) {
  if (const auto* leaf = arguments.option("leaf")) return *leaf;
  const std::string& proof = arguments.words.back();
  if (!proof.ends_with(k_proof_suffix)) return wrong("--leaf is missing: the proof's own name does not tell whose it is");
  return proof.substr(0, proof.size() - k_proof_suffix.size()) + ".json";
}

Result<int> check_proof(const Arguments& arguments) {
  EXEUNT_TRY(check_options(arguments, {"key", "leaf", "origin"}));
  EXEUNT_TRY_ASSIGN(const auto key, key_of(arguments));
  EXEUNT_TRY_ASSIGN(const std::string leaf_name, leaf_file(arguments));
  EXEUNT_TRY_ASSIGN(const std::string leaf, base::read_file(leaf_name, k_file_bytes_max));
  EXEUNT_TRY_ASSIGN(const std::string text, base::read_file(arguments.words.back(), k_file_bytes_max));
  const auto proof = evidence::read_tlog_proof(text);
  if (!proof) return tell_refused(arguments, proof.error().about(arguments.words.back()));
  std::optional<std::string_view> origin;
  if (const auto* given = arguments.option("origin")) origin = *given;
  const auto opened = evidence::verify_tlog_proof(*proof, evidence::leaf_hash(leaf), key, {}, origin);
  if (!opened) return tell_refused(arguments, opened.error().about(arguments.words.back()));
  if (arguments.json)
    print(base::pretty_json(base::JsonObject{{"holds", true},
                                             {"refused", base::JsonArray{}},
                                             {"index", proof->index},
                                             {"origin", opened->checkpoint.origin},
                                             {"tree_size", opened->checkpoint.size}}) +
          "\n");
  else
    print("The proof holds: the entry stands at place " + std::to_string(proof->index) + " (from 0) of the " +
          std::to_string(opened->checkpoint.size) + " in the log " + base::escape_terminal(opened->checkpoint.origin, 200) + "\n");
  return k_exit_holds;
}

Result<int> run(const Arguments& arguments) {
  const auto& words = arguments.words;
  if (words.size() == 2 && words.front() == "note") return check_note(arguments);
  if (words.size() == 2 && words.front() == "proof") return check_proof(arguments);
  if (words.size() == 1) return check_folder(arguments);
  return wrong(words.empty() ? "it names nothing to check" : "it names more than one thing to check");
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = read_arguments(std::span<char* const>(argv, static_cast<std::size_t>(argc)).subspan(argc > 0 ? 1 : 0));
  if (arguments && arguments->help) {
    print(std::string(k_usage));
    return k_exit_holds;
  }
  const auto ended = arguments ? run(*arguments) : Result<int>(base::fail(arguments.error()));
  if (ended) return *ended;
  std::fprintf(stderr, "exeunt-verify: %s", in_words(ended.error()).c_str());
  return k_exit_usage;
}

}  // namespace exeunt::verify
