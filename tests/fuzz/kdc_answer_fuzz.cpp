// What comes from a KDC's port, and names as kadmin lists them: any input is read as something or as nonsense.
#include "connect/kerberos/as_answer.hpp"
#include "connect/kerberos/library.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;
using connect::kerberos::AsAnswer;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto context = connect::kerberos::make_context("EXAMPLE.ORG");
  fuzz::require(context.has_value());
  const std::string text(fuzz::text_of(data, size));
  const AsAnswer answer = connect::kerberos::read_as_answer(context->get(), text);
  for (const bool listed : {false, true}) {
    const auto said = connect::kerberos::gate_answer(answer, listed);
    fuzz::require(!said.reason.empty());
    const bool a_reason = answer.code == 18 || answer.code == 1 || answer.code == 6;
    if (said.answer == model::ProbeAnswer::refused) fuzz::require(answer.kind == AsAnswer::Kind::error && a_reason);
  }
  fuzz::require(connect::kerberos::unparsed_of(connect::kerberos::native_id_of(text)) == text);
  static_cast<void>(connect::kerberos::parse_principal(context->get(), text, "EXAMPLE.ORG"));
  return 0;
}
