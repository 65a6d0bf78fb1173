// core/src/store/sqlite.hpp - SQLite with this project's errors and ownership: a connection and prepared statements.
#pragma once

#include <slipway/cpp/error.hpp>
#include <slipway/cpp/unique_handle.hpp>

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace slipway::core::sqlite {

struct DatabaseTraits {
    using Type = sqlite3*;
    static Type none() { return nullptr; }
    static void close(Type db) noexcept { sqlite3_close_v2(db); }
};

struct StatementTraits {
    using Type = sqlite3_stmt*;
    static Type none() { return nullptr; }
    static void close(Type statement) noexcept { sqlite3_finalize(statement); }
};

class Statement;

// One connection. Not thread-safe.
class Database {
public:
    // Makes the file when it is missing. Nothing is read yet, so a file that is no database is found by the first use.
    static Result<Database> open(const std::filesystem::path& file);

    // Runs statements that give no rows.
    Status run(const char* sql);
    Result<Statement> prepare(std::string_view sql);
    // The first column of the first row; 0 without one.
    Result<int64_t> query_number(std::string_view sql);

    // From now on `pages` holds the size of the WAL after each commit, and nothing but checkpoint() copies it back into
    // the database. `pages` outlives the connection.
    void count_wal_pages(int& pages);
    // Copies the WAL back, with fsyncs. Failing is harmless: the WAL stays and the next call does it.
    void checkpoint();

    // The connection's last failure, as an Error naming the file.
    Error failure(int code) const;

private:
    Database(UniqueHandle<DatabaseTraits> handle, std::string name)
        : handle_(std::move(handle)), name_(std::move(name)) {}

    UniqueHandle<DatabaseTraits> handle_;
    std::string name_;
};

// A prepared statement. Bound texts are borrowed until reset(). Indexes count from 1 for parameters, 0 for columns.
class Statement {
public:
    Statement() = default;

    Statement& bind(int index, int64_t value);
    Statement& bind(int index, std::string_view text);

    // True: a row is there. False: done, and the statement is reset.
    Result<bool> step();
    // For statements without rows: steps once and resets.
    Status run();
    void reset();

    int64_t number(int column) const;
    std::string text(int column) const;

private:
    friend class Database;
    Statement(UniqueHandle<StatementTraits> handle, const Database* db) : handle_(std::move(handle)), db_(db) {}

    UniqueHandle<StatementTraits> handle_;
    const Database* db_ = nullptr;  // outlives the statement and stays in place
};

}  // namespace slipway::core::sqlite
