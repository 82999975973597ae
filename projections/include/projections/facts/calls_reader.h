#pragma once

#include "projections/facts/reader.h"
