/* A hostile plugin in C: system calls as they are. Says of each attempt "NAME refused: WHY" or "NAME SUCCEEDED".
   usage: hostile attack|bomb|fill|memory|foreign; what to attack is in the environment, see hostile_test.cpp */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <linux/fs.h>
#include <sys/ioctl.h>

static void say(const char* name, int succeeded) {
  if (succeeded) {
    printf("%s SUCCEEDED\n", name);
  } else {
    printf("%s refused: %s\n", name, strerror(errno));
  }
  fflush(stdout);
}

static const char* given(const char* name) {
  const char* value = getenv(name);
  return value ? value : "";
}

static pid_t pid_given(const char* name) { return (pid_t)atoi(given(name)); }

static int opens(const char* path, int flags) {
  const int fd = open(path, flags, 0600);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

static const char* in_writable(const char* name) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/%s", given("WRITABLE"), name);
  return path;
}

static int writes_through_link(void) {
  const char* link = in_writable("link");
  unlink(link);
  return symlink(given("OPEN"), link) == 0 && opens(link, O_WRONLY);
}

static int reads_of_parent(const char* name) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", (int)pid_given("PARENT"), name);
  return opens(path, O_RDONLY);
}

/* A descriptor that names a file without opening it, opened again by its name in /proc. */
static int opens_again(const char* path) {
  char again[64];
  const int fd = open(path, O_PATH);
  snprintf(again, sizeof again, "/proc/self/fd/%d", fd);
  return fd >= 0 && opens(again, O_RDONLY);
}

static int executes(const char* path) {
  char* const words[] = {(char*)path, NULL};
  int status = 0;
  const pid_t child = fork();
  if (child == 0) {
    execv(path, words);
    _exit(errno);
  }
  waitpid(child, &status, 0);
  errno = WEXITSTATUS(status);
  return errno == 0;
}

static void attack_files(void) {
  const char *secret = given("SECRET"), *open_file = given("OPEN");
  say("read-secret", opens(secret, O_RDONLY));
  say("read-open", opens(open_file, O_RDONLY));
  say("read-by-descriptor", opens_again(secret));
  say("execute", executes(given("PROGRAM")));
  say("watch-folder", inotify_add_watch(inotify_init1(0), given("OUTSIDE"), IN_CREATE) >= 0);
  say("device", mknod(in_writable("device"), S_IFBLK | 0600, makedev(254, 0)) == 0);
  say("list-folder", opens(given("OUTSIDE"), O_RDONLY | O_DIRECTORY));
  say("write", opens(open_file, O_WRONLY));
  say("append", opens(open_file, O_WRONLY | O_APPEND));
  say("create", opens(given("NEW"), O_WRONLY | O_CREAT));
  say("truncate", truncate(open_file, 0) == 0);
  say("truncate-by-reading", opens(open_file, O_RDONLY | O_TRUNC));
  say("truncate-by-mode-3", opens(open_file, 3 | O_TRUNC));
  say("truncate-readable", truncate(given("READABLE_FILE"), 0) == 0);
  say("truncate-readable-by-reading", opens(given("READABLE_FILE"), O_RDONLY | O_TRUNC));
  say("write-readable", opens(given("READABLE_FILE"), O_RDWR));
  say("rename", rename(open_file, in_writable("taken")) == 0);
  say("replace", rename(in_writable("own"), open_file) == 0);
  say("hard-link", link(open_file, in_writable("linked")) == 0);
  say("symbolic-link", writes_through_link());
  say("delete", unlink(open_file) == 0);
  say("chmod", chmod(secret, 0666) == 0);
  say("chmod-readable", chmod(given("READABLE_FILE"), 0666) == 0);
  say("chown", chown(open_file, getuid() + 1, getgid()) == 0);
  say("touch", utimensat(AT_FDCWD, open_file, NULL, 0) == 0);
  say("touch-readable", utimensat(AT_FDCWD, given("READABLE_FILE"), NULL, 0) == 0);
  say("set-attribute", setxattr(given("READABLE_FILE"), "user.deed", "x", 1, 0) == 0);
}

static int has_socket(int domain, int type, int protocol) {
  const int fd = socket(domain, type, protocol);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

static int connects(int domain, const void* address, socklen_t size) {
  const int fd = socket(domain, SOCK_STREAM, 0);
  return fd >= 0 && connect(fd, (const struct sockaddr*)address, size) == 0;
}

static socklen_t unix_address(struct sockaddr_un* address, const char* name, int is_abstract) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  snprintf(address->sun_path + is_abstract, sizeof address->sun_path - 1, "%s", name);
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)is_abstract + strlen(name));
}

/* A pair of datagram sockets, of which one sends to somebody else. */
static int sends_from_a_pair(void) {
  struct sockaddr_un address;
  const socklen_t size = unix_address(&address, given("DATAGRAMS"), 0);
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0) return 0;
  return sendto(pair[0], "x", 1, 0, (struct sockaddr*)&address, size) == 1;
}

static void attack_network(void) {
  struct sockaddr_in loopback;
  memset(&loopback, 0, sizeof loopback);
  loopback.sin_family = AF_INET;
  loopback.sin_port = htons((unsigned short)atoi(given("PORT")));
  loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  struct sockaddr_un address;
  say("tcp", connects(AF_INET, &loopback, sizeof loopback));
  socklen_t size = unix_address(&address, given("SOCKET"), 0);
  say("unix-socket", connects(AF_UNIX, &address, size));
  size = unix_address(&address, given("ABSTRACT"), 1);
  say("abstract-socket", connects(AF_UNIX, &address, size));
  say("datagram-from-a-pair", sends_from_a_pair());
  say("udp-socket", has_socket(AF_INET, SOCK_DGRAM, 0));
  say("raw-socket", has_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
  say("netlink-socket", has_socket(AF_NETLINK, SOCK_RAW, 0));
  say("packet-socket", has_socket(AF_PACKET, SOCK_RAW, 0));
  say("vsock-socket", has_socket(AF_VSOCK, SOCK_STREAM, 0));
}

static int reads_memory_of(pid_t pid) {
  char byte = 0;
  struct iovec here = {&byte, 1}, there = {(void*)&errno, 1};
  return process_vm_readv(pid, &here, 1, &there, 1, 0) == 1 || errno == EFAULT; /* there: of another layout */
}

static int limits_other(pid_t pid) {
  const struct rlimit none = {1, 1};
  return syscall(SYS_prlimit64, pid, RLIMIT_CPU, &none, NULL) == 0;
}

static int raises_own_limit(void) {
  const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
  return setrlimit(RLIMIT_NPROC, &all) == 0 || setrlimit(RLIMIT_DATA, &all) == 0 || setrlimit(RLIMIT_FSIZE, &all) == 0;
}

static int signals_by_descriptor(void) {
  int ends[2];
  if (pipe(ends) != 0 || fcntl(ends[0], F_SETSIG, SIGKILL) != 0 || fcntl(ends[0], F_SETOWN, pid_given("VICTIM")) != 0) return 0;
  return fcntl(ends[0], F_SETFL, O_ASYNC) == 0 && write(ends[1], "x", 1) == 1;
}

static void attack_processes(void) {
  const pid_t parent = pid_given("PARENT"), victim = pid_given("VICTIM");
  say("ptrace-parent", ptrace(PTRACE_ATTACH, parent, NULL, NULL) == 0);
  say("ptrace-victim", ptrace(PTRACE_SEIZE, victim, NULL, NULL) == 0);
  say("read-memory-of-parent", reads_memory_of(parent));
  say("kill", kill(victim, SIGKILL) == 0);
  say("kill-parent", kill(parent, SIGTERM) == 0);
  kill(-1, SIGKILL); /* "succeeds" where it may reach nobody, too: the test looks for who has survived */
  say("kill-thread", syscall(SYS_tgkill, victim, victim, SIGKILL) == 0);
  say("kill-by-descriptor", signals_by_descriptor());
  say("limit-victim", limits_other(victim));
  say("raise-limit", raises_own_limit());
  say("slow-victim", setpriority(PRIO_PROCESS, (id_t)victim, 19) == 0);
  say("parent-environ", reads_of_parent("environ"));
  say("parent-mem", reads_of_parent("mem"));
  say("parent-command-line", reads_of_parent("cmdline"));
  say("parent-root", reads_of_parent("root/etc/passwd"));
}

static int calls(long number, long a, long b, long c) { return syscall(number, a, b, c, 0L, 0L, 0L) >= 0; }

static void attack_system(void) {
  char empty[128] = {0};
  say("user-name-space", unshare(CLONE_NEWUSER) == 0);
  say("clone-name-space", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0) > 0);
  say("clone-sibling", syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) > 0);
  say("clone3", calls(SYS_clone3, (long)empty, 88, 0));
  say("mount", mount("none", "/tmp", "tmpfs", 0, NULL) == 0);
  say("chroot", chroot("/usr") == 0);
  say("bpf", calls(SYS_bpf, 0, (long)empty, 48));
  say("perf", calls(SYS_perf_event_open, (long)empty, 0, -1));
  say("keys", calls(SYS_keyctl, 0, -3, 0));
  say("userfaultfd", calls(SYS_userfaultfd, 0, 0, 0));
  say("io-uring", calls(SYS_io_uring_setup, 4, (long)empty, 0));
  say("memory-file", calls(SYS_memfd_create, (long)"x", 0, 0));
  say("shared-memory", shmget(IPC_PRIVATE, 4096, 0600 | IPC_CREAT) >= 0);
  say("shared-anonymous", mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
  say("zero-device", opens("/dev/zero", O_RDONLY));
  say("handle", calls(SYS_open_by_handle_at, -100, (long)empty, 0));
  say("personality", personality(ADDR_NO_RANDOMIZE) != -1);
  say("terminal-input", ioctl(0, TIOCSTI, "x") == 0);
  say("terminal-input-high-bits", syscall(SYS_ioctl, 0L, 0x100000000L | TIOCSTI, "x") == 0);
  say("new-call", calls(463, -100, (long)given("READABLE_FILE"), 0) || errno != ENOSYS);
  say("become-root", setuid(0) == 0);
}

/* Forks as often as it can, and its children too; all of them wait for ever. */
static int bomb(void) {
  int made = 0;
  for (int i = 0; i < 1000; ++i) {
    const pid_t child = fork();
    if (child < 0) break;
    if (child > 0) ++made;
    if (child == 0) {
      signal(SIGTERM, SIG_IGN);
      setsid();
      while (fork() >= 0) {
      }
      for (;;) pause();
    }
  }
  printf("forked %d\n", made);
  fflush(stdout);
  for (;;) pause();
  return 0;
}

/* Many files, each within its limit. */
static long fill_temporary(const char* block, size_t size) {
  long total = 0;
  for (int i = 0; i < 100; ++i) {
    char name[64];
    snprintf(name, sizeof name, "/tmp/deed-hostile-%d", i);
    const int file = open(name, O_WRONLY | O_CREAT, 0600);
    for (int j = 0; file >= 0 && j < 16; ++j) {
      const ssize_t written = write(file, block, size);
      if (written > 0) total += written;
    }
    if (file >= 0) close(file);
  }
  return total;
}

static int fill(void) {
  static char block[65536];
  signal(SIGXFSZ, SIG_IGN);
  memset(block, 'x', sizeof block);
  const int fd = open(in_writable("large"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  while (write(fd, block, sizeof block) > 0) {
  }
  say("large-file", errno != EFBIG);
  say("large-file-at-once", posix_fallocate(fd, 0, 1L << 40) == 0 || ftruncate(fd, 1L << 40) == 0);
  printf("temporary %ld\n", fill_temporary(block, sizeof block));
  return 0;
}

static int memory(void) {
  size_t total = 0;
  for (;;) {
    char* block = malloc(1 << 20);
    if (!block || total >= 4096) break;
    memset(block, 1, 1 << 20);
    ++total;
  }
  printf("allocated %zu\n", total);
  return 0;
}

/* The call table of another machine, which numbers its calls differently: 39 is getpid, with x32's bit; 20 is i386's. */
static int foreign(void) {
#if defined(__x86_64__)
  if (strcmp(given("TABLE"), "x32") == 0) {
    printf("x32 %s\n", syscall(0x40000000L | 39) > 0 ? "SUCCEEDED" : "refused");
  } else {
    long result = 20;
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
    printf("i386 %s\n", result > 0 ? "SUCCEEDED" : "refused");
  }
#endif
  return 0;
}

int main(int count, char** words) {
  const char* what = count > 1 ? words[1] : "";
  if (strcmp(what, "bomb") == 0) return bomb();
  if (strcmp(what, "fill") == 0) return fill();
  if (strcmp(what, "memory") == 0) return memory();
  if (strcmp(what, "foreign") == 0) return foreign();
  attack_files();
  attack_network();
  attack_processes();
  attack_system();
  puts("end");
  return 0;
}
