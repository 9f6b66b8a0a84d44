package cluster

// Why is the chain of links that joins two addresses, from a to b, each step from
// where the last one ended; a link that is walked from its second address to its
// first comes turned around. It is empty where a is b, and joined is false where
// they are not in one cluster. The links of a cluster form a tree, so there is one
// chain; it takes about log2(n) steps per link to find.
func (f *Forest) Why(a, b uint32) (chain []Link, joined bool, err error) {
	if err := f.check(a, b); err != nil {
		return nil, false, err
	}
	if f.root(a) != f.root(b) {
		return nil, false, nil
	}
	type stretch struct {
		from, to uint32
		link     uint32 // where set, the stretch is this link itself
	}
	open := []stretch{{from: a, to: b}}
	for len(open) > 0 {
		if err := f.Err(); err != nil {
			return nil, false, err
		}
		s := open[len(open)-1]
		open = open[:len(open)-1]
		if s.link != 0 {
			l := f.links.Link(s.link)
			l.From, l.To = s.from, s.to
			chain = append(chain, l)
			continue
		}
		if s.from == s.to {
			continue
		}
		// The link that joined the two sides of the stretch lies on it, and all
		// others of it are older.
		number := f.joinedBy(s.from, s.to)
		near, far := f.links.Ends(number)
		if near != s.from && (far == s.from || f.joinedBy(s.from, near) >= number) {
			near, far = far, near
		}
		open = append(open, stretch{far, s.to, 0}, stretch{near, far, number}, stretch{s.from, near, 0})
	}
	return chain, true, nil
}

// joinedBy is the number of the link that brought two different addresses of one
// cluster together: the youngest on the way between them, as links get younger
// towards the root.
func (f *Forest) joinedBy(a, b uint32) (youngest uint32) {
	for a != b {
		upA, upB := f.up.At(a), f.up.At(b)
		viaA, viaB := f.via.At(a), f.via.At(b)
		switch {
		case upB == b && upA == a: // only in damaged columns
			return youngest
		case upB == b || (upA != a && viaA < viaB):
			youngest, a = max(youngest, viaA), upA
		default:
			youngest, b = max(youngest, viaB), upB
		}
	}
	return youngest
}
