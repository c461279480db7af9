"""The lab's certificate authority and the server certificate for `localhost`, made anew at every start."""
import socket
from pathlib import Path

from processes import make_dir, run, write

EXTENSIONS = """[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = {names}
"""


def make_authority(tls_dir):
    """Makes ca.pem and ca.key; returns the path of ca.pem."""
    tls_dir = make_dir(tls_dir)
    write(tls_dir / "ca.cnf", EXTENSIONS.format(names="DNS:localhost"))
    _new_key(tls_dir / "ca.key")
    run(["openssl", "req", "-new", "-key", tls_dir / "ca.key", "-subj", "/O=Exeunt lab/CN=Lab CA",
         "-out", tls_dir / "ca.csr"])
    run(["openssl", "x509", "-req", "-in", tls_dir / "ca.csr", "-signkey", tls_dir / "ca.key", "-days", "30",
         "-extfile", tls_dir / "ca.cnf", "-extensions", "ca", "-out", tls_dir / "ca.pem"])
    return tls_dir / "ca.pem"


def server_names():
    """localhost, and this machine's names: libldap checks a URL's `localhost` against gethostname()."""
    own = {socket.gethostname(), socket.getfqdn()} - {"", "localhost"}
    return ", ".join(["DNS:localhost", "IP:127.0.0.1", *(f"DNS:{name}" for name in sorted(own))])


def issue(tls_dir, name, owner_uid, owner_gid):
    """Issues tls_dir/<name>.pem with its key readable by the server's uid only; returns (certificate, key)."""
    tls_dir = Path(tls_dir)
    key, request, certificate = (tls_dir / f"{name}.{end}" for end in ("key", "csr", "pem"))
    _new_key(key)
    write(tls_dir / f"{name}.cnf", EXTENSIONS.format(names=server_names()))
    run(["openssl", "req", "-new", "-key", key, "-subj", f"/O=Exeunt lab/CN={name}", "-out", request])
    run(["openssl", "x509", "-req", "-in", request, "-CA", tls_dir / "ca.pem", "-CAkey", tls_dir / "ca.key",
         "-CAcreateserial", "-days", "30", "-extfile", tls_dir / f"{name}.cnf", "-extensions", "server",
         "-out", certificate])
    write(key, key.read_bytes(), 0o600, owner_uid, owner_gid)
    return certificate, key


def _new_key(path):
    write(path, "", 0o600)
    run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path])
