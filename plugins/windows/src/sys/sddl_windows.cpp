#include <sys/sddl.hpp>

#include <raw/utf16.hpp>

#include <windows.h>

#include <sddl.h>

namespace slipway::windows_backend {

Result<std::string> descriptor_of_sddl(const std::string& text) {
    const std::u16string wide = to_utf16(text);
    PSECURITY_DESCRIPTOR descriptor = nullptr;
    ULONG size = 0;
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(reinterpret_cast<const wchar_t*>(wide.c_str()),
                                                              SDDL_REVISION_1, &descriptor, &size)) {
        const DWORD code = GetLastError();
        return Error(ErrorCode::kInvalidArgument, "'" + text + "' is no security descriptor")
            .with_os(SLW_OS_HRESULT, HRESULT_FROM_WIN32(code));
    }
    std::string bytes(static_cast<const char*>(descriptor), size);
    LocalFree(descriptor);
    return bytes;
}

}  // namespace slipway::windows_backend
