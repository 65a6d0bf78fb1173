// plugins/windows/src/raw/types.hpp - the types of computecore.h, computenetwork.h and computestorage.h under names of
// our own, so that everything above compiles on any platform. Windows is x64 only: one calling convention, and wchar_t
// is char16_t by layout.
#pragma once

#include <documents/guid.hpp>

#include <cstdint>

namespace slipway::windows_backend::raw {

using Hresult = int32_t;
using Handle = void*;  // of operations, systems, processes, networks, endpoints, name spaces, files
using Text = const char16_t*;

constexpr bool failed(Hresult result) {
    return result < 0;
}

// HCS_PROCESS_INFORMATION. A pipe that was not asked for is null or kNoHandle.
struct ProcessInformation {
    uint32_t process_id = 0;
    uint32_t reserved = 0;
    Handle std_input = nullptr;
    Handle std_output = nullptr;
    Handle std_error = nullptr;
};

// INVALID_HANDLE_VALUE.
inline const Handle kNoHandle = reinterpret_cast<Handle>(static_cast<intptr_t>(-1));

// HCS_EVENT.
struct Event {
    uint32_t type = 0;  // kEvent...
    Text data = nullptr;
    Handle operation = nullptr;
};

constexpr uint32_t kEventSystemExited = 0x1;
constexpr uint32_t kEventSystemCrashInitiated = 0x2;
constexpr uint32_t kEventSystemCrashReport = 0x3;
constexpr uint32_t kEventProcessExited = 0x10000;
constexpr uint32_t kEventServiceDisconnect = 0x2000000;

using EventCallback = void (*)(const Event* event, void* context);
using OperationCallback = void (*)(Handle operation, void* context);

constexpr uint32_t kGenericAll = 0x10000000;
constexpr uint32_t kInfinite = 0xFFFFFFFF;

}  // namespace slipway::windows_backend::raw
