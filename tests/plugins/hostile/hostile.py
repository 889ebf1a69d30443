"""A hostile plugin in Python. Says of each attempt "NAME refused: WHY" or "NAME SUCCEEDED".
usage: hostile.py attack|bomb|fill|memory; what to attack is in the environment, see hostile_test.cpp"""
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys

given = os.environ.get
libc = ctypes.CDLL(None, use_errno=True)


def attempt(name, body):
    try:
        body()
        print(name, "SUCCEEDED", flush=True)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"{name} refused: {error}", flush=True)


def call(*arguments):
    if libc.syscall(*arguments) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def write(path, mode):
    with open(path, mode) as file:
        file.write("changed")


def connect(family, address):
    with socket.socket(family) as one:
        one.connect(address)


def attack():
    secret, file, readable, writable = given("SECRET"), given("OPEN"), given("READABLE_FILE"), given("WRITABLE")
    parent, victim = int(given("PARENT")), int(given("VICTIM"))
    attempt("read-secret", lambda: open(secret).read())
    attempt("read-open", lambda: open(file).read())
    attempt("list-folder", lambda: os.listdir(given("OUTSIDE")))
    attempt("write", lambda: write(file, "w"))
    attempt("append", lambda: write(file, "a"))
    attempt("create", lambda: write(given("NEW"), "w"))
    attempt("write-readable", lambda: write(readable, "a"))
    attempt("truncate", lambda: os.truncate(file, 0))
    attempt("truncate-readable", lambda: os.truncate(readable, 0))
    attempt("rename", lambda: os.rename(file, writable + "/taken"))
    attempt("copy", lambda: shutil.copyfile(secret, writable + "/copy"))
    attempt("hard-link", lambda: os.link(file, writable + "/linked"))
    attempt("delete", lambda: os.unlink(file))
    attempt("chmod", lambda: os.chmod(secret, 0o666))
    attempt("touch", lambda: os.utime(file))
    attempt("set-attribute", lambda: os.setxattr(readable, "user.deed", b"x"))
    attempt("tcp", lambda: connect(socket.AF_INET, ("127.0.0.1", int(given("PORT")))))
    attempt("unix-socket", lambda: connect(socket.AF_UNIX, given("SOCKET")))
    attempt("abstract-socket", lambda: connect(socket.AF_UNIX, "\0" + given("ABSTRACT")))
    attempt("ptrace-parent", lambda: call(101, 16, parent, 0, 0) if os.uname().machine == "x86_64" else call(117, 16, parent, 0, 0))
    attempt("kill", lambda: os.kill(victim, signal.SIGKILL))
    attempt("parent-environ", lambda: open(f"/proc/{parent}/environ", "rb").read())
    attempt("parent-mem", lambda: open(f"/proc/{parent}/mem", "rb"))
    attempt("chroot", lambda: os.chroot("/usr"))
    attempt("child-reads", lambda: subprocess.run(["/bin/cat", secret], check=True, capture_output=True))
    print("end", flush=True)


def bomb():
    made = 0
    try:
        while made < 1000:
            if os.fork() == 0:
                signal.pause()
            made += 1
    except OSError:
        pass
    print("forked", made, flush=True)
    signal.pause()


def fill():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def body():
        with open(given("WRITABLE") + "/large", "wb") as file:
            for _ in range(10000):
                file.write(b"x" * 65536)

    attempt("large-file", body)


def memory():
    blocks = []
    try:
        while len(blocks) < 4096:
            blocks.append(b"x" * (1 << 20))
    except MemoryError:
        pass
    count = len(blocks)
    blocks.clear()
    print("allocated", count, flush=True)


{"attack": attack, "bomb": bomb, "fill": fill, "memory": memory}[sys.argv[1]]()
