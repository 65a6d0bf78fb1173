#include "restart/boot_order.hpp"

#include <algorithm>
#include <map>

namespace slipway::core {

namespace {

// A depth-first walk that puts dependencies before what needs them.
class Walk {
public:
    Walk(const std::vector<RecordPtr>& wanted, const IdOfReference& id_of) : id_of_(id_of) {
        for (const RecordPtr& record : wanted) {
            waiting_.emplace(record->id, record);
        }
    }

    void visit(const RecordPtr& record) {
        if (waiting_.erase(record->id) == 0) return;  // placed, or being placed: a circle is cut here
        BootStep step{record->id, {}};
        for (const std::string& id : boot_dependencies(*record, id_of_)) {
            if (const auto found = waiting_.find(id); found != waiting_.end()) visit(RecordPtr(found->second));
            if (const auto place = places_.find(id); place != places_.end()) step.after.push_back(place->second);
        }
        places_[record->id] = steps.size();
        steps.push_back(std::move(step));
    }

    std::vector<BootStep> steps;

private:
    std::map<std::string, RecordPtr> waiting_;
    const IdOfReference& id_of_;
    std::map<std::string, size_t> places_;
};

}  // namespace

std::vector<BootStep> boot_order(const std::vector<RecordPtr>& wanted, const IdOfReference& id_of) {
    std::vector<RecordPtr> by_age = wanted;
    std::sort(by_age.begin(), by_age.end(),
              [](const RecordPtr& a, const RecordPtr& b) { return a->created < b->created; });
    Walk walk(wanted, id_of);
    for (const RecordPtr& record : by_age) walk.visit(record);
    return std::move(walk.steps);
}

}  // namespace slipway::core
