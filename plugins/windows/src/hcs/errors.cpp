#include <hcs/errors.hpp>

#include <documents/json_access.hpp>

#include <cstdio>

namespace slipway::windows_backend {
namespace {

using nlohmann::json;

struct Row {
    raw::Hresult result;
    ErrorCode code;
    const char* meaning;
    const char* hint;
};

constexpr Row kRows[] = {
    {raw::kHcsTerminatedDuringStart, ErrorCode::kSystem, "the system ended while it started",
     "the image may not fit this build of Windows; see the event log of the Host Compute Service"},
    {raw::kHcsImageMismatch, ErrorCode::kInvalidArgument, "the image does not match this build of Windows",
     "use an image whose os.version is that of the host"},
    {raw::kHcsHypervMissing, ErrorCode::kSystem, "Hyper-V is missing",
     "enable the Windows feature Hyper-V and virtualization in the firmware, or use --isolation=process"},
    {raw::kHcsInvalidState, ErrorCode::kConflict, "wrong state for this call", ""},
    {raw::kHcsUnexpectedExit, ErrorCode::kSystem, "the system ended unexpectedly", ""},
    {raw::kHcsTerminated, ErrorCode::kConflict, "the system was terminated", ""},
    {raw::kHcsInvalidJson, ErrorCode::kInternal, "the document was not accepted", ""},
    {raw::kHcsSystemNotFound, ErrorCode::kNotFound, "no such system", ""},
    {raw::kHcsSystemAlreadyExists, ErrorCode::kConflict, "the system exists already", ""},
    {raw::kHcsSystemAlreadyStopped, ErrorCode::kNotFound, "the system has stopped already", ""},
    {raw::kHcsInvalidLayer, ErrorCode::kDataLoss, "a layer is damaged or missing",
     "remove the image and pull it again"},
    {raw::kHcsServiceNotAvailable, ErrorCode::kUnavailable, "the Host Compute Service is not available",
     "start the service vmcompute"},
    {raw::kHcsServiceDisconnect, ErrorCode::kUnavailable, "the Host Compute Service went away",
     "look for a restart of the service vmcompute"},
    {raw::kHcsAccessDenied, ErrorCode::kPermissionDenied, "access denied",
     "the daemon must run as an Administrator or Hyper-V Administrator"},
    {raw::kHcsProcessInfoMissing, ErrorCode::kInternal, "what is known of the process is gone", ""},
    {raw::kHcsProcessAlreadyStopped, ErrorCode::kNotFound, "the process has stopped already", ""},
    {raw::kAccessDenied, ErrorCode::kPermissionDenied, "access denied", ""},
    {raw::kFileNotFound, ErrorCode::kNotFound, "file not found", ""},
    {raw::kPathNotFound, ErrorCode::kNotFound, "path not found", ""},
    {raw::kElementNotFound, ErrorCode::kNotFound, "not found", ""},
    {raw::kOutOfMemory, ErrorCode::kResourceExhausted, "out of memory", ""},
    {raw::kDiskFull, ErrorCode::kResourceExhausted, "the disk is full", ""},
    {raw::kNotImplemented, ErrorCode::kUnimplemented, "not implemented", ""},
    {raw::kNotSupported, ErrorCode::kUnimplemented, "not supported", ""},
    {raw::kSharingViolation, ErrorCode::kConflict, "in use", ""},
    {raw::kHcnNetworkNotFound, ErrorCode::kNotFound, "no such network",
     "the network was deleted behind the daemon; remove it and create it again"},
    {raw::kHcnEndpointNotFound, ErrorCode::kNotFound, "no such endpoint", ""},
    {raw::kHcnEndpointNotAttached, ErrorCode::kNotFound, "the endpoint is not attached", ""},
    {raw::kHcnNetworkAlreadyExists, ErrorCode::kConflict, "the network or its subnet exists already", ""},
    {raw::kHcnPortAlreadyExists, ErrorCode::kConflict, "port is already allocated", ""},
    {raw::kHcnEndpointInNamespace, ErrorCode::kConflict, "the endpoint is in a name space already", ""},
    {raw::kHcnStillReferenced, ErrorCode::kConflict, "still in use", ""},
    {raw::kHcnAddressReserved, ErrorCode::kResourceExhausted, "no free address, or the address is taken", ""},
    {raw::kHcnInvalidIp, ErrorCode::kInvalidArgument, "the address is not in the subnet", ""},
    {raw::kHcnInvalidSubnet, ErrorCode::kInvalidArgument, "invalid subnet", ""},
    {raw::kHcnInvalidJson, ErrorCode::kInternal, "the document was not accepted", ""},
    {raw::kHcnInvalidInternalPort, ErrorCode::kInvalidArgument, "invalid container port", ""},
};

// vmcompute.dll gives 0xC037nnnn where computecore.dll gives 0x8037nnnn.
raw::Hresult normalised(raw::Hresult result) {
    const auto bits = static_cast<uint32_t>(result);
    return (bits & 0x1FFF0000U) == 0x00370000U ? raw::hresult(0x80370000U | (bits & 0xFFFFU)) : result;
}

const Row* row_of(raw::Hresult result) {
    for (const Row& row : kRows) {
        if (row.result == normalised(result)) return &row;
    }
    return nullptr;
}

// What the document adds: ErrorMessage and the messages of its events (HCS), or Error (HCN).
std::string details_of(const std::string& document) {
    const json parsed = json::parse(document, nullptr, false);
    if (!parsed.is_object()) return {};
    std::string details = read_text(parsed, "ErrorMessage");
    if (details.empty()) details = read_text(parsed, "Error");
    const json& events = member_of(parsed, "ErrorEvents");
    for (const json& event : events.is_array() ? events : json::array()) {
        const std::string message = read_text(event, "Message");
        if (!message.empty()) details += (details.empty() ? "" : "; ") + message;
    }
    return details;
}

}  // namespace

ErrorCode code_of(raw::Hresult result) {
    const Row* row = row_of(result);
    return row == nullptr ? ErrorCode::kSystem : row->code;
}

Error error_of(raw::Hresult result, const std::string& operation, const std::string& object,
               const std::string& document) {
    const Row* row = row_of(result);
    char number[16];
    std::snprintf(number, sizeof(number), "0x%08X", static_cast<unsigned>(result));
    std::string message = operation + " '" + object + "': ";
    message += row == nullptr ? "failed" : row->meaning;
    message += std::string(" (") + number + ")";
    if (const std::string details = details_of(document); !details.empty()) message += ": " + details;
    return Error(code_of(result), std::move(message))
        .with_os(SLW_OS_HRESULT, result)
        .with_operation(operation)
        .with_resource(object)
        .with_hint(row == nullptr ? "" : row->hint);
}

bool is_gone(raw::Hresult result) {
    switch (normalised(result)) {
        case raw::kHcsSystemAlreadyStopped:
        case raw::kHcsSystemNotFound:
        case raw::kHcsProcessAlreadyStopped:
        case raw::kElementNotFound:
            return true;
        default:
            return false;
    }
}

bool is_gone(const Error& error) {
    return error.os().domain == SLW_OS_HRESULT && is_gone(error.os().code);
}

bool is_ending(const Error& error) {
    return is_gone(error) || (error.os().domain == SLW_OS_HRESULT && normalised(error.os().code) == raw::kAccessDenied);
}

bool is_not_found(const Error& error) {
    return error.code() == ErrorCode::kNotFound;
}

}  // namespace slipway::windows_backend
