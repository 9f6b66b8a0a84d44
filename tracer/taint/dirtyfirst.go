package taint

// DirtyFirst gives traced value to the outputs in order, each as much as it
// holds, the fee last: of T traced, an output of v gets min(T left, v). A payment
// of x out of an account takes min(T, x), however long the rest has lain there;
// within one transaction payments come before what an account gains.
//
// Sources, for accounts: Re Oatway [1903] 2 Ch 356, by which a beneficiary may claim
// what was bought first from the mixture, though the rest was wasted later; "drugs-in,
// first-out" among the rules of United States v. Banco Cafetero Panama, 797 F.2d 1154
// (2d Cir. 1986). In research: "seniority" of Abramova, Schöttle, Böhme, "Mixing Coins
// of Different Quality", 2017. It is not what Tironsakkul et al. call Dirty-First
// ("Context matters", 2022), which stops where traced value meets any other.
func DirtyFirst(ins []Input, outs []Output) []Flow { return fill(ins, outs, inOrder(outs)) }
