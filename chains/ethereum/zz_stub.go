package ethereum

func printable(b []byte) string { return string(b) }
