#include <backend.hpp>
