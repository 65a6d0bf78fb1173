#include "support/recording_vfs.hpp"

#include <new>

namespace slipway::test {
namespace {

struct File {
    sqlite3_file head;  // first: SQLite knows no other
    RecordingVfs* recorder;
    std::string* path;

    // The real file lies behind.
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

File& as_file(sqlite3_file* file) {
    return *reinterpret_cast<File*>(file);
}

RecordingVfs& as_recorder(sqlite3_vfs* vfs) {
    return *static_cast<RecordingVfs*>(vfs->pAppData);
}

int close_file(sqlite3_file* file) {
    File& f = as_file(file);
    const int code = f.real()->pMethods != nullptr ? f.real()->pMethods->xClose(f.real()) : SQLITE_OK;
    delete f.path;
    return code;
}

int read_file(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
    return as_file(file).real()->pMethods->xRead(as_file(file).real(), to, size, at);
}

int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
    File& f = as_file(file);
    const std::string_view bytes(static_cast<const char*>(from), static_cast<size_t>(size));
    f.recorder->before_write(*f.path, bytes, static_cast<size_t>(at));
    const int code = f.real()->pMethods->xWrite(f.real(), from, size, at);
    if (code == SQLITE_OK) f.recorder->wrote(*f.path, bytes, static_cast<size_t>(at));
    return code;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
    File& f = as_file(file);
    f.recorder->before_change();
    const int code = f.real()->pMethods->xTruncate(f.real(), size);
    if (code == SQLITE_OK) f.recorder->truncated(*f.path, static_cast<size_t>(size));
    return code;
}

int sync_file(sqlite3_file* file, int flags) {
    File& f = as_file(file);
    f.recorder->before_change();
    const int code = f.real()->pMethods->xSync(f.real(), flags);
    if (code == SQLITE_OK) f.recorder->synced(*f.path);
    return code;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
    return as_file(file).real()->pMethods->xFileSize(as_file(file).real(), size);
}

int lock_file(sqlite3_file* file, int level) {
    return as_file(file).real()->pMethods->xLock(as_file(file).real(), level);
}

int unlock_file(sqlite3_file* file, int level) {
    return as_file(file).real()->pMethods->xUnlock(as_file(file).real(), level);
}

int check_reserved(sqlite3_file* file, int* result) {
    return as_file(file).real()->pMethods->xCheckReservedLock(as_file(file).real(), result);
}

int control_file(sqlite3_file* file, int operation, void* argument) {
    return as_file(file).real()->pMethods->xFileControl(as_file(file).real(), operation, argument);
}

int sector_size(sqlite3_file* file) {
    return as_file(file).real()->pMethods->xSectorSize(as_file(file).real());
}

int characteristics(sqlite3_file* file) {
    return as_file(file).real()->pMethods->xDeviceCharacteristics(as_file(file).real());
}

// Version 1: no shared memory, which a database in exclusive mode does not need, and no mapping, which would hide
// writes.
const sqlite3_io_methods kMethods = {
    1,         close_file,  read_file,      write_file,   truncate_file, sync_file,      file_size,
    lock_file, unlock_file, check_reserved, control_file, sector_size,   characteristics};

int open_file(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
    RecordingVfs& recorder = as_recorder(vfs);
    File& f = *new (file) File{};
    const int code = recorder.base()->xOpen(recorder.base(), name, f.real(), flags, out_flags);
    if (code != SQLITE_OK) return code;
    f.recorder = &recorder;
    f.path = new std::string(name != nullptr ? name : "");
    recorder.opened(*f.path);
    f.head.pMethods = &kMethods;
    return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int sync_directory) {
    RecordingVfs& recorder = as_recorder(vfs);
    recorder.before_change();
    const int code = recorder.base()->xDelete(recorder.base(), name, sync_directory);
    if (code == SQLITE_OK) recorder.removed(name);
    return code;
}

}  // namespace

RecordingVfs::RecordingVfs(Observer observer)
    : observer_(std::move(observer)), base_(sqlite3_vfs_find(nullptr)), vfs_(*base_) {
    vfs_.zName = "recording";
    vfs_.pAppData = this;
    vfs_.pNext = nullptr;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + base_->szOsFile;
    vfs_.xOpen = open_file;
    vfs_.xDelete = delete_file;
    sqlite3_vfs_register(&vfs_, 1);
}

RecordingVfs::~RecordingVfs() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(base_, 1);
}

void RecordingVfs::before_write(const std::string& path, std::string_view bytes, size_t offset) {
    before_change();
    const std::string whole = written_[path];
    wrote(path, bytes.substr(0, bytes.size() / 2), offset);
    before_change();
    written_[path] = whole;
}

void RecordingVfs::wrote(const std::string& path, std::string_view bytes, size_t offset) {
    std::string& content = written_[path];
    if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
    content.replace(offset, bytes.size(), bytes);
}

void RecordingVfs::removed(const std::string& path) {
    written_.erase(path);
    synced_.erase(path);
}

}  // namespace slipway::test
