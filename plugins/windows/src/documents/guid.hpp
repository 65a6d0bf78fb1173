// plugins/windows/src/documents/guid.hpp - the GUIDs under which layers, networks and endpoints are known to Windows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slipway::windows_backend {

// The layout of the Windows type of that name.
struct Guid {
    uint32_t data1 = 0;
    uint16_t data2 = 0;
    uint16_t data3 = 0;
    uint8_t data4[8] = {};

    friend bool operator==(const Guid& a, const Guid& b) = default;
    friend auto operator<=>(const Guid& a, const Guid& b) = default;

    // "01234567-89ab-8cde-8f01-23456789abcd"; with braces around it is taken, too.
    static std::optional<Guid> parse(std::string_view text);
    std::string text() const;
};

// Made from the first 32 of an id's 64 hex digits, so that the same object has the same GUID after a restart and
// nothing has to be stored. It is a version 8 GUID (RFC 9562: for rules of one's own). Ids are random or a SHA-256, so
// 122 bits of them are as unique as any GUID. A shorter or other id is filled with a hash of it.
Guid guid_of_id(std::string_view id);

// Of an object that stands for an id in one role, such as the network name space of a container.
Guid guid_of_id(std::string_view id, std::string_view role);

}  // namespace slipway::windows_backend
