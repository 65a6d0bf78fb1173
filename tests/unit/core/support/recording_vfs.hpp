// tests/unit/core/support/recording_vfs.hpp - stands between SQLite and the disk and shows, at each write, what a loss
// of power would leave of the files at that moment.
#pragma once

#include <sqlite3.h>

#include <functional>
#include <map>
#include <string>

namespace slipway::test {

// The content of every file the database has, by path; a file that is not there has no entry.
using DiskImage = std::map<std::string, std::string>;

// While it lives it is the process's default VFS; one at a time, for connections of one thread.
class RecordingVfs {
public:
    // Called before each write, sync, truncation and removal with what is in the files now, and with what is certain to
    // be on the disk: the state at each file's last sync.
    using Observer = std::function<void(const DiskImage& written, const DiskImage& synced)>;

    explicit RecordingVfs(Observer observer);
    ~RecordingVfs();
    RecordingVfs(const RecordingVfs&) = delete;
    RecordingVfs& operator=(const RecordingVfs&) = delete;

    // For the implementation.
    sqlite3_vfs* base() const { return base_; }
    void before_change() const { observer_(written_, synced_); }
    // The second half of a write is missing.
    void before_write(const std::string& path, std::string_view bytes, size_t offset);
    void wrote(const std::string& path, std::string_view bytes, size_t offset);
    void truncated(const std::string& path, size_t size) { written_[path].resize(size); }
    void synced(const std::string& path) { synced_[path] = written_[path]; }
    void opened(const std::string& path) { written_.try_emplace(path); }
    void removed(const std::string& path);

private:
    Observer observer_;
    sqlite3_vfs* base_;
    sqlite3_vfs vfs_;
    DiskImage written_, synced_;
};

}  // namespace slipway::test
