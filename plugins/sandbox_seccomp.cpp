#include "deed/plugins/sandbox_seccomp.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <initializer_list>
#include <memory>

#include "deed/tools/beneath.hpp"

namespace deed {
namespace {

// Numbers above are answered with ENOSYS, on which every library falls back to what was there before. From 424 on the numbers
// are the same on all machines.
constexpr unsigned newest_known_call = 451;
constexpr unsigned first_x32_call = 0x40000000;  // left to libseccomp, which ends a process that uses a foreign call table
constexpr scmp_datum_t whole_int = 0xffffffff;   // the kernel looks at 32 bits of these arguments, and so must a rule

class FilterRules {
 public:
  FilterRules() : context_(seccomp_init(SCMP_ACT_ALLOW), seccomp_release) {
    if (!context_) error_ = -ENOMEM;
    note(context_ ? seccomp_attr_set(context_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) : 0);
    // The wish for a binary tree of calls instead of a list is no reason to fail.
    if (context_) seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  }

  void refuse(int code, std::initializer_list<int> calls) {
    for (const int call : calls) refuse_if(code, call, {});
  }
  void refuse_if(int code, int call, std::initializer_list<scmp_arg_cmp> all_of) {
    if (error_ != 0) return;
    note(seccomp_rule_add_array(context_.get(), SCMP_ACT_ERRNO(static_cast<unsigned>(code)), call,
                                static_cast<unsigned>(all_of.size()), all_of.begin()));
  }

  Result<std::vector<sock_filter>> compile() const;

 private:
  void note(int code) { error_ = error_ != 0 ? error_ : code; }

  std::unique_ptr<void, void (*)(scmp_filter_ctx)> context_;
  int error_ = 0;
};

scmp_arg_cmp is(unsigned argument, scmp_datum_t value) { return {argument, SCMP_CMP_MASKED_EQ, whole_int, value}; }
scmp_arg_cmp is_not(unsigned argument, scmp_datum_t value) { return {argument, SCMP_CMP_NE, value, 0}; }
scmp_arg_cmp has(unsigned argument, scmp_datum_t mask, scmp_datum_t bits) { return {argument, SCMP_CMP_MASKED_EQ, mask, bits}; }
scmp_arg_cmp is_above(unsigned argument, scmp_datum_t value) { return {argument, SCMP_CMP_GT, value, 0}; }

// To look into, steer or count other processes; to be root in some other way; to change the machine. And what holds memory or
// sends messages past the limits: shared memory, message queues, memory files.
void refuse_machine(FilterRules& rules) {
  rules.refuse(EPERM, {SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(kcmp),
                       SCMP_SYS(pidfd_getfd), SCMP_SYS(process_madvise), SCMP_SYS(process_mrelease), SCMP_SYS(migrate_pages),
                       SCMP_SYS(move_pages), SCMP_SYS(get_robust_list), SCMP_SYS(perf_event_open), SCMP_SYS(bpf),
                       SCMP_SYS(keyctl), SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(userfaultfd),
                       SCMP_SYS(fanotify_init), SCMP_SYS(fanotify_mark)});
  rules.refuse(EPERM, {SCMP_SYS(mount), SCMP_SYS(umount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot),
                       SCMP_SYS(setns), SCMP_SYS(unshare), SCMP_SYS(fsopen), SCMP_SYS(fsconfig), SCMP_SYS(fsmount),
                       SCMP_SYS(fspick), SCMP_SYS(move_mount), SCMP_SYS(open_tree), SCMP_SYS(mount_setattr),
                       SCMP_SYS(name_to_handle_at), SCMP_SYS(open_by_handle_at), SCMP_SYS(swapon), SCMP_SYS(swapoff),
                       SCMP_SYS(quotactl), SCMP_SYS(quotactl_fd), SCMP_SYS(acct), SCMP_SYS(reboot), SCMP_SYS(kexec_load),
                       SCMP_SYS(kexec_file_load), SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module),
                       SCMP_SYS(create_module), SCMP_SYS(query_module), SCMP_SYS(get_kernel_syms), SCMP_SYS(syslog),
                       SCMP_SYS(iopl), SCMP_SYS(ioperm), SCMP_SYS(modify_ldt), SCMP_SYS(vm86), SCMP_SYS(vm86old),
                       SCMP_SYS(settimeofday), SCMP_SYS(stime), SCMP_SYS(clock_settime), SCMP_SYS(clock_adjtime),
                       SCMP_SYS(adjtimex), SCMP_SYS(sethostname), SCMP_SYS(setdomainname), SCMP_SYS(vhangup),
                       SCMP_SYS(nfsservctl), SCMP_SYS(lookup_dcookie), SCMP_SYS(uselib), SCMP_SYS(ustat), SCMP_SYS(sysfs),
                       SCMP_SYS(_sysctl)});
  rules.refuse(ENOSYS, {SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register), SCMP_SYS(clone3),
                        SCMP_SYS(memfd_create), SCMP_SYS(memfd_secret), SCMP_SYS(mq_open), SCMP_SYS(mq_unlink),
                        SCMP_SYS(mq_timedsend), SCMP_SYS(mq_timedreceive), SCMP_SYS(mq_notify), SCMP_SYS(mq_getsetattr),
                        SCMP_SYS(shmget), SCMP_SYS(shmat), SCMP_SYS(shmctl), SCMP_SYS(shmdt), SCMP_SYS(semget),
                        SCMP_SYS(semop), SCMP_SYS(semtimedop), SCMP_SYS(semctl), SCMP_SYS(msgget), SCMP_SYS(msgsnd),
                        SCMP_SYS(msgrcv), SCMP_SYS(msgctl), SCMP_SYS(ipc), SCMP_SYS(remap_file_pages)});
  for (const scmp_datum_t flag : {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID,
                                  CLONE_NEWNET, CLONE_PARENT /* a child of deed's */}) {
    rules.refuse_if(EPERM, SCMP_SYS(clone), {has(0, flag, flag)});
  }
  rules.refuse_if(EPERM, SCMP_SYS(personality), {is_not(0, whole_int)});  // that value asks
  // Shared memory without a file is not among the data that RLIMIT_DATA counts.
  rules.refuse_if(EPERM, SCMP_SYS(mmap), {has(3, MAP_SHARED | MAP_ANONYMOUS, MAP_SHARED | MAP_ANONYMOUS)});
  for (const scmp_datum_t command : {TIOCSTI, TIOCLINUX}) rules.refuse_if(EPERM, SCMP_SYS(ioctl), {is(1, command)});
}

// A pair of sockets stays, as a pipe in both directions. Not of datagrams: such a socket can be given another address later.
void refuse_odd_pairs(FilterRules& rules) {
  rules.refuse_if(EPERM, SCMP_SYS(socketpair), {is_not(0, AF_UNIX)});
  for (scmp_datum_t type = 0; type <= 0xf; ++type) {
    if (type == SOCK_STREAM || type == SOCK_SEQPACKET) continue;
    rules.refuse_if(EPERM, SCMP_SYS(socketpair), {has(1, 0xf, type)});
  }
}

void refuse_sockets(FilterRules& rules) {
  rules.refuse(EPERM, {SCMP_SYS(socket), SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4),
                       SCMP_SYS(socketcall)});
  rules.refuse_if(EPERM, SCMP_SYS(sendto), {is_not(4, 0)});
}

// TCP and UDP, and the table of addresses that getaddrinfo asks the kernel for. A rule refuses, so the rest is listed.
void refuse_sockets_but_internet(FilterRules& rules) {
  const int call = SCMP_SYS(socket);
  for (scmp_datum_t family = 0; family < AF_NETLINK; ++family) {
    if (family != AF_INET && family != AF_INET6) rules.refuse_if(EPERM, call, {is(0, family)});
  }
  rules.refuse_if(EPERM, call, {is_above(0, AF_NETLINK)});
  rules.refuse_if(EPERM, call, {is(0, AF_NETLINK), is_not(2, NETLINK_ROUTE)});
  for (const scmp_datum_t family : {AF_INET, AF_INET6}) {
    for (scmp_datum_t type = 0; type <= 0xf; ++type) {
      if (type != SOCK_STREAM && type != SOCK_DGRAM) rules.refuse_if(EPERM, call, {is(0, family), has(1, 0xf, type)});
    }
    for (scmp_datum_t protocol = 1; protocol < IPPROTO_UDP; ++protocol) {
      if (protocol != IPPROTO_TCP) rules.refuse_if(EPERM, call, {is(0, family), is(2, protocol)});
    }
    rules.refuse_if(EPERM, call, {is(0, family), is_above(2, IPPROTO_UDP)});
  }
  rules.refuse(EPERM, {SCMP_SYS(socketcall)});
}

// Landlock decides on opening and on names. What changes a file without opening it is refused altogether, and so is watching
// folders. A file that is opened for reading may be emptied by that, where Landlock is older than version 3.
void refuse_around_landlock(FilterRules& rules, int version) {
  rules.refuse(EPERM, {SCMP_SYS(chmod), SCMP_SYS(fchmod), SCMP_SYS(fchmodat), SCMP_SYS(chown), SCMP_SYS(fchown), SCMP_SYS(lchown),
                       SCMP_SYS(fchownat), SCMP_SYS(chown32), SCMP_SYS(fchown32), SCMP_SYS(lchown32), SCMP_SYS(utime),
                       SCMP_SYS(utimes), SCMP_SYS(futimesat), SCMP_SYS(utimensat), SCMP_SYS(utimensat_time64)});
  rules.refuse(ENOTSUP, {SCMP_SYS(setxattr), SCMP_SYS(lsetxattr), SCMP_SYS(fsetxattr), SCMP_SYS(removexattr),
                         SCMP_SYS(lremovexattr), SCMP_SYS(fremovexattr)});
  rules.refuse(ENOSYS, {SCMP_SYS(inotify_init), SCMP_SYS(inotify_init1)});
  for (const scmp_datum_t command : {FS_IOC_SETFLAGS, FS_IOC32_SETFLAGS, FS_IOC_FSSETXATTR, FS_IOC_SETVERSION,
                                     FS_IOC32_SETVERSION}) {
    rules.refuse_if(EPERM, SCMP_SYS(ioctl), {is(1, command & whole_int)});
  }
  if (version >= 3) return;
  rules.refuse(EACCES, {SCMP_SYS(truncate), SCMP_SYS(truncate64)});
  rules.refuse(ENOSYS, {SCMP_SYS(openat2)});  // its flags are in memory, where a filter cannot look
  for (const scmp_datum_t mode : {O_RDONLY, O_ACCMODE}) {
    rules.refuse_if(EACCES, SCMP_SYS(open), {has(1, O_TRUNC | O_ACCMODE, O_TRUNC | mode)});
    rules.refuse_if(EACCES, SCMP_SYS(openat), {has(2, O_TRUNC | O_ACCMODE, O_TRUNC | mode)});
  }
}

// Without a name space of processes: nobody leaves the group that deed kills, and nobody steers the user's other processes.
void refuse_around_group(FilterRules& rules, const FilterOptions& options) {
  rules.refuse(EPERM, {SCMP_SYS(setsid), SCMP_SYS(setpgid)});
  for (const scmp_datum_t command : {F_SETOWN, F_SETSIG, F_SETOWN_EX}) {
    rules.refuse_if(EPERM, SCMP_SYS(fcntl), {is(1, command)});
    rules.refuse_if(EPERM, SCMP_SYS(fcntl64), {is(1, command)});
  }
  for (const scmp_datum_t command : {FIOSETOWN, SIOCSPGRP}) rules.refuse_if(EPERM, SCMP_SYS(ioctl), {is(1, command)});
  if (!options.shares_user) return;
  for (const int call : {SCMP_SYS(prlimit64), SCMP_SYS(sched_setaffinity), SCMP_SYS(sched_setscheduler), SCMP_SYS(sched_setparam),
                         SCMP_SYS(sched_setattr)}) {
    rules.refuse_if(EPERM, call, {is_not(0, 0)});
  }
  rules.refuse_if(EPERM, SCMP_SYS(setpriority), {is_not(1, 0)});
  rules.refuse_if(EPERM, SCMP_SYS(ioprio_set), {is_not(1, 0)});
  if (*options.landlock_version >= 6) return;  // Landlock keeps signals inside
  rules.refuse_if(EPERM, SCMP_SYS(kill), {is_not(0, 0)});  // to the own group only
  rules.refuse(EPERM, {SCMP_SYS(tkill), SCMP_SYS(tgkill), SCMP_SYS(rt_sigqueueinfo), SCMP_SYS(rt_tgsigqueueinfo),
                       SCMP_SYS(pidfd_send_signal)});
}

// Calls that are newer than the list above.
std::vector<sock_filter> refuse_unknown_calls() {
  const auto word = [](std::size_t offset) -> sock_filter {
    return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<__u32>(offset));
  };
  return {word(offsetof(seccomp_data, arch)),
          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, seccomp_arch_native(), 0, 4),
          word(offsetof(seccomp_data, nr)),
          BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first_x32_call, 2, 0),
          BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, newest_known_call, 0, 1),
          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS)};
}

Result<std::vector<sock_filter>> FilterRules::compile() const {
  const auto failed = [](int code) { return system_error(code, "the system call filter cannot be made", ""); };
  if (error_ != 0) return failed(-error_);
  const OwnedFd file(memfd_create("deed-filter", MFD_CLOEXEC));
  if (file.get() < 0) return failed(errno);
  if (const int code = seccomp_export_bpf(context_.get(), file.get()); code != 0) return failed(-code);
  std::vector<sock_filter> filter = refuse_unknown_calls();
  const std::size_t prologue = filter.size();
  const std::size_t bytes = static_cast<std::size_t>(lseek(file.get(), 0, SEEK_END));
  filter.resize(prologue + bytes / sizeof(sock_filter));
  if (pread(file.get(), filter.data() + prologue, bytes, 0) != static_cast<ssize_t>(bytes)) return failed(EIO);
  if (filter.size() > BPF_MAXINSNS) return failed(E2BIG);
  return filter;
}

}  // namespace

Result<std::vector<sock_filter>> compile_filter(const FilterOptions& options) {
  FilterRules rules;
  refuse_machine(rules);
  refuse_odd_pairs(rules);
  options.network ? refuse_sockets_but_internet(rules) : refuse_sockets(rules);
  if (options.landlock_version) {
    refuse_around_landlock(rules, *options.landlock_version);
    refuse_around_group(rules, options);
  }
  return rules.compile();
}

}  // namespace deed
