// Turns a scenario back into text. Parsing what is printed gives an equal
// scenario; fields that a word does not use are not printed.
#ifndef RACEWALK_SCENARIOS_PRINTER_H_
#define RACEWALK_SCENARIOS_PRINTER_H_

#include <ostream>
#include <string>

#include "scenarios/scenario.h"

namespace racewalk {

// As a file: the summary as a comment, a line for each header and block, the
// latter wrapped at 100 columns. Ends in a new line.
std::string PrintScenario(const Scenario& scenario);

// "stage2 frames=8 vcpu a{write 0; write 1} host h{unmap 0..3}". No comment,
// no name; headers other than the MMU and the frames only where they differ
// from their default.
std::string PrintOneLine(const Scenario& scenario);

// As PrintOneLine with every header, so that the text keeps its meaning when a
// default changes. ScenarioHash reads it: `access` and `split`, which are newer
// than the first hashes, stay out of it by default, and so their defaults never
// change.
std::string PrintExplicit(const Scenario& scenario);

// "write 0", "fault 1..2 w", "slot move 1 4..7", "repeat 2 { read 0; age 0 }".
std::string PrintOperation(const Operation& operation);

// "mapped 0..3".
std::string PrintCheck(const CheckLine& check);

// As PrintOneLine; tests show scenarios by it.
std::ostream& operator<<(std::ostream& stream, const Scenario& scenario);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_PRINTER_H_
