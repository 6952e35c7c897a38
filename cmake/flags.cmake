# Compiler and linker flags of every target: warnings are errors, hardening is on.
include(CheckPIESupported)
check_pie_supported()

add_library(cloister_flags INTERFACE)
target_compile_options(cloister_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Wundef -Werror
  -fstack-protector-strong -fstack-clash-protection -fcf-protection=full -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(cloister_flags INTERFACE -Wthread-safety -Wno-missing-field-initializers -ftrivial-auto-var-init=zero)
endif()
target_link_options(cloister_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack -pie)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_link_options(cloister_flags INTERFACE -fuse-ld=lld)
endif()
# _FORTIFY_SOURCE needs optimisation and upsets the sanitizers' interceptors.
if(CLOISTER_SANITIZE)
  target_compile_options(cloister_flags INTERFACE -fsanitize=${CLOISTER_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(cloister_flags INTERFACE -fsanitize=${CLOISTER_SANITIZE})
elseif(CMAKE_BUILD_TYPE MATCHES "Rel")
  target_compile_options(cloister_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
target_include_directories(cloister_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)
