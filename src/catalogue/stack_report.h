#pragma once

#include "catalogue/stack.h"
#include "catalogue/views.h"

namespace doorward::catalogue {

/// The report on a stack that has been gathered; its places are those of the view.
StackReport report_of(const StackView& view);

}  // namespace doorward::catalogue
