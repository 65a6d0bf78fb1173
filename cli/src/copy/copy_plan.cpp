#include "copy/copy_plan.hpp"

#include "client.hpp"
#include "format.hpp"

#include <filesystem>

namespace slipway::cli {
namespace {

// Without "." and ".." inside, and without a slash at the end.
std::string clean(const std::string& path) {
    std::string out = path_of(path).lexically_normal().generic_string();
    while (out.size() > 1 && out.back() == '/') out.pop_back();
    return out.empty() ? "." : out;
}

bool means_content(const std::string& path) {
    return path == "." || path.ends_with("/.");
}

}  // namespace

CopyArgument split_copy_argument(const std::string& text) {
    const size_t colon = text.find(':');
    if (path_of(text).is_absolute() || colon == std::string::npos || text.starts_with(".")) return {"", text};
    return {text.substr(0, colon), text.substr(colon + 1)};
}

PathEntry split_entry(const std::string& path) {
    std::string cleaned = clean(path);
    if (means_content(path)) return {cleaned, "."};
    const size_t slash = cleaned.rfind('/');
    if (slash == std::string::npos) return {".", cleaned};
    return {slash == 0 ? "/" : cleaned.substr(0, slash), cleaned == "/" ? "/" : cleaned.substr(slash + 1)};
}

bool asserts_directory(const std::string& path) {
    return path.ends_with("/") || means_content(path);
}

CopyPlan plan_copy(const CopySource& source, const CopyDestination& destination) {
    const std::string from = split_entry(source.path).base;
    const std::string name = source.name.empty() ? from : source.name;
    if (destination.exists && destination.is_directory) return {destination.path, from, name};
    if (destination.exists && source.is_directory) throw CommandError("cannot copy directory");
    if (!source.is_directory && asserts_directory(destination.path)) throw CommandError("no such directory");
    const PathEntry to = split_entry(destination.path);
    // "new/." for a directory: there is nothing in it yet, so it is made under its name.
    if (to.base == ".") return {split_entry(to.directory).directory, from, split_entry(to.directory).base};
    return {to.directory, from, to.base};
}

std::string renamed(const std::string& member, const CopyPlan& plan) {
    if (plan.from == plan.to) return member;
    std::string name = member;
    while (name.starts_with("./") && plan.from != ".") name.erase(0, 2);
    if (plan.from == "/") return plan.to + "/" + name;
    if (name != plan.from && !name.starts_with(plan.from + "/")) return member;
    return plan.to + name.substr(plan.from.size());
}

}  // namespace slipway::cli
