#!/bin/sh
# What the tests need beside Python: Redis and Chromium, and Alertmanager as a real
# sender. Installs Debian's packages where it may; else says what to install.
set -eu

missing=""
command -v redis-server >/dev/null 2>&1 || missing="$missing redis-server"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v prometheus-alertmanager >/dev/null 2>&1 || missing="$missing prometheus-alertmanager"
[ -z "$missing" ] && exit 0

if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing for the tests:$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086  # a list of packages
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
    exit 0
fi

echo "The tests need these packages, which this user may not install:$missing" >&2
echo "On Debian or Ubuntu:  sudo apt-get install$missing" >&2
exit 1
