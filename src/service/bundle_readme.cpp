#include "service/bundle_readme.hpp"

#include <fmt/format.h>

namespace exeunt::service {
namespace {

constexpr std::string_view k_what = R"(RECORD OF ONE DEPARTURE
=======================

Begin with report.html: it opens in any browser, needs no network and can be printed.

What is here
------------
report.html              for people: who, when, approved by whom, what ended, what is left, what could not be seen
timeline.csv             every entry as one row, for a spreadsheet
case.json                how the case stood, for programs
requirements.json        what this record holds for requirements of frameworks
entries/N.json           the entries themselves, byte for byte as they were logged; each holds the hash of the one before it ("prev")
entries/N.tlog-proof     that entry N stands in the log of the checkpoint (c2sp.org/tlog-proof)
payload/HASH             what an entry says to people: 32 random bytes, then JSON. Its SHA-256 is its name and the entry's "commit". It can be
                         erased; the entries still hold
approvals/N.json, .sig   what an approver signed, and the signature (OpenSSH)
plan/DIGEST.json         the plan that was approved; its SHA-256 is its name
checkpoint, log.vkey     the signed head of the log (c2sp.org/signed-note), and the key that it was signed with
SHA256SUMS               of all files but itself
)";

constexpr std::string_view k_check = R"text(
How to check it
---------------
You need a shell, coreutils, openssl and ssh-keygen, and two things from somebody whom you trust, not from this folder: the log's key (one line),
and allowed_signers, the file of the approvers' keys.

All of it at once, where Exeunt's verifier is at hand (it is one file and needs nothing else of Exeunt):
     exeunt-verify . --key VKEY --signers allowed_signers

1. The files are whole:
     sha256sum --quiet -c SHA256SUMS && echo whole

2. The checkpoint was signed by the log:
     VKEY='the line that you were given'        # compare: cat log.vkey
     L=$(grep -n '^$' checkpoint | tail -1 | cut -d: -f1)
     head -n $((L-1)) checkpoint > /tmp/text
     tail -n +$((L+1)) checkpoint | grep -F -- " ${VKEY%%+*} " | head -1 | cut -d' ' -f3 | base64 -d | tail -c +5 > /tmp/sig
     (printf '\060\052\060\005\006\003\053\145\160\003\041\000'; echo "$VKEY" | cut -d+ -f3- | base64 -d | tail -c +2) > /tmp/key.der
     openssl pkeyutl -verify -pubin -inkey /tmp/key.der -keyform DER -rawin -in /tmp/text -sigfile /tmp/sig

3. The last entry stands in that log: any tool that reads tlog-proof files, on the last entries/N.json and entries/N.tlog-proof.
   Each entry's "prev" is the SHA-256 of a zero byte and the entry before it; so the last one holds all others.

4. The last entry (kind "record_issued") names the other files: its payload lists path and SHA-256 of each:
     tail -c +33 payload/$(sed 's/.*"commit":"\([0-9a-f]*\)".*/\1/' entries/LAST.json)
   and every payload is what its entry says:
     (cd payload && for f in *; do echo "$f  $f"; done | sha256sum --quiet -c) && echo payloads whole

5. The approval is the approver's, and of this plan:
     ssh-keygen -Y verify -n exeunt-approval -f allowed_signers -I APPROVER -s approvals/1.sig < approvals/1.json
     sha256sum plan/*.json                       # the digest that approvals/1.json names
   An exception is signed in the namespace exeunt-exception.

timeline.csv, case.json and requirements.json are made from entries and payloads alone; exeunt-verify makes them again and compares.

What it does not prove
----------------------
A log that only its operator signs proves that nothing was changed after a checkpoint had left the operator's hands. Compare this checkpoint with
one that was mailed or printed earlier. This one carries no time-stamp of an outside authority and no witness's signature.
It says what was seen of the systems that it names. What could not be seen is in report.html under its own heading.
)text";

}  // namespace

std::string bundle_readme(const ReadmeFacts& facts) {
  std::string out(k_what);
  out +=
      fmt::format("\nThis one\n--------\nCase {}, tenant {}. Issued at {} through entry {}; what happened later is not in it.\nLog: {}\n",
                  facts.case_id, facts.tenant, base::to_rfc3339(facts.issued_at), facts.through, facts.key.text());
  if (!facts.all_proofs)
    out +=
        "The case has many entries: only its milestones have a proof of their own. The last entry's holds all others through \"prev\".\n";
  return out + std::string(k_check);
}

}  // namespace exeunt::service
