package entity

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

// Tag says that an address, and with it all that its owner has, is a service's.
type Tag struct {
	Address chains.Address
	Service string // names the service: two tags of one service agree
}

// clusters are answers about addresses by their numbers in the log.
type clusters interface {
	// Root names a cluster within one clusters.
	Root(id uint32) (uint32, error)
	// Entity is a cluster's lowest address.
	Entity(id uint32) (uint32, error)
	Size(id uint32) (int, error)
	Members(id uint32) iter.Seq[uint32]
	Why(a, b uint32) ([]cluster.Link, bool, error)
	Withheld() []cluster.Withheld
}

// View answers as of a block, with the labels known at some time. It serves one
// goroutine at a time.
type View struct {
	store *Store
	chain Chain
	past  cluster.Past
	sums  sums // addresses and links that count
	block int  // the last one, by its number
	tags  []Tag

	services *services // made when asked for
	names    map[uint32]chains.Address
}

// ErrBehind says that Sync has not reached the block that is asked for.
var ErrBehind = errors.New("the clusters are behind the index")

// View opens the clusters as of a chain's last block; ErrBehind where Sync has not
// reached it.
func (s *Store) View(chain Chain, tags []Tag) (*View, error) {
	snapshot := chain.Snapshot()
	block := int(snapshot.Height) - int(s.manifest.From)
	if block < 0 || block >= s.manifest.Blocks || s.manifest.From != snapshot.From {
		return nil, fmt.Errorf("block %s of %s: %w", snapshot.BlockRef, snapshot.Chain, ErrBehind)
	}
	row := s.log.row(block)
	if row.hash != snapshot.Hash {
		return nil, errors.Join(s.log.err, fmt.Errorf("block %s of %s: %w", snapshot.BlockRef, snapshot.Chain, ErrBehind))
	}
	if err := s.load(); err != nil {
		return nil, err
	}
	return &View{
		store: s, chain: chain, past: s.forest.Until(row.Links), sums: row.sums, block: block, tags: tags,
		names: map[uint32]chains.Address{},
	}, nil
}

// Snapshot is what the view can see.
func (v *View) Snapshot() chains.Snapshot { return v.chain.Snapshot() }

// Missing is how many transactions of several inputs the view's links may be fewer
// by, as not all prevouts are known.
func (v *View) Missing() uint32 { return v.sums.Missing }

// Giant is the size from which clusters are held apart.
func (v *View) Giant() int { return v.store.manifest.Giant }

// number is that of an address; false where no link joins it to others.
func (v *View) number(address chains.Address) (uint32, bool, error) {
	id, known := v.store.table.id(keyOf(address))
	return id, known && id < v.sums.Addresses, v.store.err()
}

// Cluster is what belongs together with an address.
type Cluster struct {
	Entity   chains.Address // the address that was linked first
	Size     int
	Services []string // that tags name: several only where one address has two

	view *View
	in   clusters
	id   uint32 // an address of it
	lone bool   // no link joins the address to others
}

// Lone reports whether no link joins the address to others.
func (c *Cluster) Lone() bool { return c.lone }

// Cluster finds that of an address, which need not have appeared.
func (v *View) Cluster(address chains.Address) (*Cluster, error) {
	id, known, err := v.number(address)
	if err != nil {
		return nil, err
	}
	s, err := v.serviced()
	if err != nil {
		return nil, err
	}
	if !known {
		return &Cluster{Entity: address, Size: 1, Services: s.ofAddress[address], view: v, lone: true}, nil
	}
	return v.clusterOf(id)
}

// clusterOf is the cluster of an address by its number.
func (v *View) clusterOf(id uint32) (*Cluster, error) {
	s, err := v.serviced()
	if err != nil {
		return nil, err
	}
	in, err := v.in(id)
	if err != nil {
		return nil, err
	}
	c := &Cluster{view: v, in: in, id: id}
	if c.Size, err = in.Size(id); err != nil {
		return nil, err
	}
	entity, err := in.Entity(id)
	if err != nil {
		return nil, err
	}
	if c.Entity, err = v.name(entity); err != nil {
		return nil, err
	}
	c.Services, err = s.of(v, id)
	return c, errors.Join(err, v.store.err())
}

// Addresses are up to limit addresses of the cluster, as they were linked first to
// last; limit 0 is no limit.
func (c *Cluster) Addresses(limit int) ([]chains.Address, error) {
	if c.lone {
		return []chains.Address{c.Entity}, nil
	}
	ids := slices.Collect(c.in.Members(c.id))
	if err := c.view.store.err(); err != nil {
		return nil, err
	}
	slices.Sort(ids)
	if limit > 0 && len(ids) > limit {
		ids = ids[:limit]
	}
	addresses := make([]chains.Address, len(ids))
	for i, id := range ids {
		var err error
		if addresses[i], err = c.view.name(id); err != nil {
			return nil, err
		}
	}
	return addresses, nil
}

// name is the address with a number. The files hold no text: it stands in the
// transaction that linked the address first.
func (v *View) name(id uint32) (chains.Address, error) {
	if name, known := v.names[id]; known {
		return name, nil
	}
	l := v.store.log
	block := l.blockOfAddress(id)
	for number := l.before(block).Links + 1; number <= l.row(block).Links; number++ {
		if from, to := l.Ends(number); from != id && to != id {
			continue
		}
		if err := v.readNames(l.Link(number).At); err != nil {
			return "", err
		}
		if name, known := v.names[id]; known {
			return name, l.err
		}
		break
	}
	return "", errors.Join(l.err, fmt.Errorf("address %d of the clusters of %s: %w: the transaction that links it first does not name it", id, v.chain.Snapshot().Chain, ErrDamaged))
}

// mostNames is how many addresses a view remembers.
const mostNames = 1 << 20

// readNames notes the addresses that a transaction spends from.
func (v *View) readNames(at chains.Position) error {
	tx, err := v.chain.TxAt(at)
	if err != nil {
		return err
	}
	if len(v.names) > mostNames {
		clear(v.names)
	}
	for i := range tx.Inputs {
		if spent := tx.Inputs[i].Spent; spent != nil {
			address, _ := v.store.opt.Scripts.Describe(spent.Script)
			if id, known := v.store.table.id(keyOf(address)); known {
				v.names[id] = address
			}
		}
	}
	return v.store.err()
}
