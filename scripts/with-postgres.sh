#!/bin/sh
# 启动一个临时 PostgreSQL，运行命令，然后停掉并删除。
# Runs a command beside a throw-away PostgreSQL, then stops and deletes it:
#
#   sh scripts/with-postgres.sh make test
#
# The command finds the server in WARDWATCH_TEST_POSTGRES (an SQLAlchemy URL). The server listens on a free
# loopback port only, has a password of its own, keeps its files in a temporary directory, and does not wait for
# the disk: it is for tests. Where the variable is set already, that server is used and none is started.
#
# Exit status: the command's; 1 when the server can't be started; 2 when used wrongly.
set -eu

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

if [ $# -eq 0 ]; then
    printf '%s\n' "用法 / usage: sh scripts/with-postgres.sh COMMAND [ARGUMENT ...]" >&2
    exit 2
fi
if [ -n "${WARDWATCH_TEST_POSTGRES:-}" ]; then
    exec "$@"
fi

# Debian keeps the server's programs off the PATH, a directory a version; the last one is the newest.
programs=
for folder in /usr/lib/postgresql/*/bin; do
    [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && programs=$folder
done
if [ -z "$programs" ] && command -v initdb >/dev/null 2>&1 && command -v postgres >/dev/null 2>&1; then
    programs=$(dirname "$(command -v initdb)")
fi
[ -n "$programs" ] ||
    fail "找不到 PostgreSQL 服务器 / no PostgreSQL server found. 请执行 / please run:" \
        "  sudo apt-get update && sudo apt-get install -y postgresql"

# PostgreSQL refuses to run as root, so root hands it to the account that Debian's package makes.
if [ "$(id -u)" -eq 0 ]; then
    id postgres >/dev/null 2>&1 ||
        fail "以 root 运行时需要 postgres 账户 / as root this needs the account postgres:" \
            "  sudo apt-get install -y postgresql-common"
    as_server() { (cd / && runuser -u postgres -- "$@"); }
else
    as_server() { (cd / && "$@"); }
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/wardwatch-pg.XXXXXX")
stop() {
    if [ -f "$work/data/postmaster.pid" ]; then
        as_server "$programs/pg_ctl" stop -s -D "$work/data" -m immediate || true
    fi
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
(umask 077 && printf '%s\n' "$password" >"$work/password")
[ "$(id -u)" -ne 0 ] || chown -R postgres "$work"

as_server "$programs/initdb" -D "$work/data" -U wardwatch --pwfile="$work/password" -A scram-sha-256 \
    --locale=C.UTF-8 --encoding=UTF8 --no-sync >"$work/initdb.log" 2>&1 ||
    fail "初始化失败 / initdb failed:" "$(cat "$work/initdb.log")"

# A port that is free now may be taken a moment later, so a few are tried.
attempt=0
while :; do
    attempt=$((attempt + 1))
    port=$(od -An -N2 -tu2 /dev/urandom | awk '{ print 20000 + $1 % 40000 }')
    options="-c listen_addresses=127.0.0.1 -p $port -c unix_socket_directories='$work' -c max_connections=100"
    options="$options -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=64MB"
    if as_server "$programs/pg_ctl" start -s -w -t 60 -D "$work/data" -l "$work/server.log" -o "$options"; then
        break
    fi
    [ "$attempt" -lt 5 ] || fail "启动失败 / the server didn't start:" "$(tail -n 20 "$work/server.log")"
done

export WARDWATCH_TEST_POSTGRES="postgresql+psycopg://wardwatch:$password@127.0.0.1:$port/postgres"
status=0
"$@" || status=$?
exit "$status"
