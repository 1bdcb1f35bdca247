# -Wno-missing-field-initializers: designated initialisers leave members at their defaults on purpose.
# The one interface target that carries warnings, sanitizers and include root for every target of ours.
add_library(permafrost_build INTERFACE)
target_include_directories(permafrost_build INTERFACE ${PROJECT_SOURCE_DIR})
# What __FILE__ gives (check failures, call sites of steps) is relative to the project.
target_compile_options(permafrost_build INTERFACE
  -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wno-missing-field-initializers
  -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wformat=2 -Wimplicit-fallthrough -Wextra-semi
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety -Wthread-safety-beta>
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wduplicated-branches -Wlogical-op>
  $<$<BOOL:${PERMAFROST_WERROR}>:-Werror>)
# The compiler's calls for ThreadSanitizer, answered by sim/sched/atomic_points.cc: nothing of the
# sanitizer is linked.
if(PERMAFROST_ATOMIC_POINTS)
  target_compile_options(permafrost_build INTERFACE -fsanitize=thread)
  target_link_libraries(permafrost_build INTERFACE permafrost_atomic_points)
endif()
if(PERMAFROST_SANITIZE)
  target_compile_options(permafrost_build INTERFACE -fsanitize=${PERMAFROST_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(permafrost_build INTERFACE -fsanitize=${PERMAFROST_SANITIZE})
endif()
