#!/usr/bin/env bash
# debian.sh COMMAND PACKAGE… installs Debian packages where a command is missing. A
# command outside the PATH is named by a pattern of its whole path.
set -euo pipefail
command=$1
shift
found() {
  if [[ $command == /* ]]; then compgen -G "$command"; else command -v "$command"; fi >/dev/null
}
if found; then
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
found || fail "its package does not bring it"
