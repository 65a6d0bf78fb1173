// plugins/linux/src/fs/container_view.hpp - a container's file systems for somebody who is not in it.
#pragma once

#include <container.hpp>
#include <fs/mount_plan.hpp>
#include <fs/owner_map.hpp>
#include <slipway/cpp/error.hpp>
#include <sys/unique_fd.hpp>

#include <functional>
#include <string>
#include <vector>

namespace slipway::linux_backend {

// What a container that does not run consists of.
struct ViewParts {
    std::vector<std::string> layers;
    bool read_only_root = false;
    std::vector<MountPlan> mounts;  // in the order in which they are attached
};

// The root directory, to resolve names below. Nothing of it is in the host's mount table, and the mounts stay what they
// are while this lives, even when the container ends.
class ContainerView {
public:
    ContainerView(ContainerView&&) = default;
    ContainerView& operator=(ContainerView&&) = delete;
    ~ContainerView();

    int root() const { return root_.get(); }  // O_PATH or a detached mount
    const OwnerMap& ids() const { return ids_; }

private:
    friend Result<ContainerView> open_view(slw_container& c, const ViewParts& parts,
                                           const std::function<Status()>& check);
    friend Result<ContainerView> open_bare_view(slw_container& c, const ViewParts& parts);
    explicit ContainerView(slw_container& c) : container_(&c) {}

    slw_container* container_;
    UniqueFd root_;
    UniqueFd mounts_;  // a mount name space; unset for a bare view
    OwnerMap ids_;
};

// As the first process sees it; of a container that does not run, as its first process would: the root and the mounts
// of `parts`, put together in a mount name space of its own that ends with the view.
//   kConflict  it runs no more but has not been given back yet
Result<ContainerView> open_view(slw_container& c, const ViewParts& parts, const std::function<Status()>& check);

// The root file system alone, without what is mounted into it.
Result<ContainerView> open_bare_view(slw_container& c, const ViewParts& parts);

}  // namespace slipway::linux_backend
