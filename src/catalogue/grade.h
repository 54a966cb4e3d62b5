#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/look_alike.h"
#include "catalogue/record.h"

namespace doorward::catalogue {

/// How it is known who publishes a server.
enum class Verification : std::uint8_t {
  none,          ///< nobody but the server itself, or one record that anybody may write, says who
  listed,        ///< a list that is kept by people names it
  verified,      ///< the official registry checked the namespace, and nothing contradicts it
  contradicted,  ///< the namespace is of one publisher, the repository of another
};
/// `none`, `listed`, `verified`, `contradicted`.
std::string_view to_string(Verification verification);

struct Identity {
  Verification verification = Verification::none;
  int confidence = 0;  ///< percent
  std::string why;     ///< one sentence
};

/// One reason of a grade.
struct GradeReason {
  int points = 0;      ///< taken off
  std::string what;    ///< one sentence
  char at_best = 'A';  ///< the grade is not better than this
};

/// What a server is worth trusting with, from what sources say of it: a summary of the reasons, not a
/// verdict. Starts at 100 points; A from 90, B from 80, C from 65, D from 50, E from 35, F below. What its
/// tools can do weighs little, as a server for deleting things must be able to delete; that nobody knows what
/// they do, who publishes them, or that they hide something weighs much.
struct Grade {
  char letter = 'F';
  int points = 0;  ///< 0 to 100
  Identity identity;
  std::vector<GradeReason> reasons;  ///< the heaviest first
};

/// `tools`: of the server, not gone. `look_alikes`: what its names are like (LookAlikes::like);
/// contradictions of the record itself are found here. Pure; linear in the definitions.
Grade grade(const ServerRecord& server, std::span<const ToolRecord> tools,
            std::span<const LookAlike> look_alikes);

}  // namespace doorward::catalogue
