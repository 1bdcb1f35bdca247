# Target permafrost_blake3: the official C implementation of BLAKE3 from Debian's librust-blake3-dev, with its assembly on x86-64.
file(GLOB blake3_found /usr/share/cargo/registry/blake3-[0-9]*/c/blake3.c)
if(NOT blake3_found)
  message(FATAL_ERROR "no /usr/share/cargo/registry/blake3-*/c/blake3.c: the BLAKE3 C sources come from the Debian "
    "package librust-blake3-dev; run: apt-get install librust-blake3-dev")
endif()
list(SORT blake3_found COMPARE NATURAL)
list(GET blake3_found -1 blake3_newest)
get_filename_component(blake3_dir ${blake3_newest} DIRECTORY)

add_library(permafrost_blake3 STATIC
  ${blake3_dir}/blake3.c ${blake3_dir}/blake3_dispatch.c ${blake3_dir}/blake3_portable.c)
target_include_directories(permafrost_blake3 SYSTEM INTERFACE ${blake3_dir})
# Not our warnings, and no sanitizer: which instructions the machine has is remembered without a lock, always as the same value.
target_compile_options(permafrost_blake3 PRIVATE -w $<$<COMPILE_LANGUAGE:C>:-O3>)
set_target_properties(permafrost_blake3 PROPERTIES POSITION_INDEPENDENT_CODE ON)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$" AND CMAKE_SIZEOF_VOID_P EQUAL 8)
  enable_language(ASM)
  foreach(set IN ITEMS sse2 sse41 avx2 avx512)
    target_sources(permafrost_blake3 PRIVATE ${blake3_dir}/blake3_${set}_x86-64_unix.S)
  endforeach()
else()
  target_compile_definitions(permafrost_blake3 PRIVATE
    BLAKE3_NO_SSE2 BLAKE3_NO_SSE41 BLAKE3_NO_AVX2 BLAKE3_NO_AVX512 BLAKE3_USE_NEON=0)
endif()
