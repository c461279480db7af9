#include "evidence/allowed_signers.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "base/file.hpp"

using namespace exeunt;

namespace {

// tests/golden/sshsig: made and verified with ssh-keygen of OpenSSH 9.2p1.
std::string golden(const std::string& name) {
  return base::read_file(std::filesystem::path(EXEUNT_PROJECT_ROOT) / "tests" / "golden" / "sshsig" / name).value();
}

const std::string k_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICnfwonIhiVONvpZwniz2W5Hr1mjIlbe6egtiRPw8Tu0";

base::Time at(std::string_view text) { return base::from_rfc3339(text).value(); }

}  // namespace

TEST_CASE("allowed_signers: who may sign what and when is what ssh-keygen says") {
  const auto signers = evidence::read_allowed_signers(golden("allowed_signers"));
  REQUIRE(signers.has_value());
  REQUIRE_EQ(signers->size(), 5);
  struct Row {
    const char* file;
    const char* principal;
    const char* name_space;
    const char* time;
    const char* refused;  // empty: may
  };
  const std::string message = golden("message");
  constexpr const char* k_approval = "exeunt-approval";
  constexpr const char* k_june = "2026-06-01T00:00:00.000Z";
  for (const Row& row :
       {Row{"ed25519.sig", "p_ed25519", k_approval, k_june, ""}, Row{"ed25519_sha256.sig", "p_ed25519", k_approval, k_june, ""},
        Row{"ecdsa256.sig", "p_ecdsa", k_approval, k_june, ""}, Row{"ecdsa256.sig", "a@ecdsa.test", k_approval, k_june, ""},
        Row{"ecdsa384.sig", "p_ecdsa", k_approval, k_june, ""}, Row{"ecdsa521.sig", "p_ecdsa", k_approval, k_june, ""},
        Row{"rsa.sig", "p_rsa", k_approval, "2026-01-01T00:00:00.000Z", ""},
        Row{"rsa.sig", "p_rsa", k_approval, "2026-12-31T23:59:59.999Z", ""},
        Row{"rsa.sig", "p_rsa", k_approval, "2025-12-31T23:59:59.999Z", "only from 2026-01-01T00:00:00.000Z on"},
        Row{"rsa.sig", "p_rsa", k_approval, "2027-01-01T00:00:00.000Z", "only until 2026-12-31T23:59:59.000Z"},
        Row{"rsa.sig", "p_rsa_not", k_approval, k_june, "no line lists it"},
        Row{"other.sig", "p_ed25519", k_approval, k_june, "no line lists it for p_ed25519"},
        Row{"ed25519.sig", "p_rsa", k_approval, k_june, "no line lists it for p_rsa"},
        Row{"ecdsa256.sig", "b@ecdsa.tes", k_approval, k_june, "no line lists it"},
        Row{"other_namespace.sig", "p_ed25519", "file", k_june, "not for file"}}) {
    CAPTURE(row.file);
    CAPTURE(row.principal);
    CAPTURE(row.time);
    const auto signature = evidence::read_sshsig(golden(row.file)).value();
    const auto verified = evidence::verify_signed_by(*signers, row.principal, row.name_space, at(row.time), message, signature);
    CHECK_EQ(verified.has_value(), std::string_view(row.refused).empty());
    if (!verified) {
      CHECK_EQ(verified.error().code, base::Code::permission_denied);
      CHECK_NE(verified.error().what.find(row.refused), std::string::npos);
    }
    CHECK_FALSE(evidence::verify_signed_by(*signers, row.principal, row.name_space, at(row.time), message + "x", signature).has_value());
  }
  // For another purpose than it was made: the line lets the key, the signature is not for it.
  const auto file = evidence::read_sshsig(golden("other_namespace.sig")).value();
  CHECK_EQ(evidence::verify_signed_by(*signers, "p_ed25519", k_approval, at(k_june), message, file).error().code, base::Code::data_loss);
}

TEST_CASE("allowed_signers: lines are read with their options, quotes and comments") {
  const auto read = [](const std::string& line) { return evidence::read_allowed_signer(line).value(); };
  for (const std::string& nothing : std::vector<std::string>{"", "   ", "\t", "# comment", "  # " + k_key, "\r"}) {
    CHECK_FALSE(read(nothing).has_value());
  }
  const auto plain = read("p17 " + k_key);
  REQUIRE(plain.has_value());
  CHECK_EQ(plain->principals, "p17");
  CHECK_FALSE(plain->namespaces.has_value());
  CHECK_EQ(plain->key.type, "ssh-ed25519");
  CHECK_EQ(read(" \t p17 \t " + k_key + " a comment # with all \"kinds of\" signs\r")->key, plain->key);
  const auto whole = read("\"p17,p 18\" Namespaces=\"a,b\\\"c d\",VALID-AFTER=\"20260102Z\",valid-before=\"202601021530Z\" " + k_key);
  REQUIRE(whole.has_value());
  CHECK_EQ(whole->principals, "p17,p 18");
  CHECK_EQ(whole->namespaces, "a,b\"c d");
  CHECK_EQ(whole->valid_after, at("2026-01-02T00:00:00.000Z"));
  CHECK_EQ(whole->valid_before, at("2026-01-02T15:30:00.000Z"));
}

TEST_CASE("allowed_signers: lines that are not exact, and what is not supported, are refused in words") {
  struct Row {
    std::string line;
    base::Code code;
    std::string_view words;
  };
  using base::Code;
  const std::vector<Row> rows{
      {"p17", Code::invalid_argument, "no key"},
      {"p17 ", Code::invalid_argument, "no key"},
      {"p17 ssh-ed25519", Code::invalid_argument, "no key"},
      {"p17 ssh-ed25519 AAAA", Code::invalid_argument, "end within its type"},
      {"p17 ssh-ed25519 !!!!", Code::invalid_argument, "not base64"},
      {"p17 ssh-rsa " + k_key.substr(12), Code::invalid_argument, "of another type than the word"},
      {"\"\" " + k_key, Code::invalid_argument, "no principal"},
      {"\"p17 " + k_key, Code::invalid_argument, "a quote is not closed"},
      {"p\"1\"7 " + k_key, Code::invalid_argument, "quotes around the principals"},
      {"p17 cert-authority " + k_key, Code::unimplemented, "certificate authorities (cert-authority) are not read"},
      {"p17 namespaces=\"a\",CERT-AUTHORITY " + k_key, Code::unimplemented, "certificate authorities"},
      {"p17 no-such " + k_key, Code::invalid_argument, "an option is none of"},
      {"p17 namespaces " + k_key, Code::invalid_argument, "the value of namespaces"},
      {"p17 namespaces=a " + k_key, Code::invalid_argument, "the value of namespaces"},
      {"p17 namespaces=\"\" " + k_key, Code::invalid_argument, "the value of namespaces"},
      {"p17 namespaces=\"a\"b\" " + k_key, Code::invalid_argument, "a quote in it is not closed"},
      {"p17 namespaces=\"a\",namespaces=\"b\" " + k_key, Code::invalid_argument, "stands twice"},
      {"p17 ,namespaces=\"a\" " + k_key, Code::invalid_argument, "an option is none of"},
      {"p17 valid-after=\"2026\" " + k_key, Code::invalid_argument, "a time is not"},
      {"p17 valid-after=\"20260230Z\" " + k_key, Code::invalid_argument, "a time is not"},
      {"p17 valid-after=\"202601012400Z\" " + k_key, Code::invalid_argument, "a time is not"},
      {"p17 valid-after=\"2026010a Z\" " + k_key, Code::invalid_argument, "a time is not"},
      {"p17 valid-after=\"20260101\" " + k_key, Code::unimplemented, "does not end with Z"},
      {"p17 valid-after=\"20260102Z\",valid-before=\"20260101Z\" " + k_key, Code::invalid_argument, "ends before it begins"},
      {"p17 ssh-dss AAAAB3NzaC1kc3M=", Code::unimplemented, "its type is none"},
      {std::string("p17\0 ", 5) + k_key, Code::invalid_argument, "zero byte"},
      {"p17 " + k_key + std::string(20'000, ' '), Code::invalid_argument, "16,384 bytes"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.line.substr(0, 100));
    const auto read = evidence::read_allowed_signer(row.line);
    REQUIRE_FALSE(read.has_value());
    CHECK_EQ(read.error().code, row.code);
    CHECK_MESSAGE(read.error().what.find(row.words) != std::string::npos, read.error().what);
    CHECK_FALSE(read.error().next.empty());
  }
  CHECK(evidence::read_allowed_signers("\n# x\np17 cert-authority " + k_key).error().what.starts_with("line 3: "));
  CHECK(evidence::read_allowed_signers("").value().empty());
}

TEST_CASE("allowed_signers: pattern lists match as OpenSSH's do") {
  struct Row {
    std::string_view text, patterns;
    bool matches;
  };
  for (const Row& row :
       {Row{"a", "a", true},         Row{"a", "b", false},          Row{"a", "b,a", true},       Row{"a", "*,!a", false},
        Row{"a", "!a,*", false},     Row{"b", "!a", false},         Row{"b", "!a,*", true},      Row{"abc", "a*c", true},
        Row{"abc", "a?c", true},     Row{"ac", "a?c", false},       Row{"abcbc", "a*bc", true},  Row{"abcbd", "a*bc", false},
        Row{"", "", true},           Row{"a", "", false},           Row{"", "*", true},          Row{"A", "a", false},
        Row{"x@y.z", "*@y.z", true}, Row{"x@y.zz", "*@y.z", false}, Row{"aaa", "*a*a*a*", true}, Row{"aa", "*a*a*a*", false},
        Row{"a,b", "a,b", false}}) {
    CAPTURE(row.text);
    CAPTURE(row.patterns);
    CHECK_EQ(evidence::matches_pattern_list(row.text, row.patterns), row.matches);
  }
  // Nothing grows out of hand.
  std::string stars;
  for (int i = 0; i < 1000; ++i) stars += "*a";
  CHECK_FALSE(evidence::matches_pattern_list(std::string(5000, 'a') + "b", stars));
}
