// Package bitcoin reads Bitcoin and chains in its format from a node's JSON-RPC
// or from the block files that bitcoind writes.
package bitcoin

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"golang.org/x/crypto/scrypt"

	"tsuiseki/chains"
)

// Network holds what tells one chain in Bitcoin's format from another.
type Network struct {
	Name    string // main, test, testnet4, signet, regtest, simnet, litecoin-regtest
	Asset   chains.Asset
	Genesis chains.BlockHash
	Magic   uint32 // little-endian first four bytes of a message or block record

	p2pkh, p2sh byte   // base58check version bytes
	hrp         string // human-readable part of segwit addresses
	powLimit    *big.Int
	powHash     func(header []byte) chains.BlockHash
}

// Networks are the chains known by name, the main one first.
func Networks() []Network {
	return []Network{
		fromParams("main", &chaincfg.MainNetParams),
		fromParams("test", &chaincfg.TestNet3Params),
		fromParams("testnet4", &chaincfg.TestNet4Params),
		fromParams("signet", &chaincfg.SigNetParams),
		fromParams("regtest", &chaincfg.RegressionNetParams),
		fromParams("simnet", &chaincfg.SimNetParams),
		litecoinRegtest(),
	}
}

func fromParams(name string, p *chaincfg.Params) Network {
	return Network{
		Name: name, Asset: "BTC", Genesis: chains.BlockHash(reversed(*p.GenesisHash)), Magic: uint32(p.Net),
		p2pkh: p.PubKeyHashAddrID, p2sh: p.ScriptHashAddrID, hrp: p.Bech32HRPSegwit,
		powLimit: p.PowLimit, powHash: blockHash,
	}
}

// litecoinRegtest decodes as Bitcoin until MWEB starts at height 432.
func litecoinRegtest() Network {
	n := fromParams("litecoin-regtest", &chaincfg.RegressionNetParams)
	n.Asset, n.p2sh, n.hrp = "LTC", 58, "rltc"
	n.Genesis, _ = chains.ParseBlockHash("530827f38f93b43ed12af0b3ad25a288dc02ed74d6d7857862df51fc56c416f9")
	n.powHash = scryptHash
	return n
}

// Chain is the name under which the network is indexed.
func (n *Network) Chain() chains.Chain { return chains.NewChain(chains.Bitcoin, n.Name) }

// NetworkByName finds a network; "" is the main one.
func NetworkByName(name string) (Network, error) {
	all := Networks()
	if name == "" {
		return all[0], nil
	}
	i := slices.IndexFunc(all, func(n Network) bool { return n.Name == name })
	if i < 0 {
		return Network{}, fmt.Errorf("network %q is unknown: use one of %s", name, networkNames())
	}
	return all[i], nil
}

// NetworkByChain finds the network whose chain has the given name.
func NetworkByChain(chain chains.Chain) (Network, error) {
	network := strings.TrimPrefix(strings.TrimPrefix(string(chain), chains.Bitcoin), "-")
	if chain.Family() != chains.Bitcoin {
		return Network{}, fmt.Errorf("chain %q is not of the family %q", chain, chains.Bitcoin)
	}
	return NetworkByName(network)
}

// resolveNetwork names the network that a genesis block belongs to, and checks
// it against the one asked for. "regtest" also accepts another coin's regtest.
func resolveNetwork(asked string, genesis chains.BlockHash) (Network, error) {
	if _, err := NetworkByName(asked); err != nil {
		return Network{}, err
	}
	for _, n := range Networks() {
		if n.Genesis != genesis {
			continue
		}
		if asked != "" && asked != n.Name && !strings.HasSuffix(n.Name, "-"+asked) {
			return Network{}, fmt.Errorf("the blocks are of network %q, not %q: pass --network %s, or read another node or folder", n.Name, asked, n.Name)
		}
		return n, nil
	}
	return Network{}, fmt.Errorf("genesis block %s belongs to no known network (%s)", genesis, networkNames())
}

func networkNames() string {
	var names []string
	for _, n := range Networks() {
		names = append(names, n.Name)
	}
	return strings.Join(names, ", ")
}

// target expands the compact form of a proof-of-work target; false where it is
// negative, zero or easier than the network allows.
func (n *Network) target(bits uint32) (*big.Int, bool) {
	mantissa, exponent := big.NewInt(int64(bits&0x007fffff)), bits>>24
	if exponent <= 3 {
		mantissa.Rsh(mantissa, uint(8*(3-exponent)))
	} else {
		mantissa.Lsh(mantissa, uint(8*(exponent-3)))
	}
	return mantissa, bits&0x00800000 == 0 && mantissa.Sign() > 0 && mantissa.Cmp(n.powLimit) <= 0
}

// work is the expected number of hashes behind a header, 2^256/(target+1), or
// an error where the header does not carry the proof it claims.
func (n *Network) work(header []byte) (*big.Int, error) {
	bits := binary.LittleEndian.Uint32(header[72:])
	target, ok := n.target(bits)
	if !ok {
		return nil, fmt.Errorf("%w: proof-of-work target %#08x is out of range", chains.ErrCorrupt, bits)
	}
	hash := n.powHash(header)
	if new(big.Int).SetBytes(hash[:]).Cmp(target) > 0 {
		return nil, fmt.Errorf("%w: the block's hash misses its proof-of-work target", chains.ErrCorrupt)
	}
	space := new(big.Int).Lsh(big.NewInt(1), 256)
	return space.Div(space, target.Add(target, big.NewInt(1))), nil
}

func scryptHash(header []byte) chains.BlockHash {
	sum, err := scrypt.Key(header, header, 1024, 1, 1, 32)
	if err != nil {
		return chains.BlockHash{0: 0xff} // parameters are constants; a hash that proves nothing
	}
	return chains.BlockHash(reversed([32]byte(sum)))
}
