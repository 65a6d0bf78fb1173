#include <process/failure_text.hpp>

#include <elf.h>
#include <sys/utsname.h>

#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

namespace slipway::linux_backend {
namespace {

using supervisor::Failure;
using supervisor::FailureKind;

// "no such file or directory": as Go spells it, which is what clients look for.
std::string os_text(int err) {
    std::string text = std::generic_category().message(err);
    if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    return text;
}

Error command_error(ErrorCode code, const Failure& failure, const std::string& object, const std::string& tail,
                    std::string hint) {
    return Error(code, "exec: \"" + object + "\": " + tail)
        .with_os(SLW_OS_ERRNO, failure.os_code)
        .with_operation(detail::read_text(failure.operation))
        .with_resource(object)
        .with_hint(std::move(hint));
}

std::string interpreter_hint(const std::string& interpreter) {
    if (!interpreter.empty() && interpreter.back() == '\r') {
        return "the first line of the script ends in CR LF; save it with Unix line ends (dos2unix)";
    }
    if (interpreter.find("/ld-") != std::string::npos) {
        return "the program needs the dynamic loader '" + interpreter +
               "', which the image does not have; link it statically or use an image with its C library";
    }
    return "the interpreter '" + interpreter + "' that the file asks for does not exist in the image";
}

std::string denial_hint(const std::string& detail) {
    if (detail == supervisor::kDetailNoexec) return "the file lies on a file system that is mounted noexec";
    if (detail == supervisor::kDetailMode) return "the file has no execute permission; chmod +x it";
    return "";
}

std::string machine_name(int machine) {
    switch (machine) {
        case EM_386:
            return "x86 (32-bit)";
        case EM_ARM:
            return "arm";
        case EM_X86_64:
            return "x86_64";
        case EM_AARCH64:
            return "aarch64";
        case EM_RISCV:
            return "riscv";
        case EM_PPC64:
            return "ppc64";
        case EM_S390:
            return "s390x";
        default:
            return "ELF machine " + std::to_string(machine);
    }
}

std::string failed_hint(const Failure& failure, const std::string& detail) {
    const std::string machine_mark = supervisor::kDetailMachine;
    if (failure.os_code == ENOEXEC && detail.starts_with(machine_mark)) {
        utsname names{};
        ::uname(&names);
        return "the program is built for " + machine_name(std::atoi(detail.c_str() + machine_mark.size())) +
               ", this machine is " + names.machine;
    }
    if (failure.os_code == ENOEXEC) return "the file is neither a program nor a script: its first line has no #!";
    if (failure.os_code == E2BIG) return "arguments and environment are too long for the kernel";
    if (failure.os_code == EAGAIN) return "the user has more processes than its nproc limit allows";
    if (failure.os_code == ETXTBSY) return "the file is open for writing";
    return "";
}

std::string system_hint(const std::string& operation, int err) {
    if (operation == "write sysctl") {
        return err == ENOENT ? "this kernel has no such parameter" : "the kernel does not accept this value";
    }
    if (err == ENOSPC || err == EDQUOT) return "the disk is full";
    return "";
}

Error system_error(const Failure& failure, const std::string& operation, const std::string& object) {
    std::string what = operation;
    if (!object.empty()) what += " '" + object + "'";
    return Error::from_errno(failure.os_code, std::move(what))
        .with_operation(operation)
        .with_resource(object)
        .with_hint(system_hint(operation, failure.os_code));
}

Error working_directory_error(const Failure& failure, const std::string& operation, const std::string& object) {
    std::string text = operation == "chdir" ? "chdir to cwd (\"" + object + "\") failed: " : "mkdir " + object + ": ";
    return Error(failure.os_code == EACCES ? ErrorCode::kExecDenied : ErrorCode::kExecNotFound,
                 std::move(text) + os_text(failure.os_code))
        .with_os(SLW_OS_ERRNO, failure.os_code)
        .with_operation(operation)
        .with_resource(object)
        .with_hint(failure.os_code == ENOTDIR ? "a part of the working directory's path is a file" : "");
}

}  // namespace

Error error_of(const Failure& failure) {
    const std::string operation = detail::read_text(failure.operation);
    const std::string object = detail::read_text(failure.object);
    const std::string extra = detail::read_text(failure.detail);
    switch (failure.kind) {
        case FailureKind::kCommandNotInPath:
            return command_error(ErrorCode::kExecNotFound, failure, object, "executable file not found in $PATH",
                                 "no directory of the container's PATH has it");
        case FailureKind::kCommandMissing:
            return command_error(ErrorCode::kExecNotFound, failure, object,
                                 operation + " " + object + ": " + os_text(ENOENT), "the image has no such file");
        case FailureKind::kInterpreterMissing:
            return command_error(ErrorCode::kExecNotFound, failure, object,
                                 "interpreter \"" + extra + "\": " + os_text(ENOENT), interpreter_hint(extra));
        case FailureKind::kCommandDenied:
            return command_error(ErrorCode::kExecDenied, failure, object, os_text(EACCES), denial_hint(extra));
        case FailureKind::kCommandIsDirectory:
            return command_error(ErrorCode::kExecDenied, failure, object, os_text(EISDIR) + ": " + os_text(EACCES),
                                 "the command is a directory");
        case FailureKind::kCommandFailed:
            return command_error(ErrorCode::kSystem, failure, object, os_text(failure.os_code),
                                 failed_hint(failure, extra));
        case FailureKind::kWorkingDirectory:
            return working_directory_error(failure, operation, object);
        case FailureKind::kMountType:
            return Error(ErrorCode::kMountType,
                         "error mounting to '" + object +
                             "': not a directory: Are you trying to mount a directory onto "
                             "a file (or vice-versa)? Check if the specified host path exists and is the expected type")
                .with_os(SLW_OS_ERRNO, ENOTDIR)
                .with_operation(operation)
                .with_resource(object)
                .with_hint("a file can be mounted only on a file, a directory only on a directory");
        case FailureKind::kPolicy: {
            std::string text = operation;
            if (!object.empty()) text += " '" + object + "'";
            return Error(failure.os_code == 0 ? ErrorCode::kInternal : ErrorCode::kPermissionDenied,
                         text + ": " + extra)
                .with_operation(operation)
                .with_resource(object);
        }
        case FailureKind::kNone:
        case FailureKind::kSystem:
            break;
    }
    return system_error(failure, operation, object);
}

}  // namespace slipway::linux_backend
