// core/src/userns/id_pool.hpp - which container has which ids of the host.
#pragma once

#include <slipway/core/user_namespace.hpp>

#include <mutex>
#include <vector>

namespace slipway::core {

// Ids a container gets in the modes private and auto, as many as podman gives: all that an image normally uses.
inline constexpr uint32_t kPrivateIds = 65536;

// Gives out ranges of kPrivateIds that nobody else has. What is taken is known from the containers' records alone, so
// nothing is stored here. Safe on any thread.
class IdPool {
public:
    // `reserved` is never given out: the ids of all containers that share one map.
    void open(IdPoolRange pool, const std::optional<IdMap>& reserved);

    // The lowest free range, for users and groups; taken from now on.
    //   kInvalidArgument    the daemon has no pool
    //   kResourceExhausted  all of it is taken
    Result<IdMap> take();

    // `document` is that of a container record: taken, and free again. One that joins another's, or none, is no range
    // of its own. Giving back twice is harmless.
    void note(const nlohmann::json& document);
    void give_back(const nlohmann::json& document);

private:
    struct Taken {
        uint64_t first, end;
        bool operator==(const Taken&) const = default;
    };

    static std::vector<Taken> ranges_of(const nlohmann::json& document);
    bool is_free(const Taken& wanted) const;

    std::mutex mutex_;
    IdPoolRange pool_;          // guarded by mutex_
    std::vector<Taken> taken_;  // guarded by mutex_
};

}  // namespace slipway::core
