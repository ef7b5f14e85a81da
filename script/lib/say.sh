# What the scripts say to people: steps, refusals, and whether the machine lets us install things.
# shellcheck shell=bash

# A heading for the next step.
step() { printf '\n==> %s\n' "$*"; }

# One sentence on standard error, then the end.
refuse() {
  printf '%s\n' "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Rust comes from whoever looks after the machine: a script that replaced a toolchain would be a bad guest.
need_rust() {
  if ! have cargo && [ -f "$HOME/.cargo/env" ]; then
    # shellcheck disable=SC1091 # made by rustup, not part of this tree
    . "$HOME/.cargo/env"
  fi
  have cargo || refuse "Rust is missing: install rustup (Debian 13: apt-get install rustup), run 'rustup default stable', and start this script again."
}
