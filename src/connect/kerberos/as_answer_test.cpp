#include "connect/kerberos/as_answer.hpp"

#include <doctest/doctest.h>

#include "connect/kerberos/library.hpp"

namespace exeunt::connect::kerberos {
namespace {

using model::ProbeAnswer;
using Kind = AsAnswer::Kind;

TEST_CASE("kerberos answer: alive, revoked, locked out for a time, expired, gone and never there are told apart") {
  struct Row {
    Kind kind;
    int code;
    const char* text;
    bool listed;
    ProbeAnswer answer;
  };
  const Row rows[] = {
      {Kind::ticket, 0, "", true, ProbeAnswer::admitted},
      {Kind::error, 25, "NEEDED_PREAUTH", true, ProbeAnswer::admitted},
      {Kind::error, 18, "CLIENT LOCKED OUT", true, ProbeAnswer::refused},
      {Kind::error, 18, "LOCKED_OUT", true, ProbeAnswer::unknown},
      {Kind::error, 1, "CLIENT EXPIRED", true, ProbeAnswer::refused},
      {Kind::error, 6, "CLIENT_NOT_FOUND", true, ProbeAnswer::refused},
      {Kind::error, 6, "CLIENT_NOT_FOUND", false, ProbeAnswer::unknown},
      {Kind::error, 23, "CLIENT KEY EXPIRED", true, ProbeAnswer::unknown},
      {Kind::error, 12, "POLICY", true, ProbeAnswer::unknown},
      {Kind::error, 37, "", true, ProbeAnswer::unknown},
      {Kind::error, 68, "", true, ProbeAnswer::unknown},
      {Kind::error, 60, "", true, ProbeAnswer::unknown},
      {Kind::nonsense, 0, "", true, ProbeAnswer::unknown},
  };
  for (const Row& row : rows) {
    CAPTURE(row.code);
    CAPTURE(row.text);
    AsAnswer answer;
    answer.kind = row.kind;
    answer.code = row.code;
    answer.text = row.text;
    CHECK(gate_answer(answer, row.listed).answer == row.answer);
    CHECK_FALSE(gate_answer(answer, row.listed).reason.empty());
  }
}

TEST_CASE("kerberos answer: what is not one whole message of a KDC is nonsense") {
  const auto context = make_context("EXAMPLE.ORG");
  REQUIRE(context);
  for (const std::string& bytes : {std::string(), std::string("k"), std::string("HTTP/1.1 400 Bad Request"), std::string("\x6b\x05xx", 4),
                                   std::string("\x7e\x02\x30\x00", 4), std::string("\x6b\x84\xff\xff\xff\xff", 6)}) {
    CAPTURE(bytes);
    CHECK(read_as_answer(context->get(), bytes).kind == Kind::nonsense);
  }
}

TEST_CASE("kerberos names: hostile ones come back as they went, those of another realm do not") {
  const auto context = make_context("EXAMPLE.ORG");
  REQUIRE(context);
  for (const char* name : {"alice@EXAMPLE.ORG", "a\\/b@EXAMPLE.ORG", "eve\\nx@EXAMPLE.ORG", "smith, j+x=\\\\y@EXAMPLE.ORG",
                           "m\x1b[31m@EXAMPLE.ORG", "raw\xff\xfe@EXAMPLE.ORG"}) {
    CAPTURE(name);
    const std::string id = native_id_of(name);
    CHECK(unparsed_of(id) == name);
    CHECK(parse_principal(context->get(), id, "EXAMPLE.ORG"));
  }
  for (const char* name : {"", "alice", "alice@ELSEWHERE.ORG", "a@b@EXAMPLE.ORG"}) {
    CAPTURE(name);
    CHECK_FALSE(parse_principal(context->get(), name, "EXAMPLE.ORG"));
  }
}

}  // namespace
}  // namespace exeunt::connect::kerberos
