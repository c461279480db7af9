// One entry's proof as a file (c2sp.org/tlog-proof@v1, ending .tlog-proof): where it stands, the path to the root, the checkpoint. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "evidence/note.hpp"

namespace exeunt::evidence {

struct TlogProof {
  std::uint64_t index = 0;           // of the entry in the log, from 0
  std::vector<base::Hash32> hashes;  // RFC 6962 §2.1.1, from the leaf's sibling upwards; at most 64
  std::string checkpoint;            // the whole signed note, as it was signed
  base::Bytes extra{};               // what an application adds; nobody signed it. Empty: no such line
};

/// The one text of it. A proof with more than 64 hashes or an empty checkpoint is a fault of the caller.
[[nodiscard]] std::string to_text(const TlogProof& proof);
/// Strict: read and written again it is the same bytes. The checkpoint's note has the right shape, and the entry is in a tree of its size
/// with a path of the right length; no hash and no signature is checked. data_loss: anything else. At most 1,010,000 bytes.
[[nodiscard]] base::Result<TlogProof> read_tlog_proof(std::string_view text);

/// That the entry with this leaf hash (RFC 6962: merkle.hpp) stands where the proof says in the log that signed the checkpoint. `origin` and the
/// witnesses as in open_checkpoint. All failures: data_loss.
[[nodiscard]] base::Result<SignedCheckpoint> verify_tlog_proof(const TlogProof& proof, const base::Hash32& leaf, const VerifierKey& log,
                                                               const std::vector<VerifierKey>& witnesses,
                                                               std::optional<std::string_view> origin = std::nullopt);

}  // namespace exeunt::evidence
