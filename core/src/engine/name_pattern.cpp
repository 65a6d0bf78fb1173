#include "engine/name_pattern.hpp"

#include <memory>

namespace slipway::core {

namespace {

constexpr size_t kMostStates = 2000;
constexpr int kDeepest = 50;
constexpr int kMostRepeats = 1000;  // as Go
constexpr int kNoLimit = -1;

using Bytes = std::bitset<256>;

struct Node;
using NodePtr = std::unique_ptr<Node>;

struct Node {
    enum class Kind { kBytes, kBegin, kEnd, kSequence, kChoice, kRepeat } kind = Kind::kSequence;
    Bytes bytes;
    int least = 0, most = kNoLimit;
    std::vector<NodePtr> parts;
};

NodePtr make(Node::Kind kind) {
    auto node = std::make_unique<Node>();
    node->kind = kind;
    return node;
}

void add_range(Bytes& bytes, unsigned char first, unsigned char last) {
    for (unsigned byte = first; byte <= last; ++byte) bytes.set(byte);
}

// What "\d" and its kin stand for; nothing for other letters, which would mean something that is not offered.
std::optional<Bytes> escaped(char c) {
    Bytes bytes;
    switch (c | 0x20) {
        case 'd':
            add_range(bytes, '0', '9');
            break;
        case 'w':
            add_range(bytes, '0', '9');
            add_range(bytes, 'A', 'Z');
            add_range(bytes, 'a', 'z');
            bytes.set('_');
            break;
        case 's':
            for (const unsigned char blank : std::string_view("\t\n\f\r ")) bytes.set(blank);
            break;
        default:
            if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) return std::nullopt;
            bytes.set(static_cast<unsigned char>(c));
            return bytes;
    }
    if (c >= 'A' && c <= 'Z') bytes.flip();
    return bytes;
}

// Recursive descent, one level for each open parenthesis. A null pointer is a mistake in the expression.
class Parser {
public:
    explicit Parser(std::string_view text) : rest_(text) {}

    NodePtr parse() {
        NodePtr all = choice(0);
        return rest_.empty() ? std::move(all) : nullptr;
    }

private:
    bool take(char c) {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    char next() {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    NodePtr choice(int depth) {
        NodePtr node = make(Node::Kind::kChoice);
        do {
            NodePtr part = sequence(depth);
            if (part == nullptr) return nullptr;
            node->parts.push_back(std::move(part));
        } while (take('|'));
        return node;
    }

    NodePtr sequence(int depth) {
        NodePtr node = make(Node::Kind::kSequence);
        while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')') {
            NodePtr part = repeated(atom(depth));
            if (part == nullptr) return nullptr;
            node->parts.push_back(std::move(part));
        }
        return node;
    }

    NodePtr repeated(NodePtr part) {
        if (part == nullptr || rest_.empty()) return part;
        int least = 0, most = kNoLimit;
        if (take('?')) {
            most = 1;
        } else if (take('+')) {
            least = 1;
        } else if (!take('*')) {
            if (rest_.front() != '{') return part;
            if (!counts(least, most)) return nullptr;
        }
        (void)take('?');  // as few as possible: the same when only the fact of a match counts
        if (!rest_.empty() && std::string_view("*+?{").find(rest_.front()) != std::string_view::npos) return nullptr;
        NodePtr node = make(Node::Kind::kRepeat);
        node->least = least;
        node->most = most;
        node->parts.push_back(std::move(part));
        return node;
    }

    // "{n}", "{n,}" and "{n,m}".
    bool counts(int& least, int& most) {
        rest_.remove_prefix(1);
        if (!number(least)) return false;
        most = least;
        if (take(',')) {
            most = kNoLimit;
            if (!rest_.empty() && rest_.front() != '}' && (!number(most) || most < least)) return false;
        }
        return take('}');
    }

    bool number(int& value) {
        size_t digits = 0;
        for (value = 0; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; ++digits) {
            value = value * 10 + (next() - '0');
            if (value > kMostRepeats) return false;
        }
        return digits > 0;
    }

    NodePtr atom(int depth) {
        const char c = next();
        if (c == '^') return make(Node::Kind::kBegin);
        if (c == '$') return make(Node::Kind::kEnd);
        if (c == '(') return group(depth + 1);
        if (c == '*' || c == '+' || c == '?') return nullptr;
        NodePtr node = make(Node::Kind::kBytes);
        if (c == '[') return byte_class(node->bytes) ? std::move(node) : nullptr;
        if (c == '.') {
            node->bytes.set();
            node->bytes.reset('\n');
        } else if (c == '\\') {
            const std::optional<Bytes> bytes = rest_.empty() ? std::nullopt : escaped(next());
            if (!bytes) return nullptr;
            node->bytes = *bytes;
        } else {
            node->bytes.set(static_cast<unsigned char>(c));
        }
        return node;
    }

    NodePtr group(int depth) {
        if (depth > kDeepest) return nullptr;
        if (take('?') && !take(':')) return nullptr;
        NodePtr inner = choice(depth);
        return inner != nullptr && take(')') ? std::move(inner) : nullptr;
    }

    bool byte_class(Bytes& bytes) {
        const bool negated = take('^');
        for (bool first = true; first || !take(']'); first = false) {
            if (rest_.empty()) return false;
            const char c = next();
            if (c == '[' && !rest_.empty() && rest_.front() == ':') return false;  // named classes are not offered
            if (c == '\\') {
                const std::optional<Bytes> more = rest_.empty() ? std::nullopt : escaped(next());
                if (!more) return false;
                bytes |= *more;
                continue;
            }
            char last = c;
            if (rest_.size() >= 2 && rest_[0] == '-' && rest_[1] != ']') {
                rest_.remove_prefix(1);
                last = next();
                if (last == '\\') return false;
            }
            if (static_cast<unsigned char>(last) < static_cast<unsigned char>(c)) return false;
            add_range(bytes, static_cast<unsigned char>(c), static_cast<unsigned char>(last));
        }
        if (negated) bytes.flip();
        return true;
    }

    std::string_view rest_;
};

}  // namespace

// Writes the states from the end to the beginning, so that each knows what comes after it.
class PatternCompiler {
public:
    explicit PatternCompiler(NamePattern& pattern) : states_(pattern.states_) {}

    bool too_large() const { return states_.size() > kMostStates; }

    uint32_t add(NamePattern::State state) {
        if (!too_large()) states_.push_back(state);
        return static_cast<uint32_t>(states_.size() - 1);
    }

    // The first state of `node`, which goes on with `next`.
    uint32_t emit(const Node& node, uint32_t next) {
        if (too_large()) return next;
        switch (node.kind) {
            case Node::Kind::kBytes:
                return add({NamePattern::Op::kBytes, next, 0, node.bytes});
            case Node::Kind::kBegin:
                return add({NamePattern::Op::kBegin, next, 0, {}});
            case Node::Kind::kEnd:
                return add({NamePattern::Op::kEnd, next, 0, {}});
            case Node::Kind::kSequence:
                for (size_t i = node.parts.size(); i > 0; --i) next = emit(*node.parts[i - 1], next);
                return next;
            case Node::Kind::kChoice:
                return emit_choice(node, next);
            case Node::Kind::kRepeat:
                return emit_repeat(node, next);
        }
        return next;
    }

private:
    uint32_t emit_choice(const Node& node, uint32_t next) {
        uint32_t first = emit(*node.parts.back(), next);
        for (size_t i = node.parts.size() - 1; i > 0; --i) {
            const uint32_t one = emit(*node.parts[i - 1], next);
            first = add({NamePattern::Op::kSplit, one, first, {}});
        }
        return first;
    }

    uint32_t emit_repeat(const Node& node, uint32_t next) {
        const Node& part = *node.parts.front();
        if (node.most == kNoLimit) {
            const uint32_t loop = add({NamePattern::Op::kSplit, next, next, {}});
            const uint32_t body = emit(part, loop);
            if (!too_large()) states_[loop].other = body;
            next = loop;
        }
        const uint32_t behind = next;
        for (int i = node.least; i < node.most && !too_large(); ++i) {
            const uint32_t body = emit(part, next);
            next = add({NamePattern::Op::kSplit, body, behind, {}});
        }
        for (int i = 0; i < node.least && !too_large(); ++i) next = emit(part, next);
        return next;
    }

    std::vector<NamePattern::State>& states_;
};

std::optional<NamePattern> NamePattern::compile(std::string_view expression) {
    const NodePtr tree = Parser(expression).parse();
    if (tree == nullptr) return std::nullopt;
    NamePattern pattern;
    PatternCompiler compiler(pattern);
    const uint32_t found = compiler.add({});
    pattern.first_ = compiler.emit(*tree, found);
    if (compiler.too_large()) return std::nullopt;
    return pattern;
}

// All the states that `from` leads to without a byte being read at `at`.
void NamePattern::follow(uint32_t from, size_t at, size_t size, std::vector<uint32_t>& reached,
                         std::vector<size_t>& seen) const {
    std::vector<uint32_t> open{from};
    while (!open.empty()) {
        const uint32_t index = open.back();
        open.pop_back();
        if (seen[index] == at + 1) continue;
        seen[index] = at + 1;
        const State& state = states_[index];
        switch (state.op) {
            case Op::kBytes:
            case Op::kFound:
                reached.push_back(index);
                break;
            case Op::kSplit:
                open.push_back(state.other);
                open.push_back(state.next);
                break;
            case Op::kBegin:
                if (at == 0) open.push_back(state.next);
                break;
            case Op::kEnd:
                if (at == size) open.push_back(state.next);
                break;
        }
    }
}

bool NamePattern::matches(std::string_view text) const {
    std::vector<size_t> seen(states_.size(), 0);  // the position behind the one where each state was last reached
    std::vector<uint32_t> now, then;
    for (size_t at = 0;; ++at) {
        follow(first_, at, text.size(), now, seen);  // a match may begin anywhere
        then.clear();
        for (const uint32_t index : now) {
            const State& state = states_[index];
            if (state.op == Op::kFound) return true;
            if (at < text.size() && state.bytes[static_cast<unsigned char>(text[at])]) then.push_back(state.next);
        }
        if (at == text.size()) return false;
        now.clear();
        for (const uint32_t index : then) follow(index, at + 1, text.size(), now, seen);
    }
}

}  // namespace slipway::core
