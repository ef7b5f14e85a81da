# A PostgreSQL of our own for one test run: fresh data in a temporary directory, a free port, gone afterwards.
# shellcheck shell=bash

postgres_dir=

# Runs a PostgreSQL program; the server refuses to be root, so root lends it to the user that Debian made for it.
as_postgres() {
  if [ "$(id -u)" -eq 0 ]; then
    (cd "$postgres_dir" && runuser -u postgres -- "$@")
  else
    "$@"
  fi
}

# A port of 127.0.0.1 that nobody listens on, below the range the kernel hands out by itself.
free_port() {
  local port
  for _ in {1..100}; do
    port=$((20000 + RANDOM % 12000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      printf '%s' "$port"
      return
    fi
  done
  refuse "No free port was found on 127.0.0.1."
}

# Starts the cluster and exports PHIOMIA_TEST_POSTGRES. Each test makes its own database from that address.
# No test pulls the plug: what a killed process has written survives without fsync, and hundreds of databases come and
# go faster.
start_postgres() {
  local bin port
  bin=$(postgres_bin)
  [ -n "$bin" ] || refuse "PostgreSQL is missing although it was installed a moment ago: look in /usr/lib/postgresql."
  port=$(free_port)
  postgres_dir=$(mktemp -d "${TMPDIR:-/tmp}/phiomia-postgres.XXXXXX")
  [ "$(id -u)" -ne 0 ] || chown postgres: "$postgres_dir"
  as_postgres "$bin/initdb" --pgdata="$postgres_dir/data" --username=postgres --auth=trust \
    --encoding=UTF8 --locale=C >"$postgres_dir/initdb.log" || { cat "$postgres_dir/initdb.log" >&2; return 1; }
  cat >>"$postgres_dir/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$postgres_dir'
max_connections = 300
shared_buffers = 128MB
fsync = off
full_page_writes = off
CONF
  as_postgres "$bin/pg_ctl" start --wait --silent --pgdata="$postgres_dir/data" \
    --log="$postgres_dir/server.log" || { cat "$postgres_dir/server.log" >&2; return 1; }
  export PHIOMIA_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres"
}

# Safe to call when nothing was started.
stop_postgres() {
  [ -n "$postgres_dir" ] || return 0
  if [ -f "$postgres_dir/data/postmaster.pid" ]; then
    as_postgres "$(postgres_bin)/pg_ctl" stop --mode=immediate --silent --pgdata="$postgres_dir/data" || true
  fi
  rm -rf "$postgres_dir"
  postgres_dir=
}
