package casebook_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tsuiseki/tracer/casebook"
)

// BenchmarkJobs asks for jobs of as many cases, and runs them with four at once.
func BenchmarkJobs(b *testing.B) {
	for name, address := range databases {
		b.Run(name, func(b *testing.B) {
			book := open(b, address(b))
			tasks := make([]casebook.Task, b.N)
			for i := range tasks {
				tasks[i] = casebook.TraceTask{Case: newCase(b, book, tokyo, fmt.Sprint(i)).ID, Rule: "fifo"}
			}
			done := make(chan bool, b.N)
			stop := start(b, book, casebook.WorkerOptions{Concurrency: 4, Look: time.Hour},
				func(context.Context, casebook.Job, casebook.Report) (string, error) {
					done <- true
					return "", nil
				})
			b.ResetTimer()
			for _, task := range tasks {
				ask(b, book, tokyo, task)
			}
			for range tasks {
				<-done
			}
			stop() // the last ones are ended
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
		})
	}
}
