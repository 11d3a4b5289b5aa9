/**
 * What system calls do to address spaces, by name. A call in neither table is not known to have no effect. Names of
 * FreeBSD are those of sys/kern/syscalls.master, names of Linux those of strace.
 */
import { quoted } from '../../workload/errors.ts';
import type { ImportLog } from './log.ts';

/** Calls that change an address space in a way that `vmtrace-1` cannot express. */
const NO_EVENT = wordsOf(`
aio_mlock io_destroy io_setup map_shadow_stack minherit mlock mlock2 mlockall mseal msync munlock munlockall
process_madvise process_mrelease process_vm_writev remap_file_pages sbrk shmat shmdt shmsys sstk uselib
`);

/** Calls whose effect depends on an argument: its index, and its text if they change an address space. */
const NO_EVENT_WITH: ReadonlyMap<string, readonly [number, RegExp]> = new Map([
  ['arch_prctl', [0, /ARCH_MAP_VDSO|^0x200[1-3]\b/]],
  ['prctl', [0, /PR_SET_MM|^0x23\b|^35\b/]],
  // what later mappings, or the next exec, will be like (FreeBSD: sys/sys/procctl.h, sys/x86/include/procctl.h)
  [
    'procctl',
    [2, /PROC_(?:PROTMAX|STACKGAP|KPTI|LA)_CTL|^(?:0xf|15|0x11|17|0x1000000[02]|268435456|268435458)(?:<|$)/],
  ],
  ['ptrace', [0, /POKE|PT_WRITE|PT_IO/]],
  ['sysarch', [0, /(?:SET|CLEAR)_PKRU|^(?:0xc|12|0xd|13|0x85|133|0x86|134)(?:<|$)/]],
]);

/** Calls that leave every address space as it is. Pages that the kernel reads or writes for them are faults. */
const NO_EFFECT = wordsOf(`
__acl_aclcheck_fd __acl_aclcheck_file __acl_aclcheck_link __acl_delete_fd __acl_delete_file __acl_delete_link
__acl_get_fd __acl_get_file __acl_get_link __acl_set_fd __acl_set_file __acl_set_link __cap_rights_get __getcwd
__mac_get_fd __mac_get_file __mac_get_link __mac_get_pid __mac_get_proc __mac_set_fd __mac_set_file __mac_set_link
__mac_set_proc __realpathat __semctl __setugid __specialfd __sysctl __sysctlbyname _sysctl _umtx_lock _umtx_op
_umtx_unlock abort2 accept accept4 access acct add_key adjtime adjtimex aio_cancel aio_error aio_fsync aio_read
aio_readv aio_return aio_suspend aio_waitcomplete aio_write aio_writev alarm audit auditctl auditon bind bindat bpf
cachestat cap_enter cap_fcntls_get cap_fcntls_limit cap_getmode cap_ioctls_get cap_ioctls_limit cap_rights_limit
capget capset chdir chflags chflagsat chmod chown chroot clock_adjtime clock_getcpuclockid2 clock_getres
clock_gettime clock_nanosleep clock_settime close close_range closefrom connect connectat copy_file_range cpuset
cpuset_getaffinity cpuset_getdomain cpuset_getid cpuset_setaffinity cpuset_setdomain cpuset_setid creat
create_module delete_module dup dup2 dup3 eaccess epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait
epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 extattr_delete_fd extattr_delete_file extattr_delete_link
extattr_get_fd extattr_get_file extattr_get_link extattr_list_fd extattr_list_file extattr_list_link extattr_set_fd
extattr_set_file extattr_set_link extattrctl exterrctl faccessat faccessat2 fadvise64 fallocate fanotify_init
fanotify_mark fchdir fchflags fchmod fchmodat fchmodat2 fchown fchownat fchroot fcntl fdatasync ffclock_getcounter
ffclock_getestimate ffclock_setestimate fgetxattr fhlink fhlinkat fhopen fhreadlink fhstat fhstatfs file_getattr
file_setattr finit_module flistxattr flock fpathconf fremovexattr fsconfig fsetxattr fsmount fsopen fspacectl fspick
fstat fstatat fstatfs fsync ftruncate funlinkat futex futex_requeue futex_wait futex_waitv futex_wake futimens
futimes futimesat get_kernel_syms get_mempolicy get_robust_list get_thread_area getaudit getaudit_addr getauid
getcontext getcpu getcwd getdents getdents64 getdirentries getdomainname getdtablesize getegid geteuid getfh getfhat
getfsstat getgid getgroups gethostid gethostname getitimer getkerninfo getlogin getloginclass getpagesize
getpeername getpgid getpgrp getpid getpmsg getppid getpriority getrandom getresgid getresuid getrlimit
getrlimitusage getrusage getsid getsockname getsockopt gettid gettimeofday getuid getxattr getxattrat gssd_syscall
init_module inotify_add_watch inotify_add_watch_at inotify_init inotify_init1 inotify_rm_watch io_cancel
io_getevents io_pgetevents io_submit io_uring_enter io_uring_register io_uring_setup ioctl ioperm iopl ioprio_get
ioprio_set issetugid jail jail_attach jail_get jail_remove jail_set kcmp kenv kevent kexec_file_load kexec_load
keyctl kill killpg kldfind kldfirstmod kldload kldnext kldstat kldsym kldunload kldunloadf kmq_notify kmq_open
kmq_setattr kmq_timedreceive kmq_timedsend kmq_unlink kqueue kqueuex ksem_close ksem_destroy ksem_getvalue ksem_init
ksem_open ksem_post ksem_timedwait ksem_trywait ksem_unlink ksem_wait ktimer_create ktimer_delete ktimer_getoverrun
ktimer_gettime ktimer_settime ktrace landlock_add_rule landlock_create_ruleset landlock_restrict_self lchflags
lchmod lchown lgetfh lgetxattr link linkat lio_listio listen listmount listns listxattr listxattrat llistxattr
lookup_dcookie lpathconf lremovexattr lseek lsetxattr lsm_get_self_attr lsm_list_modules lsm_set_self_attr lstat
lutimes mac_syscall mbind membarrier memfd_create memfd_secret migrate_pages mincore mkdir mkdirat mkfifo mkfifoat
mknod mknodat modfind modfnext modify_ldt modnext modstat mount mount_setattr move_mount move_pages mq_getsetattr
mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd name_to_handle_at nanosleep
newfstatat nfsservctl nfssvc nfstat nlm_syscall nlstat nmount nstat ntp_adjtime ntp_gettime open open_by_handle_at
open_tree open_tree_attr openat openat2 pathconf pause pdgetpid pdkill perf_event_open personality pidfd_getfd
pidfd_open pidfd_send_signal pipe pipe2 pivot_root pkey_alloc pkey_free poll posix_fadvise posix_fallocate
posix_openpt ppoll pread pread64 preadv preadv2 prlimit64 process_vm_readv profil pselect pselect6 putpmsg
pwrite pwrite64 pwritev pwritev2 query_module quota quotactl quotactl_fd rctl_add_rule rctl_get_limits
rctl_get_racct rctl_get_rules rctl_remove_rule read readahead readlink readlinkat readv reboot recv recvfrom
recvmmsg recvmsg removexattr removexattrat rename renameat renameat2 request_key restart_syscall revoke rmdir
rpctls_syscall rseq rseq_slice_yield rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn
rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo rtprio rtprio_thread sched_get_priority_max sched_get_priority_min
sched_getaffinity sched_getattr sched_getcpu sched_getparam sched_getscheduler sched_rr_get_interval
sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield sctp_generic_recvmsg
sctp_generic_sendmsg sctp_generic_sendmsg_iov sctp_peeloff seccomp select semctl semget semop semsys semtimedop send
sendfile sendmmsg sendmsg sendto set_mempolicy set_mempolicy_home_node set_robust_list set_thread_area
set_tid_address setaudit setaudit_addr setauid setcontext setcred setdomainname setegid seteuid setfib setfsgid
setfsuid setgid setgroups sethostid sethostname setitimer setlogin setloginclass setns setpgid setpriority setregid
setresgid setresuid setreuid setrlimit setsid setsockopt settimeofday setuid setxattr setxattrat shm_open shm_open2
shm_rename shm_unlink shmctl shmget shutdown sigaction sigaltstack sigblock sigfastblock signalfd signalfd4
sigpending sigprocmask sigqueue sigreturn sigsetmask sigstack sigsuspend sigtimedwait sigvec sigwait sigwaitinfo
socket socketpair splice stat statfs statmount statx swapcontext swapoff swapon symlink symlinkat sync
sync_file_range syncfs sysfs sysinfo syslog tee tgkill thr_create thr_exit thr_kill thr_kill2 thr_new
thr_self thr_set_name thr_suspend thr_wake time timer_create timer_delete timer_getoverrun timer_gettime
timer_settime timerfd_create timerfd_gettime timerfd_settime times tkill truncate umask umount2 uname undelete
unlink unlinkat unmount unshare userfaultfd ustat utime utimensat utimes utrace uuidgen vadvise vhangup vmsplice
wait wait4 wait6 waitid waitpid write writev yield
`);

/** Another system's name for a call in the table: FreeBSD's compatibility calls, and Linux's under FreeBSD. */
const PREFIX = /^(?:freebsd\d+_|compat\d*\.|linux_)/;

/** Reports a call that is not read for its own sake, by what it does to address spaces. */
export function reportOther(report: ImportLog, name: string, args: readonly string[]): void {
  const plain = name.replace(PREFIX, '');
  const only = NO_EVENT_WITH.get(plain);
  if (only === undefined ? NO_EVENT.has(plain) : only[1].test(args[only[0]] ?? ''))
    report.notUnderstood(`${name}, for which vmtrace-1 has no event`, quoted(args.join(', ')));
  else if (only !== undefined || NO_EFFECT.has(plain)) report.noEffect(name);
  else report.notUnderstood(`${name}, a call that is not known`, quoted(args.join(', ')));
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
