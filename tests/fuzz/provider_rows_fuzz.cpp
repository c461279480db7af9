// What a provider answers is outside text: rows are understood whole or not at all, and an id that we made reads back as itself.
#include "connect/glewlwyd/accounts.hpp"
#include "connect/glewlwyd/held.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;
using namespace exeunt::connect::glewlwyd;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const auto id = parse_held_id(text);
  if (id) fuzz::require(!id->account.empty() && !id->rest.empty());
  if (!text.empty()) {
    const auto again = parse_held_id(held_id("account:of:hers", text));
    fuzz::require(again && again->account == "account:of:hers" && again->rest == text);
  }
  const auto json = base::parse_json(text, {.bytes_max = std::size_t{1} << 20, .depth_max = 16});
  if (!json) return 0;
  connect::glewlwyd::Settings settings;
  settings.id_property = "entry_uuid";
  settings.hr_id_property = "employee_number";
  settings.lock_property = "locked";
  const auto look = [&](const base::Json& row) {
    if (const auto held = read_held(row, "session_hash", "expiration", "last_login")) {
      fuzz::require(!held->hash.empty() && held->until_s >= 0 && held->last_used_s >= 0);
    }
    if (const auto account = read_account(row, settings, "g_admin")) fuzz::require(!account->login.empty() && !account->id.empty());
  };
  look(*json);
  if (json->is_array()) {
    for (const auto& row : json->as_array()) look(row);
  }
  return 0;
}
