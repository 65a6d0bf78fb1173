// plugins/windows/src/raw/codes.hpp - the HRESULTs that matter. mingw-w64's winerror.h has none of HCS's and HCN's.
#pragma once

#include <raw/types.hpp>

namespace slipway::windows_backend::raw {

constexpr Hresult hresult(uint32_t value) {
    return static_cast<Hresult>(value);
}

constexpr Hresult kOk = 0;
constexpr Hresult kNotImplemented = hresult(0x80004001);
constexpr Hresult kAccessDenied = hresult(0x80070005);
constexpr Hresult kInvalidHandle = hresult(0x80070006);
constexpr Hresult kFileNotFound = hresult(0x80070002);
constexpr Hresult kPathNotFound = hresult(0x80070003);
constexpr Hresult kInvalidData = hresult(0x8007000D);
constexpr Hresult kOutOfMemory = hresult(0x8007000E);
constexpr Hresult kNotReady = hresult(0x80070015);
constexpr Hresult kSharingViolation = hresult(0x80070020);
constexpr Hresult kNotSupported = hresult(0x80070032);
constexpr Hresult kInvalidArgument = hresult(0x80070057);
constexpr Hresult kDiskFull = hresult(0x80070070);
constexpr Hresult kDirectory = hresult(0x8007010B);  // the working directory does not exist
constexpr Hresult kElementNotFound = hresult(0x80070490);
constexpr Hresult kDeviceNotConnected = hresult(0x8007048F);

// computecore. vmcompute.dll has the same low words behind 0xC037.
constexpr Hresult kHcsTerminatedDuringStart = hresult(0x80370100);
constexpr Hresult kHcsImageMismatch = hresult(0x80370101);
constexpr Hresult kHcsHypervMissing = hresult(0x80370102);
constexpr Hresult kHcsInvalidState = hresult(0x80370105);
constexpr Hresult kHcsUnexpectedExit = hresult(0x80370106);
constexpr Hresult kHcsTerminated = hresult(0x80370107);
constexpr Hresult kHcsInvalidJson = hresult(0x8037010D);
constexpr Hresult kHcsSystemNotFound = hresult(0x8037010E);
constexpr Hresult kHcsSystemAlreadyExists = hresult(0x8037010F);
constexpr Hresult kHcsSystemAlreadyStopped = hresult(0x80370110);
constexpr Hresult kHcsInvalidLayer = hresult(0x80370112);
constexpr Hresult kHcsServiceNotAvailable = hresult(0x80370114);
constexpr Hresult kHcsOperationNotStarted = hresult(0x80370115);
constexpr Hresult kHcsOperationAlreadyStarted = hresult(0x80370116);
constexpr Hresult kHcsOperationPending = hresult(0x80370117);
constexpr Hresult kHcsOperationTimeout = hresult(0x80370118);
constexpr Hresult kHcsCallbackAlreadySet = hresult(0x80370119);
constexpr Hresult kHcsAccessDenied = hresult(0x8037011B);
constexpr Hresult kHcsProcessInfoMissing = hresult(0x8037011D);
constexpr Hresult kHcsServiceDisconnect = hresult(0x8037011E);
constexpr Hresult kHcsProcessAlreadyStopped = hresult(0x8037011F);

// computenetwork.
constexpr Hresult kHcnNetworkNotFound = hresult(0x803B0001);
constexpr Hresult kHcnEndpointNotFound = hresult(0x803B0002);
constexpr Hresult kHcnPortNotFound = hresult(0x803B0007);
constexpr Hresult kHcnInvalidNetworkType = hresult(0x803B000B);
constexpr Hresult kHcnNetworkAlreadyExists = hresult(0x803B0010);
constexpr Hresult kHcnPortAlreadyExists = hresult(0x803B0013);
constexpr Hresult kHcnInvalidJson = hresult(0x803B001B);
constexpr Hresult kHcnInvalidIp = hresult(0x803B001E);
constexpr Hresult kHcnEndpointInNamespace = hresult(0x803B002B);
constexpr Hresult kHcnStillReferenced = hresult(0x803B002C);
constexpr Hresult kHcnInvalidInternalPort = hresult(0x803B002D);
constexpr Hresult kHcnAddressReserved = hresult(0x803B002F);
constexpr Hresult kHcnInvalidSubnet = hresult(0x803B0032);
constexpr Hresult kHcnEndpointNotAttached = hresult(0x803B0034);

}  // namespace slipway::windows_backend::raw
