// The default seccomp program under the real kernel.
#include <spec/capabilities.hpp>
#include <spec/kernel_facts.hpp>
#include <spec/seccomp_cache.hpp>
#include <spec/seccomp_profile.hpp>

#include <gtest/gtest.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sched.h>
#include <cerrno>

namespace slipway::linux_backend {
namespace {

// Runs `call` in a child under the default program: errno of the failure, 0 when it succeeds, -1 when it was killed.
template <class Call>
int under_default_profile(CapabilitySet capabilities, Call call) {
    SeccompCache cache;
    const auto filter = cache.compile(default_seccomp_profile(capabilities));
    if (!filter) return -2;
    sock_fprog program{static_cast<unsigned short>((*filter)->program.size()),
                       const_cast<sock_filter*>((*filter)->program.data())};
    const pid_t pid = ::fork();
    if (pid == 0) {
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) ::_exit(251);
        if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) ::_exit(252);
        errno = 0;
        ::_exit(call() < 0 ? errno : 0);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int with_docker_capabilities(long (*call)()) {
    return under_default_profile(kDefaultCapabilities, call);
}

TEST(LinuxSeccomp, DecidesAsDocumented) {
    EXPECT_EQ(with_docker_capabilities([] { return ::syscall(SYS_getpid); }), 0);
    EXPECT_EQ(with_docker_capabilities([]() -> long { return ::unshare(CLONE_NEWUSER); }), EPERM);
    EXPECT_EQ(with_docker_capabilities([]() -> long { return ::mount("none", "/slipway-none", "tmpfs", 0, ""); }),
              EPERM);
    EXPECT_EQ(with_docker_capabilities([]() -> long { return ::socket(AF_ALG, SOCK_SEQPACKET, 0); }), EPERM);
    EXPECT_EQ(with_docker_capabilities([]() -> long { return ::socket(AF_VSOCK, SOCK_STREAM, 0); }), EPERM);
    EXPECT_EQ(with_docker_capabilities([]() -> long { return ::socket(AF_INET, SOCK_STREAM, 0); }), 0);
    EXPECT_EQ(with_docker_capabilities([] { return ::syscall(SYS_clone3, nullptr, 0); }), ENOSYS);
    EXPECT_EQ(with_docker_capabilities([] { return ::syscall(SYS_keyctl, 0, 0, 0, 0, 0); }), EPERM);
    EXPECT_EQ(with_docker_capabilities([] { return ::syscall(SYS_io_uring_setup, 1, nullptr); }), EPERM);
    EXPECT_EQ(with_docker_capabilities([] { return ::syscall(1000); }), ENOSYS);
}

TEST(LinuxSeccomp, HidingAFamilyInTheUpperHalfDoesNotHelp) {
    EXPECT_EQ(with_docker_capabilities([] { return ::syscall(SYS_socket, (1L << 32) | AF_ALG, SOCK_SEQPACKET, 0); }),
              EPERM);
}

TEST(LinuxSeccomp, ForkAndExecWorkUnderIt) {
    EXPECT_EQ(with_docker_capabilities([]() -> long {
                  const pid_t pid = ::fork();
                  if (pid == 0) {
                      ::execl("/bin/true", "true", nullptr);
                      ::_exit(1);
                  }
                  int status = 1;
                  ::waitpid(pid, &status, 0);
                  return status == 0 ? 0 : -1;
              }),
              0);
}

TEST(LinuxSeccomp, SysAdminOpensWhatItNeeds) {
    EXPECT_EQ(under_default_profile(capability_bit("CAP_SYS_ADMIN"), []() -> long { return ::unshare(0); }), 0);
}

TEST(LinuxSeccomp, FactsOfThisKernelAreRead) {
    const KernelFacts facts = probe_kernel_facts();

    EXPECT_TRUE(facts.seccomp);
    EXPECT_TRUE(facts.cgroup_namespaces);
    EXPECT_GT(facts.nofile_hard_limit, 0U);
    EXPECT_NE(facts.capabilities & capability_bit("CAP_SYS_ADMIN"), 0U) << "the integration tests run as root";
}

}  // namespace
}  // namespace slipway::linux_backend
