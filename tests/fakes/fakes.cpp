#include "deed/tests/fakes/matchers.hpp"
