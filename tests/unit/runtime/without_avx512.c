/* Preloaded, it hides AVX-512, VNNI and AMX from a process on x86-64 Linux: the processor traps `cpuid`, and the answer
 * is its own without them. Ends with 77 where it cannot trap. */
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { ARCH_SET_CPUID = 0x1012, FEATURES = 7 };

static const unsigned AVX512_EBX = 1u << 16 | 1u << 17 | 1u << 21 | 1u << 28 | 1u << 30 | 1u << 31;
static const unsigned AVX512_ECX = 1u << 1 | 1u << 6 | 1u << 11 | 1u << 12 | 1u << 14; /* bit 11 is VNNI */
static const unsigned AMX_EDX = 1u << 22 | 1u << 23 | 1u << 24 | 1u << 25;

static void answer(int number, siginfo_t *info, void *context) {
    greg_t *at = ((ucontext_t *)context)->uc_mcontext.gregs;
    const unsigned char *code = (const unsigned char *)at[REG_RIP];
    if (code[0] != 0x0f || code[1] != 0xa2) { /* a fault of another kind */
        signal(SIGSEGV, SIG_DFL);
        return;
    }
    unsigned leaf = at[REG_RAX], part = at[REG_RCX], a, b, c, d;
    syscall(SYS_arch_prctl, ARCH_SET_CPUID, 1);
    __cpuid_count(leaf, part, a, b, c, d);
    syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0);
    if (leaf == FEATURES && part == 0)
        b &= ~AVX512_EBX, c &= ~AVX512_ECX, d &= ~AMX_EDX;
    else if (leaf == FEATURES) /* AVX-VNNI and what came later */
        a = b = c = d = 0;
    at[REG_RAX] = a, at[REG_RBX] = b, at[REG_RCX] = c, at[REG_RDX] = d;
    at[REG_RIP] += 2;
}

__attribute__((constructor)) static void hide(void) {
    struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_NODEFER};
    if (sigaction(SIGSEGV, &action, NULL) || syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0))
        _exit(77);
}
