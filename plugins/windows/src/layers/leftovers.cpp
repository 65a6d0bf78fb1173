#include <layers/leftovers.hpp>

#include <sys/file_tree.hpp>
#include <sys/privileges.hpp>

#include <exception>

namespace slipway::windows_backend {

Status remove_layer_tree(const std::filesystem::path& folder) {
    // Without them it may work as well, and says best itself why it does not.
    const Result<BackupPrivileges> privileges = BackupPrivileges::take();
    return remove_tree(folder);
}

Leftovers::~Leftovers() {
    for (const auto& folder : folders_) {
        try {
            (void)remove_layer_tree(folder);
        } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): no destructor may end the daemon
        }
    }
}

}  // namespace slipway::windows_backend
