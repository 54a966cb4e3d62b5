#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "catalogue/record.h"
#include "catalogue/terms.h"
#include "json/reader.h"

namespace doorward::catalogue {

SignalBits bits_of(const risk::Classification& classification);

/// Signals and evidence as the catalogue keeps them.
std::string reasons_of(const risk::Classification& classification);
/// Reads them back into a classification.
void read_reasons(json::Reader& reader, std::string_view text, risk::Classification& into);

/// Puts in force what a person said. A category alone takes the severity with it to the category's own,
/// unless a signal had raised it: a signal still does. Confidence is 100 where a category was said.
void put_in_force(const Override& said, risk::Classification& classification);
/// Adds what the person said to the evidence, first.
void tell(const Override& said, risk::Classification& classification);

}  // namespace doorward::catalogue
