# SPDX-License-Identifier: Apache-2.0
# For building on another machine what runs on arm64, with Debian's gcc-aarch64-linux-gnu:
#
#   cmake -B build/arm64 -DCMAKE_TOOLCHAIN_FILE=scripts/arm64.cmake [-DCMAKE_SYSROOT=TREE]
#
# The libraries are those in TREE, a Debian for arm64; without it, the arm64 ones of this machine.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
if(CMAKE_SYSROOT)
	set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
	set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
	set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
endif()
