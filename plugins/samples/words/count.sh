#!/bin/sh
# Reads a text from standard input, writes a JSON object of counts. A last line without a line break counts, too.
set -eu
export LC_ALL=C.UTF-8
text=$(cat; printf x) # the x keeps the line breaks at the end
text=${text%x}
lines=$(printf '%s' "$text" | awk 'END { print NR }')
# shellcheck disable=SC2046 # three numbers, three words
set -- $(printf '%s' "$text" | wc -w -m -c)
printf '{"lines": %d, "words": %d, "letters": %d, "bytes": %d}\n' "$lines" "$1" "$2" "$3"
