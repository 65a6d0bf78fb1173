// plugins/windows/src/hcs/api.hpp - the function table as the typed objects hold it, and text that must be freed.
#pragma once

#include <raw/host_api.hpp>
#include <raw/utf16.hpp>

#include <string>

namespace slipway::windows_backend {

using Api = std::shared_ptr<const raw::HostApi>;

// Takes text that Windows returned, frees it, and gives it as UTF-8. Null is empty.
inline std::string take_text(char16_t* text, void (*free_it)(void*)) {
    if (text == nullptr) return {};
    std::string taken = to_utf8(text);
    free_it(text);
    return taken;
}

}  // namespace slipway::windows_backend
