#include "machine.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace conformance {
namespace {

namespace fs = std::filesystem;

size_t entries_in(const char* directory) {
    return static_cast<size_t>(std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

}  // namespace

const void* library_symbol(const std::string& path, const char* symbol, std::string& why) {
    static void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    static const char* const error = library == nullptr ? dlerror() : nullptr;
    if (library == nullptr) {
        why = error == nullptr ? "dlopen failed" : error;
        return nullptr;
    }
    const void* const found = dlsym(library, symbol);
    if (found == nullptr) why = std::string("the library exports no ") + symbol;
    return found;
}

size_t open_descriptors() {
    return entries_in("/proc/self/fd");
}

size_t live_threads() {
    return entries_in("/proc/self/task");
}

unsigned own_process_id() {
    return static_cast<unsigned>(getpid());
}

std::string new_directory() {
    std::string pattern = (fs::temp_directory_path() / "slipway-conformance-XXXXXX").string();
    return mkdtemp(pattern.data()) == nullptr ? std::string() : pattern;
}

}  // namespace conformance
