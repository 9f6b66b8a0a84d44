package tracer

// What the tests of this package reach that its users do not.

// AddHeights adds a range of heights to others.
var AddHeights = addHeights
