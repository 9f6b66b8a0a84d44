//go:build unix && !linux

package entity

const noReserve = 0
