// core/src/userns/id_pool.hpp - which container has which ids of the host.
#pragma once

#include <slipway/core/user_namespace.hpp>

#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace slipway::core {

// Ids a container gets in the modes private and auto, as many as podman gives: all that an image normally uses.
inline constexpr uint32_t kPrivateIds = 65536;

// Gives out ranges of kPrivateIds that nobody else has. A range is taken while anybody holds it: the container that it
// was given to and those that joined its user name space, whichever is removed first. Who holds what is known from the
// containers' records alone, so nothing is stored here. Safe on any thread.
class IdPool {
public:
    // `reserved` is never given out: the ids of all containers that share one map.
    void open(IdPoolRange pool, const std::optional<IdMap>& reserved);

    // The lowest free range, for users and groups; `holder`, a container id, has it from now on.
    //   kInvalidArgument    the daemon has no pool
    //   kResourceExhausted  all of it is taken
    Result<IdMap> take(const std::string& holder);

    // `owner` is the document of the container whose user name space `holder` joins, which may be going away.
    //   kConflict  it is gone already, and its ids with it
    // Nothing to hold, and so never refused, unless they are ids of its own.
    Status join(const std::string& holder, const nlohmann::json& owner);

    // `document` is that of the record of `holder`, from an earlier life of the daemon.
    void note(const std::string& holder, const nlohmann::json& document);

    // Whatever `holder` has; what nobody else holds is free again. Giving back twice is harmless.
    void give_back(const std::string& holder);

private:
    struct Span {
        uint64_t first, end;
        bool operator==(const Span&) const = default;
    };
    struct Taken {
        Span span;
        std::set<std::string> holders;  // container ids, never empty
    };

    static std::vector<Span> spans_of(const nlohmann::json& document);
    // Null when nobody holds it.
    Taken* find(const Span& span);
    bool is_free(const Span& wanted) const;

    std::mutex mutex_;
    IdPoolRange pool_;            // guarded by mutex_
    std::vector<Span> reserved_;  // guarded by mutex_
    std::vector<Taken> taken_;    // guarded by mutex_
};

}  // namespace slipway::core
