package taint_test

import (
	"testing"

	"tsuiseki/tracer/taint"
)

// BenchmarkAllocate takes a consolidation of 500 inputs, every other one traced,
// into 500 outputs.
func BenchmarkAllocate(b *testing.B) {
	var ins []taint.Input
	var values []int64
	for i := range int64(500) {
		ins = append(ins, clean(100+i))
		if i%2 == 0 {
			ins[i] = whole(100 + i)
		}
		values = append(values, 599-i)
	}
	outs := withFee(append(values, 0)...)
	for _, rule := range taint.Rules() {
		b.Run(rule.Name, func(b *testing.B) {
			for b.Loop() {
				rule.Allocate(ins, outs)
			}
		})
	}
}
