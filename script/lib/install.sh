# Installs the Debian packages that are missing, and nothing that is there already.
# shellcheck shell=bash

apt_updated=

# Installs packages by name: as root, or with sudo where a person may use it.
apt_install() {
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    have sudo || refuse "Missing packages: $*. Install them as root (apt-get install $*) and start this script again."
    as_root=(sudo)
  fi
  have apt-get || refuse "Missing: $*. Install them with your system's package manager and start this script again."
  step "Installing $*"
  if [ -z "$apt_updated" ]; then
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq update
    apt_updated=yes
  fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq --yes --no-install-recommends install "$@" </dev/null
}

# The directory with initdb and pg_ctl of the newest PostgreSQL on this machine; empty when there is none.
postgres_bin() {
  local directory newest=
  for directory in /usr/lib/postgresql/*/bin; do
    if [ -x "$directory/initdb" ]; then newest=$directory; fi
  done
  printf '%s' "$newest"
}

# Whether this Python can make an environment with pip in it (Debian ships that part apart, as python3-venv).
python_makes_venvs() { have python3 && python3 -c 'import ensurepip, venv' 2>/dev/null; }

# A compiler for the C parts: SQLite and the cryptography library.
install_for_building() {
  { have cc && have c++; } || apt_install build-essential
}

# What the whole test run needs besides Rust.
install_for_testing() {
  local missing=()
  install_for_building
  [ -n "$(postgres_bin)" ] || missing+=(postgresql)
  have psql || missing+=(postgresql-client)
  have redis-server || missing+=(redis-server)
  have node || missing+=(nodejs)
  have npm || missing+=(npm)
  have chromium || missing+=(chromium)
  # The programs people put in front of a server.
  [ -x /usr/sbin/nginx ] || missing+=(nginx-light)
  [ -x /usr/sbin/haproxy ] || missing+=(haproxy)
  [ -x /usr/sbin/apache2 ] || missing+=(apache2)
  have caddy || missing+=(caddy)
  # An authority for certificates, and the program that looks at units of systemd.
  have pebble || missing+=(pebble)
  # A name server, and the programs that ask it and change it.
  [ -x /usr/sbin/named ] || missing+=(bind9)
  have nsupdate || missing+=(bind9-dnsutils)
  # What converts films; the server works without it, too.
  have ffmpeg || missing+=(ffmpeg)
  # A clock that is wrong, and what stands between people and PostgreSQL.
  have faketime || missing+=(faketime)
  [ -x /usr/sbin/pgbouncer ] || missing+=(pgbouncer)
  { have systemd-analyze && [ -x /lib/systemd/systemd ]; } || missing+=(systemd)
  # A machine within the machine has a network of its own.
  { have ip || [ -x /usr/sbin/ip ]; } || missing+=(iproute2)
  python_makes_venvs || missing+=(python3 python3-venv)
  [ "${#missing[@]}" -eq 0 ] || apt_install "${missing[@]}"
  # masto and Playwright use what Node has since version 20; Debian 12 has 18.
  node -e 'process.exit(Number.parseInt(process.versions.node) >= 20 ? 0 : 1)' ||
    refuse "Node.js 20 or newer is needed for the tests, this is $(node --version): Debian 13 has it, as have Node's own packages."
}
