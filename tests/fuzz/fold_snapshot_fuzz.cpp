// A snapshot lies beside the journal: one that somebody edited gives an error, or folds on as exactly what it says.
#include "evidence/fold.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto folder = evidence::Folder::restore(fuzz::text_of(data, size));
  if (!folder) return 0;
  const std::string snapshot = folder->snapshot();
  const auto again = evidence::Folder::restore(snapshot);
  fuzz::require(again.has_value() && again->snapshot() == snapshot);
  static_cast<void>(evidence::exit_code(folder->state()));
  return 0;
}
