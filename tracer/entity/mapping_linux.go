package entity

import "syscall"

// noReserve: only the pages that are changed take memory.
const noReserve = syscall.MAP_NORESERVE
