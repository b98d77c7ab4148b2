#!/bin/sh
# 安装运行环境到 .venv；可重复执行，没有变化时立即返回。
# Makes .venv with the pinned dependencies and the program .venv/bin/wardwatch. Safe to repeat; returns at once
# when nothing has changed. Needs python3 >= 3.11 with venv; nothing is compiled, nothing outside .venv changes.
#
#   PYTHON=/usr/bin/python3.12 sh scripts/setup.sh     another interpreter than the first fitting one
#
# Exit status: 0 ready, 1 something is missing or failed (said on standard error).
set -eu

cd "$(dirname "$0")/.."
root=$(pwd)
venv=.venv
stamp=$venv/.setup-stamp
oldest_minor=11

say() { printf '%s\n' "$*"; }
fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

fits() { "$1" -c "import sys; sys.exit(sys.version_info[:2] < (3, $oldest_minor))" >/dev/null 2>&1; }
can_make_venvs() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

# The first interpreter that can do the whole job; else the first that is new enough, so that the message below
# can say what it lacks.
find_python() {
    new_enough=
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        command -v "$candidate" >/dev/null 2>&1 && fits "$candidate" || continue
        [ -n "$new_enough" ] || new_enough=$candidate
        if can_make_venvs "$candidate"; then
            say "$candidate"
            return
        fi
    done
    say "$new_enough"
}

# What decides whether the environment is still right. cksum is POSIX; a forged match would only fool its author.
fingerprint() {
    say "$root"
    "$venv/bin/python" -c 'import sys; print(sys.version)'
    cksum requirements.txt requirements-dev.txt pyproject.toml scripts/setup.sh
}

up_to_date() {
    [ -f "$stamp" ] && [ -x "$venv/bin/wardwatch" ] && fits "$venv/bin/python" &&
        [ "$(fingerprint)" = "$(cat "$stamp")" ]
}

if up_to_date; then
    exit 0
fi

python=$(find_python)
missing=
command -v make >/dev/null 2>&1 || missing="$missing make"
[ -n "$python" ] || missing="$missing python3"
{ [ -n "$python" ] && can_make_venvs "$python"; } || missing="$missing python3-venv python3-pip"
if [ "$missing" = " make" ]; then
    say "缺少 make，不影响安装 / make is missing, which set-up can do without; to add it:" \
        "  sudo apt-get install -y make"
elif [ -n "$missing" ]; then
    case $missing in
    *" python3 "*)
        fail "找不到 Python 3.$oldest_minor 或更高版本 / no Python 3.$oldest_minor or newer found." \
            "请执行 / please run:" \
            "  sudo apt-get update && sudo apt-get install -y$missing" \
            "若系统自带版本更旧，可指定 / where Debian's own is older, name another:" \
            "  PYTHON=/path/to/python3 make setup"
        ;;
    *)
        fail "缺少系统组件 / missing system packages:$missing" \
            "请执行 / please run:" \
            "  sudo apt-get update && sudo apt-get install -y$missing"
        ;;
    esac
fi

rm -f "$stamp"
if ! fits "$venv/bin/python" || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    say "创建虚拟环境 / making the virtual environment: $venv ($("$python" --version))"
    "$python" -m venv --clear "$venv" ||
        fail "创建失败，请检查磁盘空间和写权限 / that failed; check disk space and the right to write: $root/$venv"
fi

say "安装固定版本的组件，约一分钟 / installing the pinned packages, about a minute ..."
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: \
    -r requirements-dev.txt ||
    fail "安装失败（原因见上）。请检查网络；内网可用 PIP_INDEX_URL 指定镜像后重试：make setup" \
        "Installing failed (see above). Check the network; behind a mirror set PIP_INDEX_URL, then: make setup"

# Without build isolation the build tool is the pinned one, and nothing more is fetched.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --no-deps \
    --no-build-isolation --editable . ||
    fail "安装 wardwatch 本身失败（原因见上） / installing wardwatch itself failed (see above)"

# Whole or not at all: an interrupted run must not leave half a stamp.
fingerprint >"$stamp.new"
mv "$stamp.new" "$stamp"
say "完成 / ready: $venv/bin/wardwatch"
