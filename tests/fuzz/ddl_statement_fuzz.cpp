// Statements in the log are whatever people wrote: role names are found or not, never past the input, never longer than the server keeps.
#include "connect/postgresql/ddl_statement.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto query = connect::postgresql::role_statements(text);
  fuzz::require(query.statements <= text.size());
  for (const auto& one : query.roles) fuzz::require(one.name.size() <= 63 && one.new_name.size() <= 63);
  static_cast<void>(connect::postgresql::statement_in(text));
  return 0;
}
