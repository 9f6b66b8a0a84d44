package taint

// DirtyFirst gives traced value to the outputs in order, each as much as it
// holds, the fee last: of T traced, an output of v gets min(T left, v). A payment
// of x out of an account takes min(T, x), however long the rest has lain there;
// within one transaction payments come before what an account gains. (Re Oatway,
// 1903; as "seniority" in Abramova, Schöttle, Böhme: "Mixing Coins of Different
// Quality", 2017.)
func DirtyFirst(ins []Input, outs []Output) []Flow { return fill(ins, outs, inOrder(outs)) }
