#include <tables.hpp>
