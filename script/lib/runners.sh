# Runs each part of the tests, shows what it prints, and adds up how many tests passed, failed or were left out.
# shellcheck shell=bash

n_passed=0
n_failed=0
n_left_out=0
may_leave_out=
failures=()
reports=

start_counting() { reports=$(mktemp -d "${TMPDIR:-/tmp}/phiomia-tests.XXXXXX"); }
stop_counting() { [ -z "$reports" ] || rm -rf "$reports"; }

# check NAME COMMAND...: something that is right or wrong as a whole (format, lints, a build).
check() {
  local name=$1
  shift
  step "$name"
  "$@" || failures+=("$name")
}

# count NAME FORMAT COMMAND...: a test runner, whose summary is read in the given format. Unless may_leave_out is set,
# a test that was skipped or ignored is something wrong.
# A runner that fails without a failed test (it crashed, or found none) counts as a failure of its own.
count() {
  local name=$1 format=$2 report passed failed left_out status=0
  shift 2
  step "$name"
  report=$(mktemp "$reports/XXXXXX")
  "$@" 2>&1 | tee "$report" || status=$?
  read -r passed failed left_out < <("read_$format" "$report")
  n_passed=$((n_passed + passed))
  n_failed=$((n_failed + failed))
  n_left_out=$((n_left_out + left_out))
  if [ "$status" -ne 0 ] || [ "$failed" -ne 0 ]; then
    failures+=("$name")
  elif [ "$passed" -eq 0 ]; then
    failures+=("$name: no test ran")
  fi
  if [ "$left_out" -ne 0 ] && [ -z "$may_leave_out" ]; then failures+=("$name: $left_out left out"); fi
}

# Each reader prints three numbers: passed, failed, left out. Colours are taken away first.
without_colours() { sed 's/\x1b\[[0-9;]*m//g' "$1"; }

# "Summary [ 1.2s] 12 tests run: 11 passed (1 slow), 1 failed, 0 skipped"
read_nextest() {
  without_colours "$1" | awk '
    / tests? run: / {
      passed = failed = left_out = 0
      sub(/.* run: /, "")
      n = split($0, parts, ", ")
      for (i = 1; i <= n; i++) {
        split(parts[i], words, " ")
        if (words[2] == "passed") passed = words[1]
        else if (words[2] == "skipped") left_out = words[1]
        else failed += words[1]
      }
    }
    END { print passed + 0, failed + 0, left_out + 0 }'
}

# "test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out", one line per test binary
read_cargo() {
  without_colours "$1" | awk '
    /^test result: / {
      for (i = 2; i <= NF; i++) {
        if ($i ~ /^passed/) passed += $(i - 1)
        if ($i ~ /^failed/) failed += $(i - 1)
        if ($i ~ /^ignored/) left_out += $(i - 1)
      }
    }
    END { print passed + 0, failed + 0, left_out + 0 }'
}

# "ℹ pass 7", one line per word
read_node() {
  without_colours "$1" | awk '
    $1 == "ℹ" && $2 == "pass" { passed = $3 }
    $1 == "ℹ" && ($2 == "fail" || $2 == "cancelled") { failed += $3 }
    $1 == "ℹ" && ($2 == "skipped" || $2 == "todo") { left_out += $3 }
    END { print passed + 0, failed + 0, left_out + 0 }'
}

# "=== 9 passed, 1 error, 2 skipped in 3.21s ==="
read_pytest() {
  without_colours "$1" | awk '
    / in [0-9.]+s( \([0-9:]+\))? =*$/ {
      passed = failed = left_out = 0
      for (i = 2; i <= NF; i++) {
        if ($i ~ /^passed/) passed = $(i - 1)
        if ($i ~ /^(failed|errors?)[,]?$/) failed += $(i - 1)
        if ($i ~ /^(skipped|xfailed|xpassed|deselected)/) left_out += $(i - 1)
      }
    }
    END { print passed + 0, failed + 0, left_out + 0 }'
}

# The last lines of the run: what went wrong by name, then the sum over all runners. Fails when anything did.
total() {
  local failure
  echo
  for failure in "${failures[@]}"; do printf 'Not in order: %s\n' "$failure"; done
  if [ "${#failures[@]}" -ne 0 ] && [ "$n_failed" -eq 0 ]; then n_failed=${#failures[@]}; fi
  if [ "$n_left_out" -ne 0 ]; then
    printf '%s passed, %s failed, %s skipped\n' "$n_passed" "$n_failed" "$n_left_out"
  else
    printf '%s passed, %s failed\n' "$n_passed" "$n_failed"
  fi
  [ "${#failures[@]}" -eq 0 ]
}
