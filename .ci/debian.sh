#!/usr/bin/env bash
# debian.sh COMMAND PACKAGE… installs Debian packages where a command is missing.
set -euo pipefail
command=$1
shift
if command -v "$command" >/dev/null; then
  exit 0
fi

fail() {
  echo "$command is missing and $1: install it by hand (on Debian: apt-get install $packages)" >&2
  exit 1
}
packages=$*
command -v apt-get >/dev/null || fail "there is no apt-get"

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || fail "only root may install it"
  as_root=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq || fail "apt-get update failed"
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "$@" || fail "apt-get install failed"
command -v "$command" >/dev/null || fail "its package does not bring it"
