#include <layers/upper_writer.hpp>

#include <documents/utf8_text.hpp>
#include <layers/transport_format.hpp>
#include <sys/clone_file.hpp>

#include <algorithm>

namespace slipway::windows_backend {

namespace fs = std::filesystem;

namespace {

Error refuse(const std::string& why) {
    return Error(ErrorCode::kInvalidArgument, why);
}

bool is_of_machine(const LayerPath& path) {
    return path[0] == kUtilityVm;
}

// Setting up a machine changes these: they must not be the file of the layer below.
bool is_changed_later(const LayerPath& path) {
    constexpr const char* kStores[] = {"bcd", "bcd.log", "bcd.log1", "bcd.log2"};
    const std::string name = folded(path), in = "utilityvm\\files\\efi\\microsoft\\boot\\";
    return std::any_of(std::begin(kStores), std::end(kStores), [&](const char* store) { return name == in + store; });
}

Status clone_tree(const fs::path& from, const fs::path& to, const LayerPath& path) {
    const fs::path source = below(from, path), target = below(to, path);
    if (Status cloned = clone_file(source, target); !cloned) return cloned;
    const auto entries = list_directory(source);
    if (!entries) return entries.error();
    for (const FileEntry& entry : *entries) {
        LayerPath inside = path;
        inside.push_back(entry.name);
        Status done = ok();
        if (entry.kind == FileKind::kDirectory) {
            done = clone_tree(from, to, inside);
        } else if (entry.kind == FileKind::kLink || is_changed_later(inside)) {
            done = clone_file(below(from, inside), below(to, inside));
        } else {
            done = make_hard_link(below(from, inside), below(to, inside));
        }
        if (!done) return done;
    }
    const Result<BasicInfo> info = basic_info(source);
    return info ? set_basic_info(target, *info) : Status(info.error());
}

}  // namespace

UpperWriter::UpperWriter(fs::path folder, std::vector<fs::path> parents, fs::path layer)
    : parents_(std::move(parents)),
      layer_(std::move(layer)),
      transport_(std::move(folder), parents_),
      machine_(layer_) {}

Status UpperWriter::clone_machine() {
    has_machine_ = true;
    const LayerPath files = {kUtilityVm, kFiles};
    if (Status made = make_directory(layer_ / kUtilityVm); !made) return made;
    for (const fs::path& parent : parents_) {
        const Result<FileKind> kind = kind_below(parent, files);
        if (!kind) return kind.error();
        if (*kind != FileKind::kDirectory) continue;
        return clone_tree(parent, layer_, files);
    }
    return ok();
}

Status UpperWriter::enter_machine(const LayerPath& path) {
    if (path.size() > 1 && path[1] != kFiles) return refuse("is not below the Files of UtilityVM");
    current_ = &machine_;
    return has_machine_ ? Status(ok()) : clone_machine();
}

// Its parents are known to be directories.
Status UpperWriter::remove_machine_file(const LayerPath& path) {
    machine_.parents().forget();
    if (Status closed = machine_.close_file(); !closed) return closed;
    return remove_tree(below(layer_, path));
}

Status UpperWriter::add(const LayerPath& path, const MemberFacts& facts, bool replaces) {
    if (!is_of_machine(path)) {
        current_ = &transport_;
        return transport_.add(path, facts, replaces);
    }
    if (Status entered = enter_machine(path); !entered) return entered;
    if (path.size() < 3 && (!facts.is_directory() || facts.reparse)) return refuse("is no directory");
    if (Status above = machine_.parents().check(path); !above) return above;
    const fs::path place = below(layer_, path);
    const Result<FileKind> kind = kind_of(place);
    if (!kind) return kind.error();
    // A directory that stays one keeps what is in it. A file may be that of the layer below: it is not written to.
    const bool stays = *kind == FileKind::kDirectory && facts.is_directory() && !facts.reparse;
    if (!stays) {
        if (Status removed = remove_machine_file(path); !removed) return removed;
    }
    return machine_.add(path, facts, false);
}

Status UpperWriter::add_link(const LayerPath& path, const LayerPath& target, bool added, bool replaces) {
    if (!is_of_machine(path)) {
        current_ = &transport_;
        return transport_.add_link(path, target, added, replaces);
    }
    if (Status entered = enter_machine(path); !entered) return entered;
    if (path.size() < 3 || target.size() < 3 || !is_of_machine(target)) return refuse("is a link out of UtilityVM");
    const Result<FileKind> kind = kind_below(layer_, target);
    if (!kind) return kind.error();
    if (*kind != FileKind::kFile) return refuse("links to what is no file of the layer, nor of one below");
    if (Status above = machine_.parents().check(path); !above) return above;
    if (Status removed = remove_machine_file(path); !removed) return removed;
    return machine_.add_link(path, target, true, false);
}

Status UpperWriter::remove(const LayerPath& path) {
    if (!is_of_machine(path)) return transport_.remove(path);
    if (Status entered = enter_machine(path); !entered) return entered;
    if (path.size() < 3) return refuse("removes what is not below the Files of UtilityVM");
    const Result<FileKind> above = kind_below(layer_, LayerPath(path.begin(), path.end() - 1));
    if (!above) return above.error();
    if (*above != FileKind::kDirectory) return refuse("removes what is not there");
    return remove_machine_file(path);
}

Status UpperWriter::finish() {
    if (Status finished = machine_.finish(); !finished) return finished;
    return transport_.finish();
}

}  // namespace slipway::windows_backend
