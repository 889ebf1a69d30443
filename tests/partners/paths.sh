# Sourced: where the partners are, outside the source tree, so that they are installed once.
partners=${DEED_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/deed}/partners
say() { printf 'partners: %s\n' "$*" >&2; }
