#!/bin/sh
# greeter.hello: what is written to standard output is the result, standard error is the log, an exit code other than 0 a failure.
set -eu
[ "${1:-}" = "--" ] && shift
printf 'Hello, %s!\n' "$1"
