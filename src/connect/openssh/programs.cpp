#include "connect/openssh/programs.hpp"

namespace exeunt::connect::programs {

// Every program starts alike: our PATH and locale, nothing of the login's.
#define EXEUNT_PREAMBLE "PATH=/usr/sbin:/usr/bin:/sbin:/bin; LC_ALL=C; export PATH LC_ALL; umask 077; cd / || exit 20\n"

const std::string_view k_accounts = EXEUNT_PREAMBLE R"sh(
if [ -n "$1" ]; then cat -- "$1" || exit 21; printf '\nZ\n'; exit 0; fi
named=no
while IFS= read -r login; do named=yes; getent passwd -- "$login"; done
[ "$named" = yes ] || getent passwd
printf '\nZ\n'
)sh";

// authorized_keys are read as the account's own uid, as sshd does: a link to somebody else's file, which root could read, is no way in.
// That process is within reach of the account's other processes, so its output is carried as base64 inside one record of its own.
const std::string_view k_survey = EXEUNT_PREAMBLE R"sh(
log=$1 ledger=$2 krl=$3 uids=" $4 "
us=$(id -u)
read_file='
if [ -f "$1" ] && [ -r "$1" ]; then printf "K "; timeout 10 head -c 1048577 -- "$1"
else problem=$(LC_ALL=C stat -L -- "$1" 2>&1 >/dev/null)
case $problem in "") printf "X unreadable or not a plain file";; *"No such file"*|*"Not a directory"*) printf A;; *) printf "X not reachable for its own account";; esac
fi'
printf 'T %s\n' "$(date +%s%3N)"
index=0
while IFS= read -r line; do
  kind=${line%% *}; rest=${line#* }
  if [ "$kind" = K ]; then
    uid=${rest%% *}; rest=${rest#* }; gid=${rest%% *}; path=${rest#* }
    printf 'F %s ' "$index"
    if [ "$us" = 0 ] && [ "$uid" != 0 ]; then
      chroot --userspec="+$uid:+$gid" --groups= --skip-chdir / /bin/sh -c "$read_file" exeunt "$path" </dev/null 2>/dev/null | base64 -w0
    else /bin/sh -c "$read_file" exeunt "$path" </dev/null 2>/dev/null | base64 -w0; fi
    printf '\n'
    index=$((index + 1))
  elif [ "$kind" = C ]; then
    uid=${rest%% *}; login=${rest#* }
    for place in /var/spool/cron/crontabs /var/spool/cron; do [ -f "$place/$login" ] && printf 'C %s crontab\n' "$uid"; done
    [ -e "/var/lib/systemd/linger/$login" ] && printf 'C %s lingering systemd services\n' "$uid"
    state=none
    entry=$(getent shadow -- "$login" 2>/dev/null)
    host_uid=$(getent passwd -- "$login" 2>/dev/null); host_uid=${host_uid#*:*:}; host_uid=${host_uid%%:*}
    if [ -n "$entry" ] && [ "$host_uid" = "$uid" ]; then
      entry=${entry#*:}
      case $entry in '!'*|'*'*) state=no_password;; *) state=password;; esac
      expires=${entry#*:*:*:*:*:*:}; expires=${expires%%:*}
      today=$(($(date +%s) / 86400))
      case $expires in ''|*[!0-9]*) ;; *) [ "$expires" -le "$today" ] && state=expired;; esac
    fi
    printf 'W %s %s\n' "$uid" "$state"
  fi
done
for job in /var/spool/cron/atjobs/* /var/spool/at/*; do
  [ -f "$job" ] && uid=$(stat -c %u -- "$job") && case $uids in *" $uid "*) printf 'C %s at job\n' "$uid";; esac
done
if [ -n "$ledger" ]; then
  if [ -d "$ledger" ] && [ -r "$ledger" ]; then
    for file in "$ledger"/*; do
      [ -f "$file" ] || continue
      [ -r "$file" ] || { printf 'X ledger\n'; continue; }
      while IFS= read -r line || [ -n "$line" ]; do printf 'L %s\n' "$line"; done < "$file" || printf 'X ledger\n'
    done
  else printf 'X ledger\n'; fi
fi
if [ -n "$krl" ]; then
  if [ ! -f "$krl" ]; then printf 'R absent\n'
  elif ssh-keygen -Q -l -f "$krl" >/dev/null 2>&1; then printf 'R good\n'
  else printf 'R corrupt\n'; fi
fi
processes=$(ps -e -o pid= -o ppid= -o uid= -o ruid= -o stat=)
printf 'P '; printf '%s\n' "$processes" | base64 -w0; printf '\n'
printf 'B '; cat /proc/[0-9]*/stat 2>/dev/null | base64 -w0; printf '\n'
printf 'S '; ss -tnpH state established 2>/dev/null | base64 -w0; printf '\n'
printf 'H '; ss -tnlpH 2>/dev/null | base64 -w0; printf '\n'
printf 'O %s\n' "$SSH_CONNECTION"
files=
while read -r pid parent uid real state; do
  case $uids in *" $uid "*|*" $real "*) files="$files /proc/$pid/environ";; esac
done <<END
$processes
END
if [ -n "$files" ]; then
  printf 'E '; grep -a -z -s -H -E '^SSH_(CONNECTION|USER_AUTH)=' $files | head -c 8388608 | base64 -w0; printf '\n'
  grep -a -z -s -h -o -E '^SSH_USER_AUTH=/tmp/sshauth[.][A-Za-z0-9]+$' $files | tr '\0' '\n' | sort -u | head -n 2000 | while IFS= read -r note; do
    note=${note#*=}
    case $note in /tmp/sshauth.*[!A-Za-z0-9]*) continue;; /tmp/sshauth.*) ;; *) continue;; esac
    [ -f "$note" ] && [ ! -L "$note" ] || continue
    printf 'V %s ' "$note"
    timeout 5 grep -a -m8 -E '^publickey [A-Za-z0-9@.-]+ [A-Za-z0-9+/=]+$' -- "$note" | head -c 32768 | base64 -w0; printf '\n'
  done
fi
if [ -n "$log" ]; then
  if [ -f "$log" ] && [ -r "$log" ]; then
    printf 'G '; tail -c 33554432 -- "$log" | grep -a -F 'Accepted publickey for ' | tail -n 50000 | base64 -w0; printf '\n'
  else printf 'X log\n'; fi
fi
printf 'Z\n'
)sh";

// The file that was rotated last goes before the present one. What is read begins with A, so that it can be seen how far back it reaches.
const std::string_view k_sign_ins = EXEUNT_PREAMBLE R"sh(
log=$1
printf 'T %s\n' "$(date +%s%3N)"
if [ -f "$log" ] && [ -r "$log" ]; then
  all() { [ -f "$log.1" ] && [ -r "$log.1" ] && cat -- "$log.1"; cat -- "$log"; }
  printf 'A '; all | tail -c 33554432 | head -c 65536 | base64 -w0; printf '\n'
  printf 'G '; all | tail -c 33554432 | grep -a -F 'Accepted ' | tail -n 50000 | base64 -w0; printf '\n'
else printf 'X\n'; fi
printf 'Z\n'
)sh";

// One run for all of them: its lines say which, its code whether they mean anything.
const std::string_view k_krl_query = EXEUNT_PREAMBLE R"sh(
work=$(mktemp -d) || exit 23
trap 'rm -rf -- "$work"' EXIT
cd "$work" || exit 23
index=0
while IFS= read -r line; do
  printf '%s\n' "$line" > "$index.pub"
  set -- "$@" "$index.pub"
  index=$((index + 1))
done
told=$(ssh-keygen -Q -f "$@" 2>/dev/null)
code=$?
[ "$code" = 0 ] || [ "$code" = 1 ] || { printf 'C %s\nZ\n' "$code"; exit 0; }
printf '%s\n' "$told" | while IFS= read -r line; do
  case $line in
    [0-9]*.pub*': REVOKED') printf 'Q %s 1\n' "${line%%.pub*}";;
    [0-9]*.pub*': ok') printf 'Q %s 0\n' "${line%%.pub*}";;
  esac
done
printf 'Z\n'
)sh";

// A crash before the rename leaves the old list, after it the new one; sshd never sees half a list, which would refuse everybody.
const std::string_view k_krl_update = EXEUNT_PREAMBLE R"sh(
krl=$1 authority=$2
dir=${krl%/*} name=${krl##*/}
cd -P -- "${dir:-/}" || exit 40
[ -f "$name" ] || exit 40
ssh-keygen -Q -l -f "$name" >/dev/null 2>&1 || exit 44
work=$(mktemp -d) || exit 23
new=.$name.exeunt.$$
trap 'rm -rf -- "$work" "$new"' EXIT
before=$(sha256sum < "$name")
musts=0 nots=0
: > "$work/specification"
while IFS= read -r line; do
  case $line in
    'S '*) printf '%s\n' "${line#S }" >> "$work/specification";;
    'M '*) musts=$((musts + 1)); printf '%s\n' "${line#M }" > "$work/must.$musts.pub";;
    'N '*) nots=$((nots + 1)); printf '%s\n' "${line#N }" > "$work/not.$nots.pub";;
  esac
done
cp -p -- "$name" "$new" || exit 23
ssh-keygen -k -u -q -f "$new" -s "$authority" "$work/specification" >&2 || exit 41
chmod --reference="$name" -- "$new" && chown --reference="$name" -- "$new" || exit 23
at=1
while [ "$at" -le "$musts" ]; do
  ssh-keygen -Q -f "$new" "$work/must.$at.pub" >/dev/null 2>&1; code=$?
  [ "$code" = 1 ] || { printf 'ssh-keygen -Q said %s of credential %s, 1 was due\n' "$code" "$at" >&2; exit 42; }
  at=$((at + 1))
done
at=1
while [ "$at" -le "$nots" ]; do
  ssh-keygen -Q -f "$new" "$work/not.$at.pub" >/dev/null 2>&1; code=$?
  [ "$code" = 0 ] || { printf 'ssh-keygen -Q said %s of living credential %s, 0 was due\n' "$code" "$at" >&2; exit 43; }
  at=$((at + 1))
done
sync -- "$new"
[ "$(sha256sum < "$name")" = "$before" ] || exit 22
mv -f -- "$new" "$name" || exit 23
sync -- .
printf 'Z\n'
)sh";

// The folder is entered first and everything happens relative to it, so that swapping a parent for a link leads nowhere. A folder of the
// account's own is worked in with the account's own rights; as root only where the path holds no link at all.
const std::string_view k_replace_file = EXEUNT_PREAMBLE R"sh(
path=$1 uid=$2 gid=$3 want=$4
dir=${path%/*} name=${path##*/}
replace='
name=$1 want=$2 new=.$1.exeunt.$$
trap "rm -f -- \"\$new\"" EXIT
[ -f "$name" ] || exit 21
now=$(sha256sum < "$name"); [ "${now%% *}" = "$want" ] || exit 22
cp -p -- "$name" "$new" && chmod u+w -- "$new" && cat > "$new" && chmod --reference="$name" -- "$new" || exit 23
[ "$(id -u)" != 0 ] || chown --reference="$name" -- "$new" || exit 23
sync -- "$new"
now=$(sha256sum < "$name"); [ "${now%% *}" = "$want" ] || exit 22
mv -f -- "$new" "$name" || exit 23
sync -- .
'
cd -P -- "${dir:-/}" || exit 21
owner=$(stat -c %u .) || exit 21
if [ "$(id -u)" != 0 ]; then /bin/sh -c "$replace" exeunt "$name" "$want" || exit $?
elif [ "$owner" = "$uid" ] && [ "$uid" != 0 ]; then
  chroot --userspec="+$uid:+$gid" --groups= --skip-chdir / /bin/sh -c "$replace" exeunt "$name" "$want" || exit $?
elif [ "$owner" = 0 ] && [ "$(pwd -P)" = "$dir" ]; then /bin/sh -c "$replace" exeunt "$name" "$want" || exit $?
else exit 24; fi
printf 'Z\n'
)sh";

// kill(-1) with the account's own rights reaches all of its processes at once, also those that multiply between a list and its end.
const std::string_view k_end_uid = EXEUNT_PREAMBLE R"sh(
uid=$1
case $uid in ''|*[!0-9]*) exit 30;; esac
[ "$uid" -ge 1000 ] && [ "$uid" != 65534 ] && [ "$(id -u)" = 0 ] || exit 30
list() { ps -e -o pid= -o uid= -o ruid= -o stat= | while read -r pid is real state; do
  case $state in Z*) continue;; esac
  if [ "$is" = "$uid" ] || [ "$real" = "$uid" ]; then printf '%s ' "$pid"; fi
done; }
rest=$(list); set -- $rest; first=$#
round=0
while [ -n "$rest" ] && [ "$round" -lt 60 ]; do
  chroot --userspec="+$uid:+$uid" --groups= --skip-chdir / /bin/sh -c 'kill -9 -1' >/dev/null 2>&1
  kill -9 $rest 2>/dev/null
  round=$((round + 1))
  rest=$(list)
  [ -z "$rest" ] || sleep 0.05
done
set -- $rest
printf '%s %s\nZ\n' "$first" "$#"
)sh";

const std::string_view k_end_processes = EXEUNT_PREAMBLE R"sh(
is_it() { told=$(cat "/proc/$1/stat" 2>/dev/null) || return 1; want=$2; told=${told##*) }; set -- $told; [ "$1" != Z ] && [ "${20}" = "$want" ]; }
all= ended=0
while read -r pid start; do
  case $pid in ''|*[!0-9]*|0|1) continue;; esac
  case $start in ''|*[!0-9]*) continue;; esac
  is_it "$pid" "$start" || continue
  kill -STOP "$pid" 2>/dev/null
  all="$all $pid:$start"
done
for one in $all; do is_it "${one%:*}" "${one#*:}" && kill -KILL "${one%:*}" 2>/dev/null && ended=$((ended + 1)); done
round=0 left=1
while [ "$left" != 0 ] && [ "$round" -lt 60 ]; do
  left=0
  for one in $all; do is_it "${one%:*}" "${one#*:}" && left=$((left + 1)); done
  round=$((round + 1))
  [ "$left" = 0 ] || sleep 0.05
done
printf '%s %s\nZ\n' "$ended" "$left"
)sh";

const std::string_view k_disable_account = EXEUNT_PREAMBLE R"sh(
login=$1 uid=$2
entry=$(getent shadow -- "$login" 2>/dev/null)
host_uid=$(getent passwd -- "$login" 2>/dev/null); host_uid=${host_uid#*:*:}; host_uid=${host_uid%%:*}
[ -n "$entry" ] && [ "$host_uid" = "$uid" ] || exit 31
[ "$uid" -ge 1000 ] || exit 30
usermod -L -e 1 -- "$login" >&2 || exit 23
printf 'Z\n'
)sh";

const std::string_view k_check = EXEUNT_PREAMBLE R"sh(
printf 'T %s\n' "$(date +%s%3N)"
printf 'U %s\n' "$(id -u)"
for tool in ps ss ssh-keygen base64 grep stat timeout chroot sha256sum mktemp sync usermod getent; do command -v "$tool" >/dev/null || printf 'M %s\n' "$tool"; done
while IFS= read -r line; do
  kind=${line%% *} path=${line#* }
  state=absent
  if [ "$kind" = folder ]; then [ -d "$path" ] && state=there && [ ! -r "$path" ] && state=unreadable
  else [ -f "$path" ] && state=there && [ ! -r "$path" ] && state=unreadable; fi
  if [ "$kind" = krl ] && [ "$state" = there ]; then ssh-keygen -Q -l -f "$path" >/dev/null 2>&1 || state=corrupt; fi
  printf 'F %s %s\n' "$kind" "$state"
done
own=
for file in /proc/$$/environ; do own=$(tr '\0' '\n' < "$file" | grep -a -m1 '^SSH_USER_AUTH='); done
[ -n "$own" ] && printf 'A exposed\n'
printf 'Z\n'
)sh";

}  // namespace exeunt::connect::programs
