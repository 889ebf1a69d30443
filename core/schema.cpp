#include "deed/core/schema.hpp"
