"""OpenSSH of the lab: sshd with keys, a user CA, a KRL, shared accounts; accounts come from libnss_wrapper."""
import os
import signal
from pathlib import Path

import processes
import wallets as wallet_store
from company import APPROVERS, OPERATOR

NSS_WRAPPER = "/usr/lib/x86_64-linux-gnu/libnss_wrapper.so"
CONTROL_LOGIN = "exeunt-control"
CRASH = signal.SIGKILL

CONFIG = """Port {port}
ListenAddress 127.0.0.1
HostKey {dir}/host_key
PidFile {dir}/sshd.pid
AuthorizedKeysFile {dir}/homes/%u/.ssh/authorized_keys
TrustedUserCAKeys {dir}/user_ca.pub
RevokedKeys {dir}/krl
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
PubkeyAuthentication yes
UsePAM no
UseDNS no
StrictModes yes
ExposeAuthInfo yes
LogLevel VERBOSE
LoginGraceTime 30
MaxAuthTries 100
MaxSessions 100
MaxStartups 500
PrintMotd no
PrintLastLog no
ClientAliveInterval 0
Subsystem sftp internal-sftp
SetEnv LD_PRELOAD={nss_wrapper} NSS_WRAPPER_PASSWD={nss}/passwd NSS_WRAPPER_GROUP={nss}/group
"""


# sshd that writes to a file puts no time to it, as syslog would: the pipe does. It ends with the last process of sshd's that holds it.
SSHD_WITH_TIMES = r"""exec /usr/sbin/sshd -D -e -f "$1" 2> >(export TZ=UTC0; while IFS= read -r line; do
  now=$EPOCHREALTIME; printf '%(%FT%T)T.%sZ %s\n' "${now%.*}" "${now#*.}" "$line"; done >> "$2")"""


def nss_env(lab):
    """Environment in which getpwnam knows the lab's accounts; for sshd, and for ssh tools run by a lab uid."""
    return processes.clean_env(LD_PRELOAD=NSS_WRAPPER, NSS_WRAPPER_PASSWD=str(lab.nss / "passwd"),
                               NSS_WRAPPER_GROUP=str(lab.nss / "group"))


def prepare(lab, company, wallets):
    """Accounts, keys, certificates, KRL and sshd_config."""
    if not Path(NSS_WRAPPER).exists():
        raise processes.LabError("libnss_wrapper.so is absent: install libnss-wrapper")
    processes.make_dir("/run/sshd")
    processes.make_dir(lab.bastion / "homes")
    processes.make_dir(lab.bastion / "issued")
    ca = processes.make_dir(lab.bastion / "ca", 0o700)
    _new_key(lab.bastion / "host_key", "host")
    _new_key(ca / "user_ca", "user CA")
    processes.write(lab.bastion / "user_ca.pub", (ca / "user_ca.pub").read_text())
    processes.run(["ssh-keygen", "-q", "-k", "-f", lab.bastion / "krl"])
    os.chmod(lab.bastion / "krl", 0o644)
    accounts = _accounts(lab, company)
    _write_nss(lab, accounts)
    host = " ".join((lab.bastion / "host_key.pub").read_text().split()[:2])
    for name in ("known_hosts",):
        processes.write(lab.bastion / name, "".join(f"[{h}]:{lab.ssh_port} {host}\n" for h in ("127.0.0.1",
                                                                                              "localhost")))
    keys = _issue_all(lab, company, wallets)
    for name, uid, home in accounts:
        if uid in keys:
            _write_authorized_keys(home, uid, keys[uid])
    config = CONFIG.format(port=lab.ssh_port, dir=lab.bastion, nss=lab.nss, nss_wrapper=NSS_WRAPPER)
    processes.write(lab.bastion / "sshd_config", config)


def _accounts(lab, company):
    """(login, uid, home) of everyone whom sshd serves."""
    homes = lab.bastion / "homes"
    rows = [("root", 0, homes / "root")]
    for index, person in enumerate(company.people):
        if person.unix:
            person.unix_uid = lab.people_uid + index
            rows.append((person.unix, person.unix_uid, homes / person.unix))
    rows += [(name, lab.shared_uid + i, homes / name) for i, name in enumerate(company.shared_accounts)]
    rows.append((CONTROL_LOGIN, lab.control_uid, homes / CONTROL_LOGIN))
    return rows


def _write_nss(lab, accounts):
    system = [line for line in Path("/etc/passwd").read_text().splitlines() if not line.startswith("root:")]
    lines = [f"{name}:*:{uid}:{uid}:{name if uid else 'root'}:{home}:/bin/sh" for name, uid, home in accounts]
    own = [("exeunt", lab.engine_uid), ("adversary", lab.adversary_uid), ("approver", lab.approver_uid)]
    lines += [f"lab-{name}:*:{uid}:{uid}::{lab.root}:/bin/sh" for name, uid in own]
    processes.write(lab.nss / "passwd", "\n".join(lines + system) + "\n")
    groups = [f"{name}:*:{uid}:" for name, uid, _ in accounts if uid]
    processes.write(lab.nss / "group", "\n".join(groups + Path("/etc/group").read_text().splitlines()) + "\n")
    served = [line for line in lines if not line.startswith(("root:", "lab-"))]
    processes.write(lab.bastion / "passwd", "\n".join(served) + "\n")


def _new_key(path, comment, uid=0):
    processes.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path])
    for file in (Path(path), Path(f"{path}.pub")):
        os.chown(file, uid, uid)


def _issue_all(lab, company, wallets):
    """Makes every key and certificate; returns account uid -> authorized_keys lines."""
    lines = {0: [], lab.control_uid: []}
    for i, name in enumerate(company.shared_accounts):
        lines[lab.shared_uid + i] = []
    serial = 1000 + company.seed % 100
    for person in (p for p in company.people if p.unix):
        folder, wallet = wallet_store.key_folder(lab, person.hr_id), wallets[person.hr_id]["bastion"]
        own = lines.setdefault(person.unix_uid, [])
        for i in range(person.own_keys):
            key = _person_key(lab, folder / f"own{i}", person.uid)
            wallet["keys"].append(str(key))
            comment = person.key_comment if i == 0 and person.key_comment else person.unix
            own.append(f"{_public(key)} {comment}")
            if comment.endswith("\n"):                 # the comment's second line is a key too
                second = _person_key(lab, folder / "smuggled", person.uid)
                own[-1] = f"{_public(key)} {comment}{_public(second)} not a comment"
                wallet["keys"].append(str(second))
        for name in person.shared_accounts:
            own_key = person.shared_with_own_key and wallet["keys"]
            key = Path(wallet["keys"][0]) if own_key else _person_key(lab, folder / f"for_{name}", person.uid)
            wallet["shared"].append({"account": name, "key": str(key)})
            lines[lab.shared_uid + company.shared_accounts.index(name)].append(f"{_public(key)} {person.unix}@laptop")
        serial = _certify(lab, person, folder, wallet, serial)
    lines[lab.control_uid] = [_control(lab)]
    _new_key(lab.credentials / "id_ed25519", "exeunt", lab.engine_uid)
    lines[0] = [f'from="127.0.0.1" {_public(lab.credentials / "id_ed25519")} exeunt engine']
    return lines


def _person_key(lab, path, comment):
    _new_key(path, comment, lab.adversary_uid)
    return path


def _public(key):
    return " ".join(Path(f"{key}.pub").read_text().split()[:2])


def _certify(lab, person, folder, wallet, serial):
    """Issues person.certificates for one key under one key id; the ledger keeps every public certificate."""
    if not person.certificates:
        return serial
    key = _person_key(lab, folder / "certified", person.uid)
    for _ in range(person.certificates):
        serial += 1
        certificate = sign(lab, f"{key}.pub", person.uid, person.unix, serial)
        mine = processes.write(folder / f"certified.{serial}-cert.pub", certificate, 0o600, lab.adversary_uid,
                               lab.adversary_uid)
        wallet["certificates"].append({"key": str(key), "certificate": str(mine), "serial": serial})
    return serial


def sign(lab, public_key, key_id, principal, serial):
    """Signs with the lab's user CA and enters the certificate in the ledger; returns its text."""
    work = lab.bastion / "ca" / "work.pub"
    work.write_text(Path(public_key).read_text())
    processes.run(["ssh-keygen", "-q", "-s", lab.bastion / "ca" / "user_ca", "-I", key_id, "-n", principal,
                   "-z", str(serial), "-V", "-5m:+2d", work])
    text = (lab.bastion / "ca" / "work-cert.pub").read_text()
    processes.write(lab.bastion / "issued" / f"{serial}-cert.pub", text)
    return text


def _control(lab):
    """The control account's key and certificate: the engine gets the public halves only."""
    key = lab.bastion / "ca" / "control"
    _new_key(key, "exeunt control")
    certificate = sign(lab, f"{key}.pub", "exeunt-control", CONTROL_LOGIN, 999)
    for name, text in (("control.pub", Path(f"{key}.pub").read_text()), ("control-cert.pub", certificate)):
        processes.write(lab.credentials / name, text, 0o644, lab.engine_uid, lab.engine_uid)
    return f"{_public(key)} control"


def _write_authorized_keys(home, uid, lines):
    processes.make_dir(home, 0o755, uid, uid)
    folder = processes.make_dir(home / ".ssh", 0o700, uid, uid)
    processes.write(folder / "authorized_keys", "".join(f"{line}\n" for line in lines), 0o600, uid, uid)


def start(lab):
    log, pid_file = lab.bastion / "start.log", lab.run / "bastion.pid"
    processes.start(["/bin/bash", "-c", SSHD_WITH_TIMES, "sshd", lab.bastion / "sshd_config", lab.bastion / "sshd.log"],
                    pid_file, log, env=nss_env(lab))
    processes.wait_until(lambda: processes.port_answers(lab.ssh_port), "sshd", pid_file, lab.bastion / "sshd.log")


def stop(lab, **how):
    """Ends the listener and then the sessions it left: in OpenSSH they outlive it, as across a restart."""
    return processes.stop(lab.run / "bastion.pid", **how)


def end_sessions(lab, company_uids):
    """Ends every process of the lab's account uids (for `down` only)."""
    for proc in Path("/proc").glob("[0-9]*"):
        try:
            if proc.stat().st_uid in company_uids:
                os.kill(int(proc.name), 9)
        except OSError:
            continue


def snapshot(lab):
    """authorized_keys of every account and the KRL, as they lie on disk."""
    files = sorted((lab.bastion / "homes").glob("*/.ssh/authorized_keys"))
    dump = {str(f.relative_to(lab.bastion)): f.read_bytes().hex() for f in files}
    dump["nss/passwd"] = (lab.nss / "passwd").read_bytes().hex()
    return dump


__all__ = ["APPROVERS", "OPERATOR", "CONTROL_LOGIN", "end_sessions", "nss_env", "prepare", "sign", "snapshot",
           "start", "stop"]
