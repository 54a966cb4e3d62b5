#pragma once

#include <string>
#include <string_view>

#include "catalogue/implementation.h"
#include "json/writer.h"

namespace doorward::catalogue {

/// Appends `{"package": {...}, "places": [...]}`, as the catalogue keeps it and as programs are given it.
void write_implementation(json::Writer& writer, const Implementation& implementation);

/// The inverse; without places where the text is none.
Implementation read_implementation(std::string_view tool, std::string_view text);

}  // namespace doorward::catalogue
