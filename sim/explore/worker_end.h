// How a forked process ended, in words.
#pragma once

#include <string>

namespace permafrost::sim {

// The end of what is in the file behind a descriptor, on one line.
std::string TailOf(int fd);

// "killed by signal 6 (Aborted)", "exited with status 1"; SIGALRM after so many seconds is a hang.
std::string HowItEnded(int wait_status, unsigned seconds_max);

}  // namespace permafrost::sim
