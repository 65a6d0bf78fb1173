// command.cpp - finds the command as the container's user would, and executes it.
#include <elf.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "child.hpp"
#include "sys.hpp"

namespace slipway::supervisor {
namespace {

// 0 when `path` is a file that may be executed, else errno.
int check_executable(const char* path) {
    struct stat info {};
    if (stat(path, &info) != 0) return errno;
    if (S_ISDIR(info.st_mode)) return EISDIR;
    return faccessat(AT_FDCWD, path, X_OK, 0) == 0 ? 0 : errno;
}

// Why a file cannot be executed although it is there: kDetailNoexec, kDetailMode, or nothing that we know of.
const char* denial_of(const char* path) {
    struct statvfs where {};
    if (statvfs(path, &where) == 0 && (where.f_flag & ST_NOEXEC) != 0) return kDetailNoexec;
    struct stat info {};
    if (stat(path, &info) == 0 && (info.st_mode & 0111) == 0) return kDetailMode;
    return "";
}

bool resolve_with_slash(ChildContext& c, const char* command) {
    const int err = check_executable(command);
    errno = err;
    if (err == ENOENT || err == ENOTDIR) return fail(c.failure, FailureKind::kCommandMissing, "stat", command);
    if (err == EISDIR) return fail(c.failure, FailureKind::kCommandIsDirectory, "exec", command);
    if (err == EACCES) {
        const char* why = denial_of(command);
        errno = err;
        return fail(c.failure, FailureKind::kCommandDenied, "exec", command, why);
    }
    if (err != 0) return fail(c.failure, FailureKind::kCommandFailed, "exec", command);
    if (strlen(command) >= sizeof(c.command)) {
        errno = ENAMETOOLONG;
        return fail(c.failure, FailureKind::kCommandFailed, "exec", command);
    }
    copy_into(c.command, command);
    return true;
}

bool resolve_in_path(ChildContext& c, const char* command) {
    const char* at = c.plan.text(c.plan.header().search_path);
    while (*command != '\0') {
        const char* end = strchr(at, ':');
        const size_t length = end == nullptr ? strlen(at) : static_cast<size_t>(end - at);
        FixedText<sizeof(c.command)> candidate;
        candidate.add(length == 0 ? "." : at, length == 0 ? 1 : length).add("/").add(command);
        if (!candidate.full() && check_executable(candidate.get()) == 0) {
            copy_into(c.command, candidate.get());
            return true;
        }
        if (end == nullptr) break;
        at = end + 1;
    }
    errno = ENOENT;
    return fail(c.failure, FailureKind::kCommandNotInPath, "exec", command);
}

}  // namespace

char** make_array(const Plan& plan, ListRef list) {
    const size_t bytes = (size_t{list.count} + 1) * sizeof(char*);
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    auto** array = static_cast<char**>(memory);
    for (uint32_t i = 0; i < list.count; ++i) array[i] = const_cast<char*>(plan.text(plan.at<TextRef>(list, i)));
    array[list.count] = nullptr;
    return array;
}

namespace {

// "#!" line: the interpreter's name. Empty when the file is not a script.
void script_interpreter(const char* head, size_t size, FixedText<256>& out) {
    if (size < 3 || head[0] != '#' || head[1] != '!') return;
    size_t start = 2;
    while (start < size && (head[start] == ' ' || head[start] == '\t')) ++start;
    size_t end = start;
    while (end < size && head[end] != ' ' && head[end] != '\t' && head[end] != '\n' && head[end] != '\0') ++end;
    out.add(head + start, end - start);
}

// PT_INTERP of a 64-bit ELF file: the dynamic loader's name.
void elf_interpreter(int file, const char* head, size_t size, FixedText<256>& out) {
    Elf64_Ehdr elf{};
    if (size < sizeof(elf) || memcmp(head, ELFMAG, SELFMAG) != 0) return;
    memcpy(&elf, head, sizeof(elf));
    for (unsigned i = 0; i < elf.e_phnum && i < 64; ++i) {
        Elf64_Phdr part{};
        const auto where = static_cast<off_t>(elf.e_phoff + uint64_t{i} * sizeof(part));
        if (pread(file, &part, sizeof(part), where) != static_cast<ssize_t>(sizeof(part))) return;
        if (part.p_type != PT_INTERP) continue;
        char name[256] = {};
        const size_t length = part.p_filesz < sizeof(name) - 1 ? part.p_filesz : sizeof(name) - 1;
        if (pread(file, name, length, static_cast<off_t>(part.p_offset)) > 0) out.add(name);
        return;
    }
}

// What kind of file execve did not know how to execute: kDetailNoFormat, or kDetailMachine and the ELF machine's
// number.
bool explain_format(ChildContext& c, const char* command) {
    const ScopedFd file{open(c.command, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    Elf64_Ehdr elf{};
    FixedText<32> detail;
    const ssize_t got = file ? read(file.get(), &elf, sizeof(elf)) : -1;
    // Type and machine lie at the same place in 32-bit files.
    if (got >= static_cast<ssize_t>(offsetof(Elf64_Ehdr, e_version)) && memcmp(&elf, ELFMAG, SELFMAG) == 0) {
        detail.add(kDetailMachine).add_number(elf.e_machine);
    } else if (got >= 0) {
        detail.add(kDetailNoFormat);
    }
    errno = ENOEXEC;
    return fail(c.failure, FailureKind::kCommandFailed, "exec", command, detail.get());
}

// execve answers ENOENT for a missing interpreter as well: name what is really missing.
bool explain_missing(ChildContext& c, const char* command) {
    const ScopedFd file{open(c.command, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    char head[256];
    const ssize_t got = file ? read(file.get(), head, sizeof(head)) : -1;
    FixedText<256> interpreter;
    if (got > 0) {
        script_interpreter(head, static_cast<size_t>(got), interpreter);
        if (interpreter.size() == 0) elf_interpreter(file.get(), head, static_cast<size_t>(got), interpreter);
    }
    errno = ENOENT;
    if (interpreter.size() == 0) return fail(c.failure, FailureKind::kCommandMissing, "exec", command);
    return fail(c.failure, FailureKind::kInterpreterMissing, "exec", command, interpreter.get());
}

}  // namespace

bool resolve_command(ChildContext& c) {
    const char* command = c.plan.text(c.plan.at<TextRef>(c.plan.header().arguments, 0));
    return strchr(command, '/') != nullptr ? resolve_with_slash(c, command) : resolve_in_path(c, command);
}

void execute_command(ChildContext& c) {
    const PlanHeader& h = c.plan.header();
    const char* command = c.plan.text(c.plan.at<TextRef>(h.arguments, 0));
    char** arguments = make_array(c.plan, h.arguments);
    char** environment = make_array(c.plan, h.environment);
    if (arguments == nullptr || environment == nullptr) {
        fail(c.failure, FailureKind::kCommandFailed, "exec", command);
        return;
    }
    execve(c.command, arguments, environment);
    if (errno == ENOENT) {
        explain_missing(c, command);
    } else if (errno == ENOEXEC) {
        explain_format(c, command);
    } else if (errno == EACCES || errno == EPERM) {
        const int err = errno;
        const char* why = denial_of(c.command);
        errno = err;
        fail(c.failure, FailureKind::kCommandDenied, "exec", command, why);
    } else {
        fail(c.failure, FailureKind::kCommandFailed, "exec", command);
    }
}

}  // namespace slipway::supervisor
