# Sourced by scripts that work in stages: `stage NAME COMMAND...` runs the command, says how long it took, and at the end of the
# script all times are printed. A stage that fails ends the script with its name.
stage_times=()

stage() {
  local name=$1 begin=$SECONDS status=0
  shift
  printf '\n== %s\n' "$name" >&2
  "$@" </dev/null || status=$?
  stage_times+=("$(printf '%-16s %4d s' "$name" $((SECONDS - begin)))")
  if [ "$status" -ne 0 ]; then
    printf '\n== %s failed (exit %d)\n' "$name" "$status" >&2
    exit "$status"
  fi
}

print_stage_times() {
  printf '\n== times\n' >&2
  [ ${#stage_times[@]} -eq 0 ] || printf '%s\n' "${stage_times[@]}" >&2
}
trap print_stage_times EXIT
