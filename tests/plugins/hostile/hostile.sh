#!/bin/sh
# A hostile plugin for the shell. Says of each attempt "NAME refused" or "NAME SUCCEEDED".
# usage: hostile.sh attack|bomb|fill; what to attack is in the environment, see hostile_test.cpp
attempt() {
  name=$1
  shift
  if "$@" >/dev/null 2>&1; then echo "$name SUCCEEDED"; else echo "$name refused"; fi
}
overwrite() { (echo changed >"$1"); }
append() { (echo changed >>"$1"); }

attack() {
  attempt read-secret cat "$SECRET"
  attempt read-open cat "$OPEN"
  attempt list-folder ls "$OUTSIDE"
  attempt write overwrite "$OPEN"
  attempt append append "$OPEN"
  attempt create overwrite "$NEW"
  attempt write-readable append "$READABLE_FILE"
  attempt truncate truncate -s 0 "$OPEN"
  attempt rename mv "$OPEN" "$WRITABLE/taken"
  attempt copy cp "$SECRET" "$WRITABLE/copy"
  attempt hard-link ln "$OPEN" "$WRITABLE/linked"
  attempt delete unlink "$OPEN"
  attempt chmod chmod 666 "$SECRET"
  attempt touch touch "$OPEN"
  attempt tcp bash -c "echo >/dev/tcp/127.0.0.1/$PORT"
  attempt kill kill -9 "$VICTIM"
  attempt parent-environ cat "/proc/$PARENT/environ"
  attempt user-name-space unshare -U true
  attempt chroot chroot /usr true
  attempt limit-victim prlimit --pid "$VICTIM" --cpu=1
  echo end
}

# Each starts two more, for ever.
bomb() {
  echo forked 0
  explode() { explode & explode & wait; }
  explode 2>/dev/null
  while :; do sleep 1000 2>/dev/null; done
}

fill() {
  attempt large-file dd if="$0" of="$WRITABLE/large" bs=1 seek=$((1 << 34)) count=1
}

"$1"
