// What is at the other end of an output stream.
#ifndef RACEWALK_CI_TERMINAL_H_
#define RACEWALK_CI_TERMINAL_H_

namespace racewalk {

// How text is laid out. The default is what a file or a pipe gets: the same
// bytes on every machine.
struct TextStyle {
  int width = 120;
  bool colour = false;
};

bool IsTerminal(int descriptor);

// The default style unless `descriptor` is a terminal. Then the width is that
// of the terminal (COLUMNS wins if set), and there is colour unless NO_COLOR
// is set or TERM is "dumb".
TextStyle StyleFor(int descriptor);

}  // namespace racewalk

#endif  // RACEWALK_CI_TERMINAL_H_
