// README.txt of a bundle: what it is, the commands that check it, what it does not prove.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "evidence/note.hpp"

namespace exeunt::service {

struct ReadmeFacts {
  std::string case_id, tenant;
  std::uint64_t through = 0;
  base::Time issued_at{};
  evidence::VerifierKey key;
  bool all_proofs = true;  // false: only the milestones have one
};
[[nodiscard]] std::string bundle_readme(const ReadmeFacts& facts);

}  // namespace exeunt::service
