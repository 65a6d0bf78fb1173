#include "store/sqlite.hpp"

#include <cerrno>

namespace slipway::core::sqlite {

namespace {

bool is_out_of_space(int code, int system_error) {
    const int primary = code & 0xff;
    if (primary == SQLITE_FULL || primary == SQLITE_NOMEM) return true;
    if (primary != SQLITE_IOERR && primary != SQLITE_CANTOPEN) return false;
    return system_error == ENOSPC
#ifdef EDQUOT
           || system_error == EDQUOT
#endif
           || system_error == ENFILE || system_error == EMFILE;
}

}  // namespace

Result<Database> Database::open(const std::filesystem::path& file) {
    sqlite3* raw = nullptr;
    // NOMUTEX: the owner has a mutex of its own.
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(file.string().c_str(), &raw, flags, nullptr);
    Database db(UniqueHandle<DatabaseTraits>(raw), file.string());
    if (code != SQLITE_OK) return db.failure(code);
    return db;
}

Error Database::failure(int code) const {
    const int primary = code & 0xff;
    const int system_error = handle_ ? sqlite3_system_errno(handle_.get()) : 0;
    std::string message = "store '" + name_ + "': ";
    if (is_out_of_space(code, system_error)) {
        return Error(ErrorCode::kResourceExhausted, message + sqlite3_errstr(code)).with_resource(name_);
    }
    if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) {
        return Error(ErrorCode::kDataLoss, message + sqlite3_errstr(code)).with_resource(name_);
    }
    if (primary == SQLITE_BUSY) {
        return Error(ErrorCode::kConflict, message + "in use by another process").with_resource(name_);
    }
    message += handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code);
    Error error(ErrorCode::kInternal, std::move(message));
    if (system_error != 0) return std::move(error).with_os(SLW_OS_ERRNO, system_error).with_resource(name_);
    return std::move(error).with_resource(name_);
}

Status Database::run(const char* sql) {
    const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failure(code);
    return ok();
}

void Database::count_wal_pages(int& pages) {
    const auto hook = [](void* counter, sqlite3*, const char*, int size) {
        *static_cast<int*>(counter) = size;
        return SQLITE_OK;
    };
    sqlite3_wal_hook(handle_.get(), hook, &pages);
}

void Database::checkpoint() {
    (void)sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

Result<Statement> Database::prepare(std::string_view sql) {
    sqlite3_stmt* raw = nullptr;
    const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    if (code != SQLITE_OK) return failure(code);
    return Statement(UniqueHandle<StatementTraits>(raw), this);
}

Result<int64_t> Database::query_number(std::string_view sql) {
    Result<Statement> statement = prepare(sql);
    if (!statement) return std::move(statement).error();
    Result<bool> row = statement->step();
    if (!row) return std::move(row).error();
    return *row ? statement->number(0) : int64_t{0};
}

Statement& Statement::bind(int index, int64_t value) {
    sqlite3_bind_int64(handle_.get(), index, value);
    return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
    // A null pointer would bind NULL, which the tables refuse.
    const char* data = text.data() == nullptr ? "" : text.data();
    sqlite3_bind_text64(handle_.get(), index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
    return *this;
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(handle_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) {
        reset();
        return false;
    }
    Error error = db_->failure(code);
    reset();
    return error;
}

Status Statement::run() {
    Result<bool> row = step();
    if (!row) return std::move(row).error();
    if (*row) reset();
    return ok();
}

void Statement::reset() {
    sqlite3_reset(handle_.get());
    sqlite3_clear_bindings(handle_.get());
}

int64_t Statement::number(int column) const {
    return sqlite3_column_int64(handle_.get(), column);
}

std::string Statement::text(int column) const {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
    const int size = sqlite3_column_bytes(handle_.get(), column);
    return data == nullptr ? std::string() : std::string(data, static_cast<size_t>(size));
}

}  // namespace slipway::core::sqlite
