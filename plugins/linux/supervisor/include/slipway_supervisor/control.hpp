// slipway_supervisor/control.hpp - what plugin and supervisor say to each other over a SOCK_SEQPACKET socket.
//
// One message is one packet: ControlHeader, then what `kind` says. Requests carry a sequence number that the answer
// repeats; events carry 0. Conversation of a launch:
//
//   plugin -> supervisor   kLaunch  (first descriptor: the plan; more kLaunch packets bring the rest)
//   supervisor -> plugin   kReply   once the first process is parked, with a descriptor of it (pidfd); or a failure
//   plugin -> supervisor   kStart   ...                     -> kReply once the command was executed
//   supervisor -> everyone kExit    after the log is complete and the exit record is written
//
// A daemon that comes back connects to the listening socket and says kHello: the reply has the state and two
// descriptors, of the first process and of the supervisor itself.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace slipway::supervisor {

constexpr uint32_t kControlMagic = 0x43574c53;  // "SLWC"
constexpr size_t kMaxPacketBytes = 128 * 1024;  // fits the default socket buffer of 208 KiB
constexpr uint32_t kMaxFdsPerPacket = 250;      // SCM_MAX_FD is 253
constexpr size_t kMaxEarlyInputBytes = 64 * 1024;
constexpr size_t kMaxDetachKeys = 32;

// Files in the state directory.
constexpr char kSocketName[] = "control";
constexpr char kExitRecordName[] = "exit";
constexpr char kExitRecordTemporary[] = "exit.new";

enum class MessageKind : uint32_t {
    kLaunch = 1,   // LaunchRequest
    kStart = 2,    // nothing
    kHello = 3,    // nothing
    kAttach = 4,   // AttachRequest, preamble, early input, detach keys; one descriptor
    kResize = 5,   // ResizeRequest
    kDestroy = 6,  // nothing: kill, hand out what is left, end
    kReply = 32,   // StateReport
    kExit = 33,    // StateReport
    kOom = 34,     // StateReport
};

struct ControlHeader {
    uint32_t magic = kControlMagic;
    MessageKind kind = MessageKind::kReply;
    uint32_t sequence = 0;
    uint32_t size = 0;  // of the whole packet
};

struct LaunchRequest {
    ControlHeader header;
    uint32_t fd_count = 0;    // descriptors that belong to the plan, in all packets together, without the plan's own
    uint32_t plan_bytes = 0;  // size of the memory file
};

// AttachRequest::flags
constexpr uint32_t kAttachStdin = 1u << 0;
constexpr uint32_t kAttachStdout = 1u << 1;
constexpr uint32_t kAttachStderr = 1u << 2;
constexpr uint32_t kAttachMultiplexed = 1u << 3;

struct AttachRequest {
    ControlHeader header;
    uint32_t flags = 0;
    uint32_t preamble_bytes = 0;
    uint32_t early_bytes = 0;
    uint32_t keys_bytes = 0;
};

struct ResizeRequest {
    ControlHeader header;
    uint32_t rows = 0;
    uint32_t columns = 0;
};

// Why a launch or start failed: the step and object where it happened, and the kind that decides code and text.
enum class FailureKind : uint32_t {
    kNone = 0,
    kSystem,            // operation on object: errno
    kCommandNotInPath,  // object is the command
    kCommandMissing,    // object is the command
    kCommandDenied,
    kCommandIsDirectory,
    kInterpreterMissing,  // object is the command, detail the interpreter
    kCommandFailed,       // execve refused it; errno says why
    kWorkingDirectory,    // object is the directory
    kMountType,           // object is the target
    kPolicy,              // refused by us; detail says why
};

// Failure::detail of kCommandDenied and, the last two, of kCommandFailed with ENOEXEC.
constexpr const char* kDetailNoexec = "noexec";     // the file system is mounted so
constexpr const char* kDetailMode = "mode";         // the file has no execute permission
constexpr const char* kDetailNoFormat = "format";   // neither ELF nor a script
constexpr const char* kDetailMachine = "machine ";  // and ELF's e_machine in decimal

struct Failure {
    FailureKind kind = FailureKind::kNone;
    int32_t os_code = 0;
    char operation[40] = {};
    char object[512] = {};
    char detail[256] = {};
};

enum class ProcessState : uint32_t { kLaunching = 0, kParked = 1, kStarting = 2, kRunning = 3, kExited = 4 };

struct StateReport {
    ControlHeader header;
    int32_t result = 0;  // 0, or errno of the request itself; failure has more when its kind is not kNone
    ProcessState state = ProcessState::kLaunching;
    int64_t pid = 0;
    int64_t supervisor_pid = 0;
    int64_t started_ns = 0;   // Unix time
    int64_t finished_ns = 0;  // Unix time
    int32_t exit_code = 0;
    uint32_t oom_killed = 0;
    Failure failure;
};

}  // namespace slipway::supervisor
