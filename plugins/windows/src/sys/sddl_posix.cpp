#include <sys/sddl.hpp>

namespace slipway::windows_backend {

Result<std::string> descriptor_of_sddl(const std::string&) {
    return Error(ErrorCode::kUnimplemented, "only Windows reads security descriptors that are text");
}

}  // namespace slipway::windows_backend
